import 'server-only';
import { fail, type Result, succeed } from '../result.ts';

/** At most `count` in any `seconds`, counted from the first. */
export interface Limit {
  count: number;
  seconds: number;
}

/** Counts events by key, atomically and for all processes that share the counter's store. */
export interface Counter {
  /** How long to wait in milliseconds before another event is within the limit; null for none. */
  peek(key: string): Promise<number | null>;
  /** Counts an event; how long it should have waited in milliseconds, or null if it is in time. */
  consume(key: string): Promise<number | null>;
  /** Takes one event back. */
  refund(key: string): Promise<void>;
}

/** Makes a counter; those of one name and limit count together. */
export type CreateCounter = (name: string, limit: Limit) => Counter;

/** Holds back whoever starts too many attempts: each one costs a session of the vendor. */
export interface StartLimits {
  /** Whether a start would be counted now, without counting it. */
  check(start: Start): Promise<Result<null, { retryAfterSeconds: number }>>;
  /** Counts a start, or says in how many seconds the next one is welcome. */
  consume(start: Start): Promise<Result<null, { retryAfterSeconds: number }>>;
  /** Takes back a start that cost nothing. */
  refund(start: Start): Promise<void>;
}

export interface Start {
  /** The phone number in a form that may be stored: a keyed hash. */
  phoneNumberTag: string;
  network: string;
}

export interface StartLimitRules {
  /**
   * For one phone number from one network. Not for the number alone: then anybody could keep its
   * owner out from anywhere.
   */
  perNumber: readonly Limit[];
  perNetwork: readonly Limit[];
  /** For the whole site: the most that an attack can cost. */
  total: readonly Limit[];
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

  /** The narrowest first, so that a targeted flood does not eat what others share. */
  const countersFor = (start: Start): readonly (readonly [Counter, string])[] => [
    ...perNumber.map((counter) => [counter, `${start.phoneNumberTag} ${start.network}`] as const),
    ...perNetwork.map((counter) => [counter, start.network] as const),
    ...total.map((counter) => [counter, 'all'] as const),
  ];

  return {
    async check(start) {
      for (const [counter, key] of countersFor(start)) {
        const waitMs = await counter.peek(key);
        if (waitMs !== null) {
          return fail({ retryAfterSeconds: inSeconds(waitMs) });
        }
      }
      return succeed(null);
    },

    async consume(start) {
      const counted: (readonly [Counter, string])[] = [];
      for (const [counter, key] of countersFor(start)) {
        const waitMs = await counter.consume(key);
        counted.push([counter, key]);
        if (waitMs !== null) {
          // A start that does not happen counts nowhere, or asking again would never end the wait.
          await Promise.all(counted.map(([each, eachKey]) => each.refund(eachKey)));
          return fail({ retryAfterSeconds: inSeconds(waitMs) });
        }
      }
      return succeed(null);
    },

    async refund(start) {
      await Promise.all(countersFor(start).map(([counter, key]) => counter.refund(key)));
    },
  };
}

function inSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1_000));
}
