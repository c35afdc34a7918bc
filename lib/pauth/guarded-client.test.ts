import { afterAll, describe, expect, it } from 'vitest';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { newPhoneNumber } from '#tests/support/test-login.ts';
import { createPauthClient } from './client.ts';
import { guardPauthClient } from './guarded-client.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
const control = createControlClient(sandbox.url);
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
  it('sends a failing vendor only a handful of a hundred requests', async () => {
    const guarded = openGuarded(4);
    const phoneNumber = newPhoneNumber();
    await control.addFault({ kind: 'reset', phone_number: phoneNumber });
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => guarded.createSession(phoneNumber, CALLBACK_URL)),
    );
    const kinds = replies.map((reply) => (reply.ok ? 'ok' : reply.error.kind));
    expect(new Set(kinds)).toEqual(new Set(['unreachable', 'not_sent']));
    // Five failures, and what was in flight with the fifth.
    expect((await control.requests(phoneNumber)).length).toBeLessThanOrEqual(8);
    expect(await guarded.checkSession('any')).toMatchObject({
      error: { kind: 'not_sent', reason: 'circuit_open' },
    });
  });

  it.each([400, 404, 422])('keeps sending after any number of %i responses', async (status) => {
    const guarded = openGuarded();
    const phoneNumber = newPhoneNumber();
    await control.addFault({ kind: 'status', status, phone_number: phoneNumber });
    for (let count = 0; count < 12; count += 1) {
      expect(await guarded.createSession(phoneNumber, CALLBACK_URL)).toMatchObject({
        error: { kind: 'refused', status },
      });
    }
  });

  it('queues requests beyond the concurrency limit', async () => {
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

  it('rejects a check after a second in the queue while a start keeps waiting', async () => {
    const guarded = openGuarded(1);
    const phoneNumber = newPhoneNumber();
    await control.addFault({ kind: 'delay', delay_ms: 1_500, phone_number: phoneNumber });
    const [first, check, second] = await Promise.all([
      guarded.createSession(phoneNumber, CALLBACK_URL),
      guarded.checkSession('any'),
      guarded.createSession(phoneNumber, CALLBACK_URL),
    ]);
    expect(first).toMatchObject({ ok: true });
    expect(check).toMatchObject({ error: { kind: 'not_sent', reason: 'too_many_requests' } });
    expect(second).toMatchObject({ ok: true });
    expect(await control.requests(phoneNumber)).toHaveLength(2);
  });

  it('rejects a start that has waited for the whole vendor timeout', async () => {
    const guarded = openGuarded(1);
    const phoneNumber = newPhoneNumber();
    await control.addFault({ kind: 'delay', delay_ms: 2_000, phone_number: phoneNumber });
    const starts = Array.from({ length: 3 }, () =>
      guarded.createSession(phoneNumber, CALLBACK_URL),
    );
    const [first, second, third] = await Promise.all(starts);
    expect([first?.ok, second?.ok]).toEqual([true, true]);
    expect(third).toMatchObject({ error: { kind: 'not_sent', reason: 'too_many_requests' } });
    expect(await control.requests(phoneNumber)).toHaveLength(2);
  });
});
