import 'server-only';
import { fail, type Result, succeed } from '../shared/result.ts';

/** At most `count` events in a fixed window of `seconds` that opens with the first event. */
export interface Limit {
  count: number;
  seconds: number;
}

/** Counts events by key, atomically across all processes that share the counter's store. */
export interface Counter {
  /** Counts an event. @returns null if it is within the limit, else the milliseconds until the limit resets. */
  consume(key: string): Promise<number | null>;
  /** Takes back one event. */
  refund(key: string): Promise<void>;
}

/** Makes a counter. Counters with the same name and limit share their counts. */
export type CreateCounter = (name: string, limit: Limit) => Counter;

/** Rate limits on starting attempts, each of which costs a vendor session. */
export interface StartLimits {
  /** Counts a start. Fails, counting nothing, with the limit that is reached. */
  consume(start: Start): Promise<Result<null, LimitReached>>;
  /** Takes back a start that cost no vendor session. */
  refund(start: Start): Promise<void>;
}

/** The limit a start would exceed, and the seconds until the next start is allowed. */
export interface LimitReached {
  limit: keyof StartLimitRules;
  retryAfterSeconds: number;
}

export interface Start {
  /** The phone number in a form that may be stored: a keyed hash. */
  phoneNumberTag: string;
  network: string;
}

export interface StartLimitRules {
  /**
   * For one phone number from one network. A limit on the number alone would let anyone lock its
   * owner out.
   */
  perNumber: readonly Limit[];
  perNetwork: readonly Limit[];
  /** For the whole site: bounds what an attack can cost. */
  total: readonly Limit[];
}

/**
 * The limits with the names of their counters and the keys under which these count a start. The narrowest
 * comes first, so that a flood against one number does not use up shared limits.
 */
const limits = [
  {
    limit: 'perNumber',
    name: 'number',
    keyOf: ({ phoneNumberTag, network }: Start) => `${phoneNumberTag} ${network}`,
  },
  { limit: 'perNetwork', name: 'network', keyOf: ({ network }: Start) => network },
  { limit: 'total', name: 'total', keyOf: () => 'all' },
] as const;

export function createStartLimits(
  rules: StartLimitRules,
  createCounter: CreateCounter,
): StartLimits {
  const counters = limits.flatMap(({ limit, name, keyOf }) =>
    rules[limit].map((rule) => ({
      limit,
      keyOf,
      counter: createCounter(`${name}:${rule.count}/${rule.seconds}`, rule),
    })),
  );
  const refund = async (start: Start, counted: typeof counters) => {
    await Promise.all(counted.map(({ counter, keyOf }) => counter.refund(keyOf(start))));
  };

  return {
    async consume(start) {
      for (const [index, { limit, keyOf, counter }] of counters.entries()) {
        const waitMs = await counter.consume(keyOf(start));
        if (waitMs !== null) {
          // A refused start must not count, or retrying would extend the wait forever.
          await refund(start, counters.slice(0, index + 1));
          return fail({ limit, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) });
        }
      }
      return succeed(null);
    },
    refund: (start) => refund(start, counters),
  };
}
