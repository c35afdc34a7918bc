import 'server-only';
import type { Clock } from '../shared/clock.ts';

/** Whether the vendor's callbacks reach this deployment, as far as one process has seen. */
export interface CallbackReach {
  /** @param hasCome whether a callback told of a call that was seen, or none did. */
  note(hasCome: boolean): void;
  /** True while the vendor need not be asked often: it tells us. */
  isProved(): boolean;
}

/** For how long one callback shows that others will come: a firewall changes without a word. */
const PROVED_MS = 3_600_000;

/** Starts in doubt, so that a login without callbacks is never slower for a hope. */
export function createCallbackReach(clock: Clock): CallbackReach {
  let provedAtMs: number | null = null;
  return {
    note(hasCome) {
      provedAtMs = hasCome ? clock.elapsed() : null;
    },
    isProved: () => provedAtMs !== null && clock.elapsed() - provedAtMs < PROVED_MS,
  };
}
