import 'server-only';
import { randomUUID } from 'node:crypto';
import { type Result, succeed } from '../result.ts';
import { advanceAttempt, endAttempt, findAttemptById, findRivals } from '../store/attempts.ts';
import { insertEvent } from '../store/events.ts';
import type { LoginAttempt, Queries } from '../store/schema.ts';
import { insertSession } from '../store/sessions.ts';
import { findUserByPhoneNumber, insertUser, setLastLogin } from '../store/users.ts';
import { hashToken } from '../token.ts';
import { findAlsoVerified } from './contest.ts';
import type { LoginFailure } from './failures.ts';
import type { LoginParts } from './parts.ts';
import { isCallable } from './start.ts';

/**
 * Turns a verified attempt into a session, once, in one transaction: the attempt, the user, the
 * session and the events change together or not at all.
 *
 * Where another browser's attempt could have been meant by the same call, nobody gets in: both are
 * contested (docs/decisions/0005). Afterwards the attempt is in its final state, whichever it is.
 *
 * @returns whether it is settled, or why that could not be decided; the attempt waits then.
 */
export async function completeAttempt(
  parts: LoginParts,
  attempt: LoginAttempt,
  sessionToken: string,
): Promise<Result<'settled' | 'not_yet', LoginFailure>> {
  const alsoVerified = await findAlsoVerified(parts, attempt);
  if (!alsoVerified.ok) {
    return alsoVerified;
  }
  const others = alsoVerified.value;
  if (others === 'not_yet') {
    return succeed('not_yet');
  }
  const changed = await parts.store
    .transaction()
    .execute(
      async (transaction) => await settle(parts, transaction, attempt.id, sessionToken, others),
    );
  for (const id of changed) {
    parts.wakeUps.wake(id);
  }
  return succeed('settled');
}

/** @returns the ids of the attempts it changed. */
async function settle(
  parts: LoginParts,
  transaction: Queries,
  id: string,
  sessionToken: string,
  alsoVerified: ReadonlySet<string>,
): Promise<string[]> {
  const at = parts.clock.now();
  const attempt = await findAttemptById(transaction, id);
  if (attempt === null || attempt.state !== 'verified' || !isCallable(attempt)) {
    return [];
  }

  const others = await findRivals(transaction, attempt, at - parts.rules.attemptTtlMs);
  const rivals = others.filter(
    (other) => other.call_number === attempt.call_number || alsoVerified.has(other.id),
  );
  if (rivals.length > 0) {
    const changed: string[] = [];
    for (const contested of [attempt, ...rivals]) {
      const end = { state: 'contested', failure: 'attempt_contested', endedAt: at } as const;
      if (await endAttempt(transaction, contested.id, end)) {
        await insertEvent(transaction, {
          at,
          type: 'attempt_contested',
          attemptId: contested.id,
        });
        changed.push(contested.id);
      }
    }
    parts.log.warn(
      { event: 'attempt_contested', attempt: id, rivals: rivals.map((rival) => rival.id) },
      'two browsers waited for the same call',
    );
    return changed;
  }

  const user = await findOrAddUser(parts, transaction, attempt, at);
  const refusal =
    user === null ? 'signup_closed' : user.disabled_at !== null ? 'user_disabled' : null;
  if (user === null || refusal !== null) {
    await endAttempt(transaction, id, {
      state: 'failed',
      failure: refusal ?? 'attempt_failed',
      endedAt: at,
    });
    await insertEvent(transaction, {
      at,
      type: 'attempt_failed',
      attemptId: id,
      reason: refusal ?? 'attempt_failed',
    });
    return [id];
  }

  const step = { from: 'verified', to: 'completed', endedAt: at } as const;
  if (!(await advanceAttempt(transaction, id, step))) {
    return [];
  }
  await setLastLogin(transaction, user.id, at);
  await insertSession(transaction, {
    id_hash: hashToken(sessionToken),
    user_id: user.id,
    created_at: at,
    expires_at: at + parts.rules.sessionTtlMs,
  });
  await insertEvent(transaction, {
    at,
    type: 'attempt_completed',
    attemptId: id,
    userId: user.id,
  });
  return [id];
}

/** The user of the attempt's number; a new one on a first login, null where that is not allowed. */
async function findOrAddUser(
  parts: LoginParts,
  transaction: Queries,
  attempt: LoginAttempt,
  at: number,
) {
  if (parts.rules.signup === 'open') {
    const userId = randomUUID();
    const user = { id: userId, phoneNumber: attempt.phone_number, createdAt: at };
    if (await insertUser(transaction, user)) {
      await insertEvent(transaction, {
        at,
        type: 'user_created',
        attemptId: attempt.id,
        userId,
      });
    }
  }
  return await findUserByPhoneNumber(transaction, attempt.phone_number);
}
