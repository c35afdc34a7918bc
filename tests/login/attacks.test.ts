import { describe, expect, it } from 'vitest';
import { createToken } from '#lib/crypto/token.ts';
import { handleCallback } from '#lib/login/callback.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { findOrAddUser } from '#lib/login/login-user.ts';
import { auditedTransaction } from '#lib/store/audit.ts';
import { startSandbox } from '#sandbox/server.ts';
import {
  ATTEMPT_TTL_MS,
  FIRST_CHECK_MS,
  newPhoneNumber,
  openLogin,
} from '#tests/support/test-login.ts';

/** Takes seconds on an idle machine, minutes on a busy one. The long vendor timeout tolerates that too. */
const long = { timeout: 600_000 };
const patient = { rules: { pauthTimeoutMs: 60_000 } };

describe('an attacker who waits for the call of a number’s owner', () => {
  it(
    'gets no login in a thousand attempts if the vendor matches calls by the caller alone',
    long,
    async () => {
      const careless = await startSandbox({
        callbacks: 'off',
        call_numbers: 'shared',
        match: 'caller',
      });
      const login = await openLogin(careless, patient);
      for (let round = 0; round < 1_000; round += 1) {
        const phoneNumber = newPhoneNumber();
        const theirs = await login.start(createToken(), phoneNumber);
        // The attacker keeps waiting, starts again, cancels, or lets the attempt expire.
        const tactic = round % 4;
        if (tactic === 1) {
          await login.start(createToken(), phoneNumber);
        } else if (tactic === 2) {
          await cancelAttempt(login.deps, theirs.attemptToken);
        } else if (tactic === 3) {
          login.clock.advance(ATTEMPT_TTL_MS);
        }
        const mine = await login.start(createToken(), phoneNumber);
        await login.call(mine);
        login.clock.advance(FIRST_CHECK_MS);
        const order = round % 2 === 0 ? [theirs, mine, theirs] : [mine, theirs, mine];
        const outcomes = await Promise.all(order.map((started) => login.poll(started)));
        outcomes.push(await login.poll(theirs), await login.poll(mine));
        expect(
          outcomes.filter(({ status }) => status === 'completed'),
          `round ${round}`,
        ).toEqual([]);
      }
      expect(await login.countSessions()).toBe(0);
      await careless.close();
    },
  );

  it(
    'does not disturb a login, in a hundred rounds, if each attempt has its own call number',
    long,
    async () => {
      const careful = await startSandbox({ callbacks: 'off' });
      const login = await openLogin(careful, patient);
      for (let round = 0; round < 100; round += 1) {
        const phoneNumber = newPhoneNumber();
        const theirs = await login.start(createToken(), phoneNumber);
        const mine = await login.start(createToken(), phoneNumber);
        await login.call(mine);
        login.clock.advance(FIRST_CHECK_MS);
        const [ours, other] = await Promise.all([login.poll(mine), login.poll(theirs)]);
        expect([ours.status, other.status], `round ${round}`).toEqual(['completed', 'pending']);
      }
      expect(await login.countSessions()).toBe(100);
      await careful.close();
    },
  );
});

describe('uniqueness under concurrency', () => {
  it(
    'a thousand verified attempts with a hundred concurrent polls each create a thousand sessions',
    long,
    async () => {
      const sandbox = await startSandbox({ callbacks: 'off' });
      const login = await openLogin(sandbox, patient);
      for (let round = 0; round < 1_000; round += 1) {
        const started = await login.start(createToken(), newPhoneNumber());
        await login.call(started);
        await handleCallback(login.deps, await login.callbackTokenOf(started));
        const outcomes = await Promise.all(Array.from({ length: 100 }, () => login.poll(started)));
        const tokens = outcomes.map((outcome) =>
          outcome.status === 'completed' ? outcome.sessionToken : outcome.status,
        );
        expect(new Set(tokens).size, `round ${round}`).toBe(1);
        expect(await login.countSessions()).toBe(round + 1);
      }
      await sandbox.close();
    },
  );

  it('a hundred concurrent first logins of one number create one user', long, async () => {
    const sandbox = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(sandbox, patient);
    const attempts = await Promise.all(
      Array.from({ length: 100 }, () => login.start(createToken())),
    );
    const users = await Promise.all(
      attempts.map(({ attempt }) =>
        auditedTransaction(login.deps, (audited) =>
          findOrAddUser(login.deps.rules, audited, attempt, login.clock.now()),
        ),
      ),
    );
    const ids = users.map((user) => (user.ok ? user.value.id : user.error.code));
    expect(new Set(ids).size).toBe(1);
    expect(await login.store.selectFrom('users').selectAll().execute()).toHaveLength(1);
    await sandbox.close();
  });
});
