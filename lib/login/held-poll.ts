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

  /** @returns whether the attempt has changed. */
  wait(signal: AbortSignal | undefined): Promise<boolean> {
    return this.#subscription.wait(this.waitMs, signal);
  }

  close(): void {
    this.#subscription.close();
    measure('call_login_waiting', -1, {});
  }
}

/**
 * Holds a poll until it is answered. Nothing is kept while it waits but the `HeldPoll`: what handles a request is called
 * when it arrives and again whenever its wait is over.
 *
 * @param handle `pollAttempt`, or what calls it and passes the `HeldPoll` on; null when the request arrives.
 */
export async function untilAnswered<Answer>(
  handle: (held: HeldPoll | null) => Promise<Answer | HeldPoll>,
  signal?: AbortSignal,
): Promise<Answer> {
  let held: HeldPoll | null = null;
  try {
    for (;;) {
      const answer: Answer | HeldPoll = await handle(held);
      if (!(answer instanceof HeldPoll)) {
        return answer;
      }
      held = answer;
      held.hasChanged = await held.wait(signal);
    }
  } finally {
    held?.close();
  }
}
