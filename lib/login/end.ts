import 'server-only';
import type { AttemptEnd } from '../shared/contract.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';
import { endAttempt } from '../store/attempts.ts';
import { insertEvent } from '../store/events.ts';
import type { LoginAttempt } from '../store/schema.ts';
import type { LoginParts } from './parts.ts';

/** Ends a live attempt without a login, records it, and wakes whoever waits for it. */
export async function endWithoutLogin(
  parts: LoginParts,
  attempt: LoginAttempt,
  state: AttemptEnd,
  failure?: AttemptEndCode,
): Promise<void> {
  const at = parts.clock.now();
  const reason = failure === undefined ? {} : { reason: failure };
  await parts.store.transaction().execute(async (transaction) => {
    const ended = await endAttempt(transaction, attempt.id, {
      state,
      endedAt: at,
      ...(failure === undefined ? {} : { failure }),
    });
    if (ended) {
      await insertEvent(transaction, {
        at,
        type: `attempt_${state}`,
        attemptId: attempt.id,
        ...reason,
      });
    }
  });
  parts.wakeUps.wake(attempt.id);
}
