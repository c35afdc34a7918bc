import 'server-only';
import type { EndTransition } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { endAttempt } from '../store/attempts.ts';
import { type AuditedTransaction, auditedTransaction } from '../store/audit.ts';
import type { ClientInfo, LoginAttempt } from '../store/schema.ts';
import type { LoginDependencies } from './dependencies.ts';

/** How an attempt ends without a login, and what its audit event says. */
export type End = EndTransition & {
  at: number;
  /** Why, where the state does not say it all. */
  failure?: AttemptEndCode;
  /** The owner of the number, if they are to read of it. */
  userId?: string | undefined;
  client?: ClientInfo;
  /** See `endAttempt`. */
  onlyIfExpiredAt?: number;
};

/**
 * Ends an attempt without a login in the caller's transaction, which then notifies its subscribers.
 *
 * @returns false, changing nothing, when its state allows no such end.
 */
export async function endInTransaction(
  audited: AuditedTransaction,
  id: string,
  end: End,
): Promise<boolean> {
  const { at, failure, userId, client, ...transition } = end;
  const isEnded = await endAttempt(audited.transaction, id, {
    ...transition,
    endedAt: at,
    ...(failure === undefined ? {} : { failure }),
  });
  if (isEnded) {
    await audited.record({
      at,
      type: `attempt_${end.to}`,
      attemptId: id,
      ...(failure === undefined ? {} : { reason: failure }),
      ...(userId === undefined ? {} : { userId }),
      ...(client === undefined ? {} : { client }),
    });
  }
  return isEnded;
}

/** Ends an attempt without a login, in a transaction of its own, and notifies its subscribers. */
export async function endWithoutLogin(
  deps: LoginDependencies,
  { id }: LoginAttempt,
  end: EndTransition & { failure?: AttemptEndCode; onlyIfExpiredAt?: number },
): Promise<void> {
  const at = deps.clock.now();
  await auditedTransaction(deps, async (audited) => {
    return await endInTransaction(audited, id, { ...end, at });
  });
  deps.notifications.notify(id);
}
