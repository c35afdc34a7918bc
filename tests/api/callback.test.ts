import { describe, expect, it } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { appOrigin, countVendorRequests, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

/** A started attempt with its callback address. */
async function started() {
  const visitor = newVisitor();
  const phoneNumber = randomPhoneNumber();
  const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
  const [session] = await vendor.sessions(phoneNumber);
  return {
    visitor,
    phoneNumber,
    callNumber: attempt.call_number,
    url: session?.callback_url ?? '',
  };
}

describe('/api/auth/callback/[token]', () => {
  it('guide: callback_url points here, and a callback causes a check instead of being trusted', async () => {
    const { visitor, phoneNumber, url } = await started();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'verified', phone_number: phoneNumber }),
    });
    expect(response.status).toBe(204);
    await expect.poll(() => countVendorRequests('check', phoneNumber)).toBe(1);
    expect(await (await visitor.status()).json()).toMatchObject({ status: 'pending' });
    expect(visitor.cookie('call-login-session')).toBeUndefined();
  });

  it('causes one check for a flood of callbacks', async () => {
    const { phoneNumber, url } = await started();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => fetch(url, { method: 'POST' })),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([204]));
    await expect.poll(() => countVendorRequests('check', phoneNumber)).toBe(1);
  });

  it.each([
    ['GET', ''],
    ['HEAD', ''],
    ['POST', ''],
    ['PUT', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/'],
    ['GET', '?status=verified'],
    ['POST', '/?session=1'],
  ])('accepts a callback sent with %s and "%s" after its address', async (method, end) => {
    const { phoneNumber, url } = await started();
    expect((await fetch(`${url}${end}`, { method })).status).toBe(204);
    await expect.poll(() => countVendorRequests('check', phoneNumber)).toBe(1);
  });

  it('answers an unknown token the same, without a vendor request', async () => {
    const before = (await vendor.requests()).length;
    const response = await fetch(`${appOrigin}/api/auth/callback/${'a'.repeat(43)}`, {
      method: 'POST',
    });
    expect(response.status).toBe(204);
    expect((await vendor.requests()).length).toBe(before);
  });

  it('changes nothing for an ended attempt', async () => {
    const { visitor, phoneNumber, url } = await started();
    await visitor.post('/api/auth/cancel', '');
    expect((await fetch(url, { method: 'POST' })).status).toBe(204);
    expect(await countVendorRequests('check', phoneNumber)).toBe(0);
  });
});
