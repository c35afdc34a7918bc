import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createToken } from '#lib/crypto/token.ts';
import type { StartedAttempt } from '#lib/login/browsers.ts';
import { startAttempt } from '#lib/login/start.ts';
import { guardPauthClient } from '#lib/pauth/guarded-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import {
  FIRST_CHECK_MS,
  newPhoneNumber,
  openLogin,
  TEST_NETWORK,
  type TestLogin,
} from '#tests/support/test-login.ts';

const sandbox = await startSandbox({ callbacks: 'off' });
afterAll(() => sandbox.close());

/** Logins of one process that share one guarded vendor client. */
async function openGuarded(options: { maxInFlight?: number } = {}): Promise<TestLogin> {
  const login = await openLogin(sandbox, { rules: { pauthTimeoutMs: 3_000 } });
  onTestFinished(() => login.control.clearFaults());
  login.deps.pauth = guardPauthClient(login.deps.pauth, {
    breaker: { count: 5, seconds: 10 },
    maxInFlight: options.maxInFlight ?? 50,
    timeoutMs: 3_000,
    monotonicMs: login.clock.now,
  });
  return login;
}

async function startMany(login: TestLogin, count: number): Promise<StartedAttempt[]> {
  const started: StartedAttempt[] = [];
  while (started.length < count) {
    started.push(await login.start(createToken(), newPhoneNumber()));
  }
  return started;
}

async function countRows({ store }: TestLogin): Promise<number[]> {
  const tables = ['attempts', 'events', 'limits'] as const;
  const rows = tables.map((table) => store.selectFrom(table).selectAll().execute());
  return (await Promise.all(rows)).map(({ length }) => length);
}

async function countAll(login: TestLogin): Promise<number> {
  return (await login.control.requests()).length;
}

describe('while the vendor fails', () => {
  it('all waiting attempts together send a handful of requests, stay live, and recover', {
    timeout: 20_000,
  }, async () => {
    const login = await openGuarded({ maxInFlight: 4 });
    const started = await startMany(login, 40);
    await login.control.addFault({ kind: 'reset', match: 'check' });
    const before = await countAll(login);
    login.clock.advance(FIRST_CHECK_MS);
    const outcomes = await Promise.all(started.map((each) => login.poll(each)));
    expect(outcomes.filter(({ status }) => status === 'trouble').length).toBeGreaterThan(4);
    expect(outcomes.every(({ status }) => status === 'trouble' || status === 'pending')).toBe(true);
    // Five failures and what was in flight with the fifth, each retried once.
    expect((await countAll(login)) - before).toBeLessThanOrEqual(16);

    // While the circuit is open, polls send no requests.
    const whileOpen = await countAll(login);
    login.clock.advance(10_000);
    await Promise.all(started.map((each) => login.poll(each)));
    expect(await countAll(login)).toBe(whileOpen);

    // The first check is the probe that closes the circuit; the others follow.
    await login.control.clearFaults();
    await Promise.all(started.map((each) => login.call(each)));
    const ended = new Set<StartedAttempt>();
    for (let round = 0; round < 10 && ended.size < started.length; round += 1) {
      login.clock.advance(10_000);
      for (const each of started.filter((attempt) => !ended.has(attempt))) {
        if ((await login.poll(each)).status === 'completed') {
          ended.add(each);
        }
      }
    }
    expect(ended.size).toBe(40);
  });

  it('a start is refused at once, without a vendor request, a row or an event', async () => {
    const login = await openGuarded();
    await login.control.addFault({ kind: 'status', status: 500, phone_number: login.phoneNumber });
    const start = () =>
      startAttempt(login.deps, login.phoneNumber, {
        browserToken: createToken(),
        network: TEST_NETWORK,
      });
    for (let count = 0; count < 5; count += 1) {
      expect(await start()).toMatchObject({ error: { code: 'pauth_failed' } });
    }
    const before = await login.countRequests('create');
    const rows = await countRows(login);
    const refused = await start();
    expect(refused).toMatchObject({ error: { code: 'pauth_unreachable' } });
    expect(refused.ok ? 0 : refused.error.retryAfterSeconds).toBeGreaterThan(10);
    expect(await login.countRequests('create')).toBe(before);
    expect(await countRows(login)).toEqual(rows);
    const attempts = await login.store.selectFrom('attempts').select('state').execute();
    expect(new Set(attempts.map(({ state }) => state))).toEqual(new Set(['failed']));
  });

  it('calls without a readable number do not hold others back', async () => {
    const login = await openGuarded();
    const started = await startMany(login, 10);
    const body = '{"status":"verified","phone_number":"anonymous"}';
    await login.control.addFault({ kind: 'status', match: 'check', status: 200, body });
    login.clock.advance(FIRST_CHECK_MS);
    for (const each of started) {
      expect(await login.poll(each)).toMatchObject({ status: 'failed' });
    }
    expect(login.deps.pauth.pausedForMs()).toBe(0);
  });

  it('an attempt whose check is rejected by the concurrency limit stays pending', async () => {
    const login = await openGuarded({ maxInFlight: 1 });
    const [slow, other] = await startMany(login, 2);
    if (slow === undefined || other === undefined) {
      throw new Error('expected two attempts');
    }
    await login.control.addFault({
      kind: 'delay',
      delay_ms: 1_400,
      match: 'check',
      phone_number: slow.attempt.phone_number,
    });
    login.clock.advance(FIRST_CHECK_MS);
    const [, outcome] = await Promise.all([login.poll(slow), login.poll(other)]);
    expect(outcome).toMatchObject({ status: 'pending' });
    const stored = await login.stored(other);
    expect(stored).toMatchObject({ check_failures: 0, check_leased_until: 0 });
    expect(stored.next_check_at).toBeGreaterThan(login.clock.now());
  });
});
