import 'server-only';
import { fail, type Result, succeed } from '../shared/result.ts';

/** At most `count` in any `seconds`, counted from the first. */
export interface Limit {
  count: number;
  seconds: number;
}

/** Counts events by key, atomically and for all processes that share the counter's store. */
export interface Counter {
  /** Counts an event; how long it should have waited in milliseconds, or null if it is in time. */
  consume(key: string): Promise<number | null>;
  /** Takes one event back. */
  refund(key: string): Promise<void>;
}

/** Makes a counter; those of one name and limit count together. */
export type CreateCounter = (name: string, limit: Limit) => Counter;

/** Holds back whoever starts too many attempts: each one costs a session of the vendor. */
export interface StartLimits {
  /** Counts a start, or says which limit is reached and when the next one is welcome. */
  consume(start: Start): Promise<Result<null, LimitReached>>;
  /** Takes back a start that cost nothing. */
  refund(start: Start): Promise<void>;
}

/** Which limit a start would have gone beyond, and in how many seconds it is welcome. */
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
   * For one phone number from one network. Not for the number alone: then anybody could keep its
   * owner out from anywhere.
   */
  perNumber: readonly Limit[];
  perNetwork: readonly Limit[];
  /** For the whole site: the most that an attack can cost. */
  total: readonly Limit[];
}

/** Where one start is counted for one limit. */
interface Place {
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

  /** The narrowest first, so that a targeted flood does not eat what others share. */
  const placesOf = ({ phoneNumberTag, network }: Start): readonly Place[] => {
    const key = `${phoneNumberTag} ${network}`;
    return [
      ...perNumber.map((counter): Place => ({ limit: 'perNumber', counter, key })),
      ...perNetwork.map((counter): Place => ({ limit: 'perNetwork', counter, key: network })),
      ...total.map((counter): Place => ({ limit: 'total', counter, key: 'all' })),
    ];
  };

  return {
    async consume(start) {
      const consumed: Place[] = [];
      for (const place of placesOf(start)) {
        const waitMs = await place.counter.consume(place.key);
        consumed.push(place);
        if (waitMs !== null) {
          // A start that does not happen counts nowhere, or asking again would never end the wait.
          await Promise.all(consumed.map(({ counter, key }) => counter.refund(key)));
          return fail({ limit: place.limit, retryAfterSeconds: inSeconds(waitMs) });
        }
      }
      return succeed(null);
    },

    async refund(start) {
      await Promise.all(placesOf(start).map(({ counter, key }) => counter.refund(key)));
    },
  };
}

function inSeconds(waitMs: number): number {
  return Math.max(1, Math.ceil(waitMs / 1_000));
}
