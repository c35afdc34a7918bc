import { describe, expect, it } from 'vitest';
import { errorReplySchema } from '#lib/shared/contract.ts';
import { countVendorRequests, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

// The limits are the defaults of `.env.example`.

describe('the limits of POST /api/auth/start', () => {
  it('refuse the fourth browser with one number on one network, and say when to retry', async () => {
    const phoneNumber = randomPhoneNumber();
    const { network } = newVisitor();
    const from = () => Object.assign(newVisitor(), { network });
    for (let browsers = 0; browsers < 3; browsers += 1) {
      expect((await from().start(phoneNumber)).status).toBe(200);
    }
    const response = await from().post(
      '/api/auth/start',
      { phone_number: phoneNumber },
      { 'accept-language': 'en' },
    );
    const problem = errorReplySchema.parse(await response.json());
    expect(response.status).toBe(429);
    expect(problem).toMatchObject({
      code: 'rate_limited',
      error: expect.stringMatching(/in \d+ seconds\.$/),
    });
    expect(response.headers.get('retry-after')).toBe(String(problem.retry_after_seconds));
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await countVendorRequests('create', phoneNumber)).toBe(3);

    expect((await newVisitor().start(phoneNumber)).status).toBe(200);
  });

  it.each([
    [
      'full-width digits',
      (text: string) =>
        text
          .normalize('NFKC')
          .replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    ],
    ['a label', (text: string) => `TEL: ${text}`],
    ['a country code', (text: string) => `+81 ${text.slice(1)}`],
    ['another country code', (text: string) => `0081${text.slice(1)}`],
    ['a dialing prefix', (text: string) => `184${text}`],
  ])('apply to a number written with %s', async (_name, spell) => {
    const phoneNumber = randomPhoneNumber();
    const national = `0${phoneNumber.slice(3)}`;
    const { network } = newVisitor();
    const from = () => Object.assign(newVisitor(), { network });
    for (let browsers = 0; browsers < 3; browsers += 1) {
      expect((await from().start(national)).status).toBe(200);
    }
    expect((await from().start(spell(national))).status).toBe(429);
  });

  it('refuse the eleventh number from one network, in any notation of its address', async () => {
    const host = newVisitor().network;
    const spellings = [host, `::ffff:${host}`];
    for (let count = 0; count < 10; count += 1) {
      const visitor = Object.assign(newVisitor(), { network: spellings[count % 2] ?? host });
      expect((await visitor.start(randomPhoneNumber())).status).toBe(200);
    }
    const last = Object.assign(newVisitor(), { network: `::ffff:${host}` });
    expect((await last.start(randomPhoneNumber())).status).toBe(429);
  });

  it('are not bypassed by another spelling of the path', async () => {
    const visitor = newVisitor();
    for (let count = 0; count < 10; count += 1) {
      await Object.assign(newVisitor(), { network: visitor.network }).start(randomPhoneNumber());
    }
    const paths = [
      '//api/auth/start',
      '/api//auth/start',
      '/api/auth/start/',
      '/API/AUTH/START',
      '/api/auth/%73tart',
      '/api/auth/./start',
      '/en/../api/auth/start',
    ];
    for (const path of paths) {
      const phoneNumber = randomPhoneNumber();
      await visitor.post(path, { phone_number: phoneNumber });
      expect(await countVendorRequests('create', phoneNumber), path).toBe(0);
    }
  });

  it('count a start that is superseded during the vendor request', async () => {
    const visitor = newVisitor();
    await visitor.start(randomPhoneNumber());
    const phoneNumbers = Array.from({ length: 14 }, randomPhoneNumber);
    for (const phone_number of phoneNumbers) {
      await vendor.addFault({ kind: 'delay', delay_ms: 200, phone_number });
    }
    await Promise.all(phoneNumbers.map((phoneNumber) => visitor.start(phoneNumber)));
    const creates = await Promise.all(
      phoneNumbers.map((phoneNumber) => countVendorRequests('create', phoneNumber)),
    );
    expect(creates.reduce((sum, count) => sum + count)).toBe(9);
  });

  it('do not count a start that failed at the vendor', async () => {
    const phoneNumber = randomPhoneNumber();
    const visitor = newVisitor();
    await vendor.addFault({ kind: 'status', status: 500, phone_number: phoneNumber });
    for (let count = 0; count < 6; count += 1) {
      expect((await visitor.start(phoneNumber)).status).toBe(503);
    }
    await vendor.clearFaults(phoneNumber);
    expect((await visitor.start(phoneNumber)).status).toBe(200);
  });

  it('ignore X-Forwarded-For entries to the left of the trusted one', async () => {
    // TRUSTED_PROXY is 1 here: entries to the left of the proxy's own come from the client.
    const { network } = newVisitor();
    for (let count = 0; count < 10; count += 1) {
      const spoofed = Object.assign(newVisitor(), { network: `198.51.100.${count}, ${network}` });
      expect((await spoofed.start(randomPhoneNumber())).status).toBe(200);
    }
    const spoofed = Object.assign(newVisitor(), { network: `198.51.100.99, ${network}` });
    expect((await spoofed.start(randomPhoneNumber())).status).toBe(429);
  });
});
