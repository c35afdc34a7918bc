import 'server-only';
import type { AttemptEnd } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { endAttempt } from '../store/attempts.ts';
import { type AuditedTransaction, auditedTransaction } from '../store/audit.ts';
import type { ClientInfo, LoginAttempt } from '../store/schema.ts';
import type { LoginDependencies } from './dependencies.ts';

/** How an attempt ends without a login, and what is known of it for its event. */
export interface End {
  state: AttemptEnd;
  at: number;
  /** Why, where the state does not say it all. */
  failure?: AttemptEndCode;
  /** The user whose number it was for, where the user is to read of it. */
  userId?: string | undefined;
  client?: ClientInfo;
  /** Only where its time is up at that moment and nobody is asking the vendor about it. */
  ifOverAt?: number;
}

/**
 * Ends a live attempt without a login and records it, in the caller's transaction. Once that is
 * committed, whoever waits for the attempt is to be woken.
 *
 * @returns false, changing nothing, when it has ended already or is not over.
 */
export async function endIn(audited: AuditedTransaction, id: string, end: End): Promise<boolean> {
  const { state, at, failure, userId, client, ifOverAt } = end;
  const isEnded = await endAttempt(audited.transaction, id, {
    state,
    endedAt: at,
    ...(failure === undefined ? {} : { failure }),
    ...(ifOverAt === undefined ? {} : { ifOverAt }),
  });
  if (isEnded) {
    await audited.record({
      at,
      type: `attempt_${state}`,
      attemptId: id,
      ...(failure === undefined ? {} : { reason: failure }),
      ...(userId === undefined ? {} : { userId }),
      ...(client === undefined ? {} : { client }),
    });
  }
  return isEnded;
}

/** Ends a live attempt without a login, records it, and wakes whoever waits for it. */
export async function endWithoutLogin(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  state: AttemptEnd,
  failure?: AttemptEndCode,
): Promise<void> {
  const at = deps.clock.now();
  await endAndWake(deps, attempt, { state, at, ...(failure === undefined ? {} : { failure }) });
}

/**
 * The same for an attempt whose time seemed to be up at `now`. Somebody else may be asking the vendor
 * about it since it was read, or have learned that the call came in time: then it goes on.
 */
export async function expire(
  deps: LoginDependencies,
  attempt: LoginAttempt,
  now: number,
): Promise<void> {
  await endAndWake(deps, attempt, { state: 'expired', at: now, ifOverAt: now });
}

async function endAndWake(deps: LoginDependencies, { id }: LoginAttempt, end: End): Promise<void> {
  await auditedTransaction(deps, async (audited) => await endIn(audited, id, end));
  deps.notifications.wake(id);
}
