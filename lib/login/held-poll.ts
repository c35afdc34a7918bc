import 'server-only';
import type { AttemptSubscription } from '../notify/attempt-notifications.ts';
import { measure } from '../observe/metrics.ts';
import type { LoginAttempt } from '../store/schema.ts';

/** A poll that has to wait, and what is known of its attempt. Ten thousand are kept at once, so it keeps little. */
export class HeldPoll {
  readonly #subscription: AttemptSubscription;
  /** As last read. */
  attempt: LoginAttempt;
  /** When it is answered at the latest, on the clock of `Clock.elapsed`. */
  readonly untilMs: number;
  /** Of the checks of the attempt when the poll arrived. */
  readonly failuresAtFirst: number;
  /** How long it waits for a change before it is resumed without one. */
  waitMs = 0;
  /** Whether the attempt has changed since it was read. */
  hasChanged = false;
  /** Whether nobody waits for the answer any more. */
  isAbandoned = false;

  constructor(
    subscription: AttemptSubscription,
    known: Pick<HeldPoll, 'attempt' | 'untilMs' | 'failuresAtFirst'>,
  ) {
    this.#subscription = subscription;
    this.attempt = known.attempt;
    this.untilMs = known.untilMs;
    this.failuresAtFirst = known.failuresAtFirst;
    measure('call_login_waiting', 1, {});
  }

  /** Calls `resume` once the poll is to be handled again. */
  wait(resume: () => void): void {
    this.#subscription.wait(this.waitMs, (hasChanged) => {
      this.hasChanged = hasChanged;
      resume();
    });
  }

  /** Ends the wait, now or when it begins. */
  abandon(): void {
    this.isAbandoned = true;
    this.#subscription.abandon();
  }

  close(): void {
    this.#subscription.close();
    measure('call_login_waiting', -1, {});
  }
}

/**
 * Holds a poll until it is answered, for hosts that need a promise of the answer: what handles a request is called when it
 * arrives and again whenever its wait is over. The Node host does the same without a promise (`server/listener.ts`).
 *
 * @param handle `pollAttempt`, or what calls it and passes the `HeldPoll` on; null when the request arrives.
 * @param signal aborted when nobody waits for the answer any more.
 */
export async function untilAnswered<Answer>(
  handle: (held: HeldPoll | null) => Promise<Answer | HeldPoll>,
  signal?: AbortSignal,
): Promise<Answer> {
  let held: HeldPoll | null = null;
  const abandon = () => held?.abandon();
  signal?.addEventListener('abort', abandon);
  try {
    for (;;) {
      const answer: Answer | HeldPoll = await handle(held);
      if (!(answer instanceof HeldPoll)) {
        return answer;
      }
      held = answer;
      if (signal?.aborted === true) {
        held.abandon();
      }
      await new Promise<void>((resume) => answer.wait(resume));
    }
  } finally {
    signal?.removeEventListener('abort', abandon);
    held?.close();
  }
}
