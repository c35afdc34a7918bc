import 'server-only';

/** How many failures it takes. */
export interface CircuitBreakerRules {
  /** So many failures within `seconds` open it, if they came in a row or outnumber the answers. */
  count: number;
  seconds: number;
}

/** Stops asking a vendor that fails, and finds out with one request at a time when it answers again. */
export interface CircuitBreaker {
  /** 0 if a request may be sent now, whose end is then to be reported; else after how long to ask again. */
  admit(): number;
  answered(): void;
  /** @param retryAfterMs what the vendor asked for, if it did. */
  failed(retryAfterMs: number | null): void;
}

/** How long a failing vendor is left alone: at least the first, at most the second where it asks. */
export const OPEN_MS = 15_000;
const LONGEST_OPEN_MS = 30_000;

/** On top, by chance, so that several processes do not ask in the same moment. */
const JITTER_MS = 3_000;

/** How long those wait who come while one request finds out. */
const PROBE_MS = 1_000;

/** @param monotonicMs a time that no setting of the clock changes. */
export function createCircuitBreaker(
  rules: CircuitBreakerRules,
  monotonicMs: () => number = () => performance.now(),
): CircuitBreaker {
  /** What ended in each second, by the second; the oldest first. */
  const ended = new Map<number, { answers: number; failures: number }>();
  let openUntil: number | null = null;
  let isProbing = false;
  let failuresInARow = 0;

  const note = (what: 'answers' | 'failures') => {
    const second = Math.floor(monotonicMs() / 1_000);
    for (const old of ended.keys()) {
      if (old <= second - rules.seconds) {
        ended.delete(old);
      }
    }
    const counts = ended.get(second) ?? { answers: 0, failures: 0 };
    counts[what] += 1;
    ended.set(second, counts);
  };
  const isFailing = () => {
    const counts = [...ended.values()];
    const failures = counts.reduce((sum, each) => sum + each.failures, 0);
    const answers = counts.reduce((sum, each) => sum + each.answers, 0);
    return failures >= rules.count && (failuresInARow >= rules.count || failures >= answers);
  };

  return {
    admit() {
      if (openUntil === null) {
        return 0;
      }
      const waitMs = openUntil - monotonicMs();
      if (waitMs > 0) {
        return waitMs;
      }
      if (isProbing) {
        return PROBE_MS;
      }
      isProbing = true;
      return 0;
    },

    answered() {
      if (isProbing) {
        isProbing = false;
        openUntil = null;
        ended.clear();
      }
      failuresInARow = 0;
      note('answers');
    },

    failed(retryAfterMs) {
      failuresInARow += 1;
      note('failures');
      // What was under way when it opened says nothing new.
      if (isProbing || (openUntil === null && isFailing())) {
        isProbing = false;
        const askedMs = Math.min(LONGEST_OPEN_MS, retryAfterMs ?? 0);
        openUntil = monotonicMs() + Math.max(OPEN_MS, askedMs) + Math.random() * JITTER_MS;
      }
    },
  };
}
