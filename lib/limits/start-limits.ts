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

/** A counter and the key under which a start counts for one limit. */
interface CounterKey {
  limit: keyof StartLimitRules;
  counter: Counter;
  key: string;
}

export function createStartLimits(
  rules: StartLimitRules,
  createCounter: CreateCounter,
): StartLimits {
  const countersOf = (name: string, limits: readonly Limit[]) =>
    limits.map((limit) => createCounter(`${name}:${limit.count}/${limit.seconds}`, limit));
  const perNumber = countersOf('number', rules.perNumber);
  const perNetwork = countersOf('network', rules.perNetwork);
  const total = countersOf('total', rules.total);

  /** The narrowest limit first, so that a flood against one number does not use up shared limits. */
  const keysOf = ({ phoneNumberTag, network }: Start): readonly CounterKey[] => {
    const key = `${phoneNumberTag} ${network}`;
    return [
      ...perNumber.map((counter): CounterKey => ({ limit: 'perNumber', counter, key })),
      ...perNetwork.map((counter): CounterKey => ({ limit: 'perNetwork', counter, key: network })),
      ...total.map((counter): CounterKey => ({ limit: 'total', counter, key: 'all' })),
    ];
  };

  return {
    async consume(start) {
      const consumed: CounterKey[] = [];
      for (const counted of keysOf(start)) {
        const waitMs = await counted.counter.consume(counted.key);
        consumed.push(counted);
        if (waitMs !== null) {
          // A refused start must not count, or retrying would extend the wait forever.
          await Promise.all(consumed.map(({ counter, key }) => counter.refund(key)));
          return fail({ limit: counted.limit, retryAfterSeconds: toSeconds(waitMs) });
        }
      }
      return succeed(null);
    },

    async refund(start) {
      await Promise.all(keysOf(start).map(({ counter, key }) => counter.refund(key)));
    },
  };
}

function toSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1_000));
}
