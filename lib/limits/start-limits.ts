import 'server-only';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import { addToCounts, type CountedIn, subtractFromCounts } from '../store/limits.ts';
import type { Queries } from '../store/schema.ts';
import { widerNetwork } from './client-address.ts';

/** At most `count` events in a fixed window of `seconds` that opens with the first event. */
export interface Limit {
  count: number;
  seconds: number;
}

/** Rate limits on starting attempts, each of which costs a vendor session. */
export interface StartLimits {
  /** Counts a start. Fails, counting nothing, with the limit that is reached. */
  consume(start: Start): Promise<Result<CountedStart, LimitReached>>;
}

export interface CountedStart {
  /**
   * Takes the start back, which cost no vendor session. Refunds have the limits of starts: beyond them a
   * start counts whatever became of it, so that nobody makes us ask the vendor without end.
   */
  refund(): Promise<void>;
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

/** What a start counts for. */
interface Tier {
  limit: keyof StartLimitRules;
  name: string;
  /** How many times the limit's count is allowed. */
  times: number;
  /** What is counted apart; null where the tier does not apply. */
  keyOf(start: Start): string | null;
}

/** What one subscriber has: an IPv4 address or an IPv6 /56. An organization, or a carrier's region, has a /48. */
const networkTiers: readonly Tier[] = [
  {
    limit: 'perNetwork',
    name: 'network',
    times: 1,
    keyOf: ({ network }) => widerNetwork(network, 56) ?? network,
  },
  { limit: 'perNetwork', name: '/48', times: 2, keyOf: ({ network }) => widerNetwork(network, 48) },
];
const totalTier: Tier = { limit: 'total', name: 'total', times: 1, keyOf: () => 'all' };

/** The first that is full is reported: the narrowest. */
const startTiers: readonly Tier[] = [
  {
    limit: 'perNumber',
    name: 'number',
    times: 1,
    keyOf: ({ phoneNumberTag, network }) => `${phoneNumberTag} ${network}`,
  },
  ...networkTiers,
  totalTier,
];
const refundTiers: readonly Tier[] = [...networkTiers, totalTier].map((tier) => ({
  ...tier,
  name: `refund ${tier.name}`,
}));

/** Counts in the store, which all processes share. */
export function createStartLimits(
  rules: StartLimitRules,
  { store, clock }: { store: Queries; clock: Clock },
): StartLimits {
  async function count(
    tiers: readonly Tier[],
    start: Start,
  ): Promise<Result<CountedIn[], LimitReached>> {
    const counts = tiers.flatMap(({ limit, name, times, keyOf }) => {
      const key = keyOf(start);
      return key === null
        ? []
        : rules[limit].map((rule) => ({
            limit,
            key: `${name}:${rule.count}/${rule.seconds}:${key}`,
            most: rule.count * times,
            windowMs: rule.seconds * 1_000,
          }));
    });
    if (counts.length === 0) {
      return succeed([]);
    }
    const now = clock.now();
    const added = await addToCounts(store, counts, now);
    if (added.ok) {
      return added;
    }
    const { index, endsAt } = added.error;
    const limit = counts[index]?.limit ?? 'total';
    return fail({ limit, retryAfterSeconds: Math.max(1, Math.ceil((endsAt - now) / 1_000)) });
  }

  return {
    async consume(start) {
      const counted = await count(startTiers, start);
      if (!counted.ok) {
        return counted;
      }
      return succeed({
        async refund() {
          if ((await count(refundTiers, start)).ok) {
            await subtractFromCounts(store, counted.value);
          }
        },
      });
    },
  };
}
