import { describe, expect, it } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import { appOrigin, countVendorRequests, newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber, userAgents, Visitor } from '#tests/support/visitor.ts';

/** A computer with an attempt, and the address in its QR code. */
async function started() {
  const computer = newVisitor();
  computer.userAgent = userAgents.firefoxOnAndroid;
  const phoneNumber = randomPhoneNumber();
  const response = await computer.start(phoneNumber);
  const attempt = attemptViewSchema.parse(await response.json());
  const address = new URL(attempt.handoff.address);
  return { computer, phoneNumber, attempt, address, token: address.pathname.split('/')[2] ?? '' };
}

/** The phone: another browser, which has only the address. */
async function open(address: URL) {
  const phone = newVisitor();
  phone.userAgent = userAgents.safariOnIphone;
  const response = await phone.fetch(address.pathname);
  return { phone, response, html: await response.text() };
}

describe('the page on the phone', () => {
  it('names the site and the computer, and shows the number to call and the time left', async () => {
    const { attempt, address } = await started();
    expect(address.origin).toBe(appOrigin);
    const { response, html } = await open(address);
    expect(response.status).toBe(200);
    expect(html).toContain('Firefox · Android');
    expect(html).toContain('call-login に');
    expect(html).toContain(`href="tel:${attempt.call_number}"`);
    expect(html).toMatch(/残り[45]分\d\d秒/);
  });

  it('sets no cookie on the phone and does not reveal the expected phone number', async () => {
    const { attempt, phoneNumber, address } = await started();
    const { phone, response, html } = await open(address);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(phone.cookieHeader()).toBe('');
    expect(html).not.toContain(attempt.phone_number_text);
    expect(html).not.toContain(phoneNumber.slice(3));
    expect(html).not.toContain(attempt.session_id);
  });

  it('causes no vendor request, however often it is opened', async () => {
    const { phoneNumber, address } = await started();
    for (let opened = 0; opened < 3; opened += 1) {
      await open(address);
    }
    expect(await countVendorRequests('create', phoneNumber)).toBe(1);
    expect(await countVendorRequests('check', phoneNumber)).toBe(0);
  });

  it('has an address whose token neither logs in nor ends anything on other routes', async () => {
    const { computer, phoneNumber, attempt, address, token } = await started();
    await vendor.call(phoneNumber, attempt.call_number);
    const { phone } = await open(address);
    for (const name of ['call-login-attempt', 'call-login-session']) {
      const thief = new Visitor(appOrigin);
      thief.setCookie(name, token);
      expect((await thief.status()).status).toBe(404);
      expect((await thief.fetch('/api/auth/session')).status).toBe(401);
      await thief.post('/api/auth/cancel', {});
    }
    await phone.post(address.pathname, {});
    expect((await phone.fetch(`/api/auth/callback/${token}`, { method: 'POST' })).status).toBe(204);
    expect((await phone.status()).status).toBe(404);
    expect((await phone.fetch('/api/auth/session')).status).toBe(401);
    // The attempt is unchanged: its own browser gets the login.
    expect((await computer.status()).status).toBe(200);
    expect((await computer.fetch('/api/auth/session')).status).toBe(200);
    expect((await phone.fetch('/api/auth/session')).status).toBe(401);
  });

  it('says that the call was seen once it was, and no longer shows the number', async () => {
    const { computer, phoneNumber, attempt, address } = await started();
    await vendor.call(phoneNumber, attempt.call_number);
    await computer.status();
    const { html } = await open(address);
    expect(html).toContain(ja.handoff.verifiedHeading);
    expect(html).not.toContain(attempt.call_number);
  });

  it('ends when the attempt ends', async () => {
    const { computer, attempt, address } = await started();
    await computer.post('/api/auth/cancel', {});
    const { html } = await open(address);
    expect(html).toContain(ja.handoff.overHeading);
    expect(html).not.toContain(attempt.call_number);
  });

  it.each(['x', 'a'.repeat(43), '..%2Flogin'])('is 404 for an unknown token: %s', async (token) => {
    const { response } = await open(new URL(`/call/${token}`, appOrigin));
    expect(response.status).toBe(404);
  });

  it('has the same address after a reload of the login page, and another one for the next attempt', async () => {
    const { computer, phoneNumber, address, token } = await started();
    const again = attemptViewSchema.parse(await (await computer.start(phoneNumber)).json());
    expect(again.handoff.address).toBe(address.href);
    expect(await (await computer.fetch('/login')).text()).toContain(token);
    await computer.post('/api/auth/cancel', {});
    const next = attemptViewSchema.parse(await (await computer.start(phoneNumber)).json());
    expect(next.handoff.address).not.toBe(address.href);
  });
});
