import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAttempt } from '#lib/login/start.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import {
  FIRST_CHECK_MS,
  newPhoneNumber,
  openLogin,
  type TestLogin,
} from '#tests/support/test-login.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ callbacks: 'off' });
});
afterAll(() => sandbox.close());

/** The log lines that must alert an operator. */
const alarms = (login: TestLogin) =>
  login
    .logged()
    .split('\n')
    .filter((line) => line.includes('pauth_key_refused'))
    .map((line): unknown => JSON.parse(line));

const refuse = async (login: TestLogin, match: 'create' | 'check', status: number) =>
  await login.control.addFault({ kind: 'status', status, match, phone_number: login.phoneNumber });

describe.each([401, 403])('a vendor that refuses the API key with %i', (status) => {
  const alarm = {
    level: 'error',
    event: 'pauth_key_refused',
    status,
    msg: expect.stringContaining('check PAUTH_API_KEY'),
  };

  it('is logged once a minute, however many attempts start', async () => {
    const login = await openLogin(sandbox);
    await refuse(login, 'create', status);
    const start = async () => await startAttempt(login.deps, login.phoneNumber, login.newBrowser);
    for (let count = 0; count < 3; count += 1) {
      expect(await start()).toMatchObject({ ok: false, error: { code: 'pauth_failed' } });
    }
    expect(await login.countRequests('create')).toBe(3);
    expect(alarms(login)).toEqual([expect.objectContaining(alarm)]);
    login.clock.advance(60_000);
    await start();
    expect(alarms(login)).toEqual([
      expect.objectContaining(alarm),
      expect.objectContaining({ ...alarm, suppressed: 2 }),
    ]);
    expect(login.logged()).not.toContain('sandbox-key');
  });

  it('is also logged by checks, and waiting attempts complete once the key is accepted', async () => {
    const login = await openLogin(sandbox);
    const started = await login.start();
    await refuse(login, 'check', status);
    login.clock.advance(FIRST_CHECK_MS);
    expect(await login.poll(started)).toMatchObject({
      status: 'trouble',
      failure: { code: 'pauth_failed' },
    });
    // A refusal is not retried.
    expect(await login.countRequests('check')).toBe(1);
    expect(alarms(login)).toEqual([expect.objectContaining(alarm)]);

    await login.control.clearFaults(login.phoneNumber);
    await login.call(started);
    login.clock.advance(5_000);
    expect(await login.poll(started)).toMatchObject({ status: 'completed' });
    expect(login.logged()).not.toContain('sandbox-key');
  });
});

it.each([400, 404, 422, 429, 500, 503])(
  'a response of %i is not logged as a refused key',
  async (status) => {
    const login = await openLogin(sandbox);
    await refuse(login, 'create', status);
    await startAttempt(login.deps, login.phoneNumber, login.newBrowser);
    await login.start('other', newPhoneNumber());
    expect(login.logged()).toContain('pauth_create_failed');
    expect(alarms(login)).toEqual([]);
  },
);
