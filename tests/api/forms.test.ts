import { describe, expect, it } from 'vitest';
import { ja } from '#lib/shared/messages/ja.ts';
import { countVendorRequests, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber, type Visitor } from '#tests/support/visitor.ts';

/** Submits a form as a browser without scripts does. */
async function send(
  visitor: Visitor,
  path: string,
  form: Record<string, string>,
  site = 'same-origin',
) {
  return await visitor.fetch(path, {
    method: 'POST',
    headers: { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    body: new URLSearchParams({ next: '/account', ...form }),
  });
}

async function pageOf(visitor: Visitor, response: Response): Promise<string> {
  expect(response.status).toBe(303);
  return await (await visitor.fetch(response.headers.get('location') ?? '')).text();
}

async function started() {
  const visitor = newVisitor();
  const phoneNumber = randomPhoneNumber();
  const response = await send(visitor, '/login/start', { phone_number: phoneNumber });
  const html = await pageOf(visitor, response);
  const callNumber = /href="tel:(\+\d+)"/.exec(html)?.[1] ?? '';
  return { visitor, phoneNumber, html, callNumber };
}

describe('without scripts', () => {
  it('a form starts the attempt, and after the call another one logs in and redirects to `next`', async () => {
    const { visitor, phoneNumber, html, callNumber } = await started();
    expect(html).toContain(ja.login.callHeading);
    const tooEarly = await send(visitor, '/login/check', {});
    expect(await pageOf(visitor, tooEarly)).toContain(ja.login.troubleshooting.heading);
    await vendor.call(phoneNumber, callNumber);
    const response = await send(visitor, '/login/check', { next: '/account?tab=1' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/account?tab=1');
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
  });

  it('an invalid number is explained at the field and stays in it', async () => {
    const visitor = newVisitor();
    const html = await pageOf(
      visitor,
      await send(visitor, '/login/start', { phone_number: '0120-123-456' }),
    );
    expect(html).toContain(ja.errors.phone_number_toll_free);
    expect(html).toContain('value="0120-123-456"');
    expect(html).toContain('aria-invalid="true"');
  });

  it('a number is read as one of the chosen country', async () => {
    const visitor = newVisitor();
    const form = { phone_number: '(415) 555-2671', country: 'US' };
    const html = await pageOf(visitor, await send(visitor, '/login/start', form));
    expect(html).toContain('+1 415 555 2671');
  });

  it('the chosen country is still chosen after a refusal', async () => {
    const visitor = newVisitor();
    const form = { phone_number: '(415) 555', country: 'US' };
    const html = await pageOf(visitor, await send(visitor, '/login/start', form));
    expect(html).toMatch(/<option value="US" selected=""/);
    expect(html).toMatch(/<details[^>]* open=""/);
  });

  it('"change" ends the attempt and keeps the typed number', async () => {
    const { visitor, phoneNumber } = await started();
    const html = await pageOf(visitor, await send(visitor, '/login/change', {}));
    expect(html).toContain(ja.login.numberHeading);
    expect(html).toContain(`value="0${phoneNumber.slice(3, 5)}-`);
    expect((await visitor.status()).status).toBe(404);
  });

  it('an expired attempt is started again with one press', async () => {
    const { visitor, phoneNumber } = await started();
    await vendor.advanceClock(301, phoneNumber);
    const expired = await pageOf(visitor, await send(visitor, '/login/check', {}));
    expect(expired).toContain(ja.login.expiredHeading);
    const html = await pageOf(visitor, await send(visitor, '/login/start', { again: '1' }));
    expect(html).toContain(ja.login.callHeading);
    expect(await countVendorRequests('create', phoneNumber)).toBe(2);
  });

  it.each(['/login/start', '/login/check', '/login/change', '/login/forget'])(
    'no other site can submit %s, and it refuses GET',
    async (path) => {
      const { visitor, phoneNumber, callNumber } = await started();
      await vendor.call(phoneNumber, callNumber);
      for (const site of ['cross-site', 'same-site', 'none']) {
        const refused = await send(visitor, path, { phone_number: randomPhoneNumber() }, site);
        expect(refused.status).toBe(403);
      }
      expect((await visitor.fetch(path)).status).toBe(405);
      expect((await visitor.fetch('/api/auth/session')).status).toBe(401);
      expect((await visitor.status()).status).toBe(200);
    },
  );

  it.each(['//evil.example', 'https://evil.example', '/\\evil.example'])(
    'does not redirect to %s',
    async (next) => {
      const { visitor, phoneNumber, callNumber } = await started();
      await vendor.call(phoneNumber, callNumber);
      const response = await send(visitor, '/login/check', { next });
      expect(response.headers.get('location')).toBe('/account');
    },
  );
});
