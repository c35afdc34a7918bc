import { describe, expect, it } from 'vitest';
import { attemptViewSchema, sessionReplySchema } from '#lib/shared/contract.ts';
import { newVisitor, vendor } from '#tests/support/servers.ts';
import { randomPhoneNumber } from '#tests/support/visitor.ts';

async function loggedIn(phoneNumber = randomPhoneNumber()) {
  const visitor = newVisitor();
  const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
  await vendor.call(phoneNumber, attempt.call_number);
  await visitor.status();
  return { visitor, phoneNumber };
}

async function session(visitor: ReturnType<typeof newVisitor>) {
  const response = await visitor.fetch('/api/auth/session');
  return sessionReplySchema.parse(await response.json());
}

describe('a session', () => {
  it('names its user', async () => {
    const { visitor, phoneNumber } = await loggedIn();
    expect((await session(visitor)).user.phone_number).toBe(phoneNumber);
  });

  it('belongs to the same user on every login with one number', async () => {
    const { visitor, phoneNumber } = await loggedIn();
    const again = await loggedIn(phoneNumber);
    expect((await session(again.visitor)).user).toEqual((await session(visitor)).user);
  });

  it('is missing for an anonymous visitor', async () => {
    const response = await newVisitor().fetch('/api/auth/session');
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'not_logged_in' });
  });

  it('ends with a logout, for every copy of its cookie', async () => {
    const { visitor } = await loggedIn();
    const copy = visitor.clone();
    const response = await visitor.post('/api/auth/logout', '');
    expect(response.status).toBe(200);
    expect(visitor.cookie('call-login-session')).toBeUndefined();
    expect((await copy.fetch('/api/auth/session')).status).toBe(401);
    expect((await copy.fetch('/account')).headers.get('location')).toBe('/login');
  });

  it('leaves nothing of the number on the login page when it has ended', async () => {
    const { visitor, phoneNumber } = await loggedIn();
    await visitor.fetch('/account');
    await visitor.post('/api/auth/logout', '');
    const shown = phoneNumber.slice(-8).replace(/^..../, '$&-');
    expect(await (await visitor.fetch('/login')).text()).not.toContain(shown);
    const body = new URLSearchParams({ again: '1' });
    await visitor.fetch('/login/start', { method: 'POST', body });
    expect(await (await visitor.fetch('/login')).text()).not.toContain(shown);
  });

  it('cannot be ended by another site', async () => {
    const { visitor } = await loggedIn();
    const response = await visitor.post('/api/auth/logout', '', { 'sec-fetch-site': 'cross-site' });
    expect(response.status).toBe(403);
    expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
  });

  it('is not opened by the attempt cookie', async () => {
    const visitor = newVisitor();
    await visitor.start(randomPhoneNumber());
    visitor.setCookie('call-login-session', visitor.cookie('call-login-attempt') ?? '');
    expect((await visitor.fetch('/api/auth/session')).status).toBe(401);
  });

  it('is not opened by a duplicate cookie', async () => {
    const { visitor } = await loggedIn();
    const cookie = `${visitor.cookieHeader()}; call-login-session=planted`;
    expect((await visitor.fetch('/api/auth/session', { headers: { cookie } })).status).toBe(401);
  });
});

describe('POST /api/auth/cancel', () => {
  it('ends the attempt, so that a later call does not log in', async () => {
    const visitor = newVisitor();
    const phoneNumber = randomPhoneNumber();
    const attempt = attemptViewSchema.parse(await (await visitor.start(phoneNumber)).json());
    const before = visitor.clone();
    expect((await visitor.post('/api/auth/cancel', '')).status).toBe(200);
    await vendor.call(phoneNumber, attempt.call_number);
    const response = await before.status();
    expect(response.status).toBe(410);
    expect(await response.json()).toMatchObject({ status: 'cancelled' });
    expect((await visitor.status()).status).toBe(404);
  });

  it('answers the same when there is nothing to cancel', async () => {
    expect((await newVisitor().post('/api/auth/cancel', '')).status).toBe(200);
  });
});
