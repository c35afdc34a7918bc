import 'server-only';

/** When the circuit opens. */
export interface CircuitBreakerRules {
  /** Failures within `seconds` that open it, if they are consecutive or at least as many as the successes. */
  count: number;
  seconds: number;
}

/** Stops requests to a failing vendor, then lets one probe at a time through until one succeeds. */
interface CircuitBreaker {
  /** What `tryAcquire` would return, without asking. */
  waitMs(): number;
  /**
   * Asks to send a request. The caller must then report its outcome.
   *
   * @returns 0 if it may be sent now, else the milliseconds to wait before trying again.
   */
  tryAcquire(): number;
  recordSuccess(): void;
  /** @param retryAfterMs the vendor's Retry-After, if any. */
  recordFailure(retryAfterMs: number | null): void;
}

/** How long the circuit stays open: at least the first; up to the second if Retry-After asks for it. */
export const OPEN_MS = 15_000;
const MAX_OPEN_MS = 30_000;

/** Random extra time, so that several processes do not probe at the same moment. */
const JITTER_MS = 3_000;

/** The wait for requests that arrive during a probe. */
const PROBE_MS = 1_000;

/** @param monotonicMs a monotonic clock. */
export function createCircuitBreaker(
  rules: CircuitBreakerRules,
  monotonicMs: () => number = () => performance.now(),
): CircuitBreaker {
  /** Outcomes per second, the oldest first. */
  const outcomes = new Map<number, { successes: number; failures: number }>();
  let openUntil: number | null = null;
  let isProbing = false;
  let consecutiveFailures = 0;

  const count = (outcome: 'successes' | 'failures') => {
    const second = Math.floor(monotonicMs() / 1_000);
    for (const old of outcomes.keys()) {
      if (old <= second - rules.seconds) {
        outcomes.delete(old);
      }
    }
    const counts = outcomes.get(second) ?? { successes: 0, failures: 0 };
    counts[outcome] += 1;
    outcomes.set(second, counts);
  };
  const isFailing = () => {
    const counts = [...outcomes.values()];
    const failures = counts.reduce((sum, each) => sum + each.failures, 0);
    const successes = counts.reduce((sum, each) => sum + each.successes, 0);
    return failures >= rules.count && (consecutiveFailures >= rules.count || failures >= successes);
  };

  const waitMs = () => {
    if (openUntil === null) {
      return 0;
    }
    return Math.max(openUntil - monotonicMs(), isProbing ? PROBE_MS : 0);
  };

  return {
    waitMs,

    tryAcquire() {
      const ms = waitMs();
      isProbing ||= openUntil !== null && ms === 0;
      return ms;
    },

    recordSuccess() {
      if (isProbing) {
        isProbing = false;
        openUntil = null;
        outcomes.clear();
      }
      consecutiveFailures = 0;
      count('successes');
    },

    recordFailure(retryAfterMs) {
      consecutiveFailures += 1;
      count('failures');
      // Failures of requests sent before the circuit opened do not extend it.
      if (isProbing || (openUntil === null && isFailing())) {
        isProbing = false;
        const requestedMs = Math.min(MAX_OPEN_MS, retryAfterMs ?? 0);
        openUntil = monotonicMs() + Math.max(OPEN_MS, requestedMs) + Math.random() * JITTER_MS;
      }
    },
  };
}
