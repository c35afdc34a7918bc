import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import type { Store } from '#lib/store/schema.ts';
import { insertUser, setUserState } from '#lib/store/users.ts';
import { type Sandbox, startSandbox } from '#sandbox/server.ts';
import { hookStatements } from '#tests/support/faults.ts';
import { newPhoneNumber, openLogin } from '#tests/support/test-login.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ callbacks: 'off' });
});
afterAll(() => sandbox.close());

/** The states of a number that must not be distinguishable before the call. */
const kinds = {
  unknown: async () => {},
  known: async (store: Store, phoneNumber: PhoneNumber) => {
    await insertUser(store, { id: 'known', phoneNumber, createdAt: 1 });
  },
  disabled: async (store: Store, phoneNumber: PhoneNumber) => {
    await insertUser(store, { id: 'disabled', phoneNumber, createdAt: 1 });
    await setUserState(store, 'disabled', { disabled_at: 2 });
  },
  'set aside': async (store: Store, phoneNumber: PhoneNumber) => {
    await insertUser(store, { id: 'set aside', phoneNumber, createdAt: 1 });
    await setUserState(store, 'set aside', { set_aside_at: 2 });
  },
};

describe.each(['open', 'closed'] as const)('before the call, with signup %s,', (signup) => {
  it('a number causes the same statements and vendor requests in each of its states', async () => {
    const work: Record<string, unknown> = {};
    for (const [kind, prepare] of Object.entries(kinds)) {
      const login = await openLogin(sandbox, { rules: { signup } });
      const phoneNumber = newPhoneNumber();
      await prepare(login.store, phoneNumber);

      const statements: string[] = [];
      const unhook = hookStatements((sql, when) => {
        // The first statements of a new connection, whoever starts.
        if (when === 'before' && !/pg_backend_pid|^set synchronous_commit/.test(sql)) {
          statements.push(sql);
        }
      });
      const started = await login.start('mine', phoneNumber);
      const outcome = await login.poll(started);
      unhook();
      work[kind] = {
        statements,
        status: outcome.status,
        creates: await login.countRequests('create', phoneNumber),
        checks: await login.countRequests('check', phoneNumber),
      };
      expect(statements.join()).not.toMatch(/from "users"/);
    }
    expect(work.known).toEqual(work.unknown);
    expect(work.disabled).toEqual(work.unknown);
    expect(work['set aside']).toEqual(work.unknown);
    expect(work.unknown).toMatchObject({ status: 'pending', creates: 1, checks: 0 });
  });
});
