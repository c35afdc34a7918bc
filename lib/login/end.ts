import 'server-only';
import { type Recording, recordChange } from '../recording.ts';
import type { AttemptEnd } from '../shared/attempt-ends.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { endAttempt } from '../store/attempts.ts';
import type { LoginAttempt, Whereabouts } from '../store/schema.ts';
import type { LoginParts } from './parts.ts';

/** How an attempt ends without a login, and what is known of it for its event. */
export interface End {
  state: AttemptEnd;
  at: number;
  /** Why, where the state does not say it all. */
  failure?: AttemptEndCode;
  /** The user whose number it was for, where the user is to read of it. */
  userId?: string | undefined;
  whereabouts?: Whereabouts;
  /** Only where its time is up at that moment and nobody is asking the vendor about it. */
  ifOverAt?: number;
}

/**
 * Ends a live attempt without a login and records it, in the caller's transaction. Once that is
 * committed, whoever waits for the attempt is to be woken.
 *
 * @returns false, changing nothing, when it has ended already or is not over.
 */
export async function endIn(recording: Recording, id: string, end: End): Promise<boolean> {
  const { state, at, failure, userId, whereabouts, ifOverAt } = end;
  const isEnded = await endAttempt(recording.transaction, id, {
    state,
    endedAt: at,
    ...(failure === undefined ? {} : { failure }),
    ...(ifOverAt === undefined ? {} : { ifOverAt }),
  });
  if (isEnded) {
    await recording.record({
      at,
      type: `attempt_${state}`,
      attemptId: id,
      ...(failure === undefined ? {} : { reason: failure }),
      ...(userId === undefined ? {} : { userId }),
      ...(whereabouts === undefined ? {} : { whereabouts }),
    });
  }
  return isEnded;
}

/** Ends a live attempt without a login, records it, and wakes whoever waits for it. */
export async function endWithoutLogin(
  parts: LoginParts,
  attempt: LoginAttempt,
  state: AttemptEnd,
  failure?: AttemptEndCode,
): Promise<void> {
  const at = parts.clock.now();
  await endAndWake(parts, attempt, { state, at, ...(failure === undefined ? {} : { failure }) });
}

/**
 * The same for an attempt whose time seemed to be up at `now`. Somebody else may be asking the vendor
 * about it since it was read, or have learned that the call came in time: then it goes on.
 */
export async function expire(parts: LoginParts, attempt: LoginAttempt, now: number): Promise<void> {
  await endAndWake(parts, attempt, { state: 'expired', at: now, ifOverAt: now });
}

async function endAndWake(parts: LoginParts, { id }: LoginAttempt, end: End): Promise<void> {
  await recordChange(parts, async (recording) => await endIn(recording, id, end));
  parts.wakeUps.wake(id);
}
