import { afterAll, describe, expect, it } from 'vitest';
import { ControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { newPhoneNumber } from '#tests/support/test-login.ts';
import { createPauthClient } from './client.ts';
import { guardPauthClient } from './guarded-client.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
const control = new ControlClient(sandbox.url);
afterAll(() => sandbox.close());

const CALLBACK_URL = new URL('https://login.example/api/auth/callback/token');

const TIMEOUT_MS = 3_000;

function openGuarded(maxInFlight = 50) {
  const client = createPauthClient({
    baseUrl: new URL(sandbox.url),
    apiKey: 'sandbox-key',
    timeoutMs: TIMEOUT_MS,
    country: 'JP',
  });
  const breaker = { count: 5, seconds: 10 };
  return guardPauthClient(client, { breaker, maxInFlight, timeoutMs: TIMEOUT_MS });
}

describe('a guarded client', () => {
  it('stops asking a vendor that fails: a hundred requests cost it a handful', async () => {
    const guarded = openGuarded(4);
    const phoneNumber = newPhoneNumber();
    await control.addFault({ kind: 'reset', phone_number: phoneNumber });
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => guarded.createSession(phoneNumber, CALLBACK_URL)),
    );
    const kinds = replies.map((reply) => (reply.ok ? 'ok' : reply.error.kind));
    expect(new Set(kinds)).toEqual(new Set(['unreachable', 'held_back']));
    // Five, and what was under way with the fifth.
    expect((await control.requests(phoneNumber)).length).toBeLessThanOrEqual(8);
    const since = performance.now();
    expect(await guarded.checkSession('any')).toMatchObject({
      error: { kind: 'held_back', why: 'vendor_failing' },
    });
    expect(performance.now() - since).toBeLessThan(100);
  });

  it.each([400, 404, 422])('goes on after any number of answers with %i', async (status) => {
    const guarded = openGuarded();
    const phoneNumber = newPhoneNumber();
    await control.addFault({ kind: 'status', status, phone_number: phoneNumber });
    for (let count = 0; count < 12; count += 1) {
      expect(await guarded.createSession(phoneNumber, CALLBACK_URL)).toMatchObject({
        error: { kind: 'refused', status },
      });
    }
  });

  it('has no more requests under way than it may, and sends the others in turn', async () => {
    const guarded = openGuarded(3);
    const phoneNumber = newPhoneNumber();
    await control.addFault({ kind: 'delay', delay_ms: 100, phone_number: phoneNumber });
    const since = performance.now();
    const replies = await Promise.all(
      Array.from({ length: 9 }, () => guarded.createSession(phoneNumber, CALLBACK_URL)),
    );
    expect(replies.every(({ ok }) => ok)).toBe(true);
    expect(performance.now() - since).toBeGreaterThanOrEqual(290);
  });

  it('gives a check up that has waited a second for its turn, and lets a start wait on', async () => {
    const guarded = openGuarded(1);
    const phoneNumber = newPhoneNumber();
    await control.addFault({ kind: 'delay', delay_ms: 1_500, phone_number: phoneNumber });
    const [first, check, second] = await Promise.all([
      guarded.createSession(phoneNumber, CALLBACK_URL),
      guarded.checkSession('any'),
      guarded.createSession(phoneNumber, CALLBACK_URL),
    ]);
    expect(first).toMatchObject({ ok: true });
    expect(check).toMatchObject({ error: { kind: 'held_back', why: 'too_many_at_once' } });
    expect(second).toMatchObject({ ok: true });
    expect(await control.requests(phoneNumber)).toHaveLength(2);
  });

  it('gives a start up that has waited as long as an answer may take', async () => {
    const guarded = openGuarded(1);
    const phoneNumber = newPhoneNumber();
    await control.addFault({ kind: 'delay', delay_ms: 2_000, phone_number: phoneNumber });
    const starts = Array.from({ length: 3 }, () =>
      guarded.createSession(phoneNumber, CALLBACK_URL),
    );
    const [first, second, third] = await Promise.all(starts);
    expect([first?.ok, second?.ok]).toEqual([true, true]);
    expect(third).toMatchObject({ error: { kind: 'held_back', why: 'too_many_at_once' } });
    expect(await control.requests(phoneNumber)).toHaveLength(2);
  });
});
