import 'server-only';
import type { Clock } from '../shared/clock.ts';
import { findLastCompleted } from '../store/attempts.ts';
import type { Store } from '../store/schema.ts';

/** Whether the vendor's callbacks reach this deployment, as far as this process has seen. */
export interface CallbackReach {
  /** Records whether a callback arrived for a call that was seen. */
  note(hasCome: boolean): void;
  /** While true, the vendor is asked less often. */
  isProved(): boolean;
}

/** How long one callback counts: network rules may change. */
const PROVED_MS = 3_600_000;

/** Unproved at first, so that logins are not slower where callbacks do not arrive. */
export function createCallbackReach(clock: Clock): CallbackReach {
  let provedAtMs: number | null = null;
  return {
    note(hasCome) {
      provedAtMs = hasCome ? clock.elapsed() : null;
    },
    isProved: () => provedAtMs !== null && clock.elapsed() - provedAtMs < PROVED_MS,
  };
}

/** Goes by the last login of other processes, or of this one before a restart, as far as it is recent. */
export async function recallCallbackReach({
  store,
  clock,
  callbackReach,
}: {
  store: Store;
  clock: Clock;
  callbackReach: CallbackReach;
}): Promise<void> {
  const last = await findLastCompleted(store, clock.now() - PROVED_MS);
  callbackReach.note(last !== null && last.called_back_at !== null);
}
