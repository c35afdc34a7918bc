import { describe, expect, it } from 'vitest';
import { createToken } from '#lib/crypto/token.ts';
import { takeCallback } from '#lib/login/callback.ts';
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

/** Minutes on a busy machine, seconds on an idle one; and a vendor that is only slow is no matter. */
const long = { timeout: 600_000 };
const patient = { rules: { pauthTimeoutMs: 60_000 } };

describe('somebody who waits on a number for its owner’s call', () => {
  it(
    'gets nothing in a thousand tries, where the vendor goes by the caller alone',
    long,
    async () => {
      const careless = await startSandbox({
        callbacks: 'off',
        callNumbers: 'shared',
        match: 'caller',
      });
      const login = await openLogin(careless, patient);
      for (let round = 0; round < 1_000; round += 1) {
        const phoneNumber = newPhoneNumber();
        const theirs = await login.start(createToken(), phoneNumber);
        // They wait in every way there is: on, once more, cancelled, run out.
        const way = round % 4;
        if (way === 1) {
          await login.start(createToken(), phoneNumber);
        } else if (way === 2) {
          await cancelAttempt(login.deps, theirs.attemptToken);
        } else if (way === 3) {
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

  it('disturbs nobody, a hundred times, where each attempt has its own number', long, async () => {
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
  });
});

describe('once', () => {
  it(
    'a thousand verified attempts under a hundred polls each make a thousand sessions',
    long,
    async () => {
      const sandbox = await startSandbox({ callbacks: 'off' });
      const login = await openLogin(sandbox, patient);
      for (let round = 0; round < 1_000; round += 1) {
        const started = await login.start(createToken(), newPhoneNumber());
        await login.call(started);
        await takeCallback(login.deps, await login.callbackTokenOf(started));
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

  it('a hundred first logins of one number at once make one user', long, async () => {
    const sandbox = await startSandbox({ callbacks: 'off' });
    const login = await openLogin(sandbox, patient);
    const attempts = await Promise.all(
      Array.from({ length: 100 }, () => login.start(createToken())),
    );
    const users = await Promise.all(
      attempts.map(({ attempt }) =>
        auditedTransaction(login.deps, (audited) =>
          findOrAddUser(login.deps, audited, attempt, login.clock.now()),
        ),
      ),
    );
    const ids = users.map((user) => (user.ok ? user.value.id : user.error.code));
    expect(new Set(ids).size).toBe(1);
    expect(await login.store.selectFrom('users').selectAll().execute()).toHaveLength(1);
    await sandbox.close();
  });
});
