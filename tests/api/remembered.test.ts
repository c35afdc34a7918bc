import { describe, expect, it } from 'vitest';
import { attemptViewSchema } from '#lib/shared/contract.ts';
import { ja } from '#lib/shared/messages/ja.ts';
import { newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber, type Visitor } from '#tests/support/visitor.ts';

const offer = `>${ja.login.rememberedLabel}<`;
const numberCookie = 'call-login-number';

const start = async (visitor: Visitor, body: object) =>
  attemptViewSchema.parse(await (await visitor.post('/api/auth/start', body)).json());

/** A browser that has logged in, with or without the number remembered, and out again. */
async function returning(remember: boolean) {
  const visitor = newVisitor();
  const phoneNumber = randomPhoneNumber();
  const attempt = await start(visitor, { phone_number: phoneNumber, remember });
  const beforeLogin = visitor.cookie(numberCookie);
  await vendor.call(phoneNumber, attempt.call_number);
  await visitor.status();
  await visitor.post('/api/auth/logout', {});
  return { visitor, phoneNumber, beforeLogin, text: attempt.phone_number_text };
}

const login = async (visitor: Visitor, query = '') =>
  await (await visitor.fetch(`/login${query}`)).text();

describe('the remembered number', () => {
  it('is offered on return, masked, with no other digits in the page', async () => {
    const { visitor, phoneNumber, text } = await returning(true);
    const html = await login(visitor);
    expect(html).toContain(`080-••••-${phoneNumber.slice(-4)}`);
    expect(html).toContain(offer);
    expect(html).not.toContain(text);
    expect(html).not.toContain(phoneNumber.slice(5));
    expect(visitor.cookie(numberCookie)).toMatch(/^Fe26\.2\*/);
    expect(visitor.cookie(numberCookie)).not.toContain(phoneNumber.slice(3));
  });

  it('logs in without being typed and stays masked in every step', async () => {
    const { visitor, phoneNumber, text } = await returning(true);
    const attempt = await start(visitor, { remembered: true });
    expect(attempt.phone_number_text).toBe(`080-••••-${phoneNumber.slice(-4)}`);
    expect(await login(visitor)).not.toContain(text);
    await vendor.call(phoneNumber, attempt.call_number);
    expect((await visitor.status()).status).toBe(200);
    const session = await (await visitor.fetch('/api/auth/session')).json();
    expect(session).toMatchObject({ user: { phone_number: phoneNumber } });
  });

  it('is stored only after a call has proved it, and only on request', async () => {
    expect((await returning(true)).beforeLogin).toBeUndefined();
    const { visitor } = await returning(false);
    expect(visitor.cookie(numberCookie)).toBeUndefined();
    expect(await login(visitor)).not.toContain(offer);
  });

  it('can be replaced by another number and forgotten with one press', async () => {
    const { visitor } = await returning(true);
    expect(await login(visitor, '?other=1')).not.toContain(offer);
    await visitor.fetch('/login/forget', { method: 'POST', body: new URLSearchParams() });
    expect(visitor.cookie(numberCookie)).toBeUndefined();
    expect(await login(visitor)).not.toContain(offer);
  });

  it('is not available without its cookie or with a cookie sealed for another purpose', async () => {
    const { visitor } = await returning(true);
    const stranger = newVisitor();
    await start(stranger, { phone_number: randomPhoneNumber() });
    const sealed = stranger.cookie('call-login-attempt') ?? '';
    expect(sealed).not.toBe('');
    visitor.setCookie(numberCookie, sealed);
    for (const each of [visitor, newVisitor()]) {
      const response = await each.post('/api/auth/start', { remembered: true });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ code: 'phone_number_missing' });
    }
  });
});
