import 'server-only';
import type { EndTransition } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { endAttempt } from '../store/attempts.ts';
import { type AuditedTransaction, auditedTransaction } from '../store/audit.ts';
import type { ClientInfo, LoginAttempt } from '../store/schema.ts';
import type { LoginDependencies } from './dependencies.ts';

type End = EndTransition & {
  /** Why, if the state does not tell. */
  failure?: AttemptEndCode;
  /** See `endAttempt`. */
  onlyIfExpiredAt?: number;
};

/**
 * Ends an attempt without a login and records the event. The caller notifies the attempt's subscribers
 * after the commit.
 *
 * @param event.userId the owner of the number, if the event is to appear in their account.
 * @returns false, changing nothing, if its state does not allow the transition.
 */
export async function endInTransaction(
  audited: AuditedTransaction,
  id: string,
  { failure, ...end }: End,
  event: { at: number; userId?: string | undefined; client?: ClientInfo },
): Promise<boolean> {
  const isEnded = await endAttempt(audited.transaction, id, { ...end, failure, endedAt: event.at });
  if (isEnded) {
    const type = `attempt_${end.to}` as const;
    audited.record({ ...event, type, attemptId: id, reason: failure });
  }
  return isEnded;
}

/** Ends an attempt without a login in a transaction of its own and notifies its subscribers. */
export async function endWithoutLogin(
  deps: LoginDependencies,
  { id }: LoginAttempt,
  end: End,
): Promise<void> {
  const at = deps.clock.now();
  await auditedTransaction(
    deps,
    async (audited) => await endInTransaction(audited, id, end, { at }),
  );
  deps.notifications.notify(id);
}
