import 'server-only';
import type { Attributes, Meter } from '@opentelemetry/api';
import { type AttemptEnd, attemptEnds } from '../shared/attempt-states.ts';
import type { AttemptEndCode } from '../shared/error-codes.ts';

/** Why an attempt failed, if the state alone does not tell. */
const failureReasons = [
  'attempt_failed',
  'signup_closed',
  'user_disabled',
  'pauth_unreachable',
  'pauth_timed_out',
  'pauth_refused_number',
  'pauth_failed',
] as const satisfies readonly AttemptEndCode[];

const startRefusals = [
  'perNumber',
  'perNetwork',
  'total',
  'circuit_open',
  'admission_queue_full',
] as const;

const callbackResults = [
  /** No attempt has its token. */
  'unknown',
  /** A check had found the call before. */
  'late',
  /** The attempt ended without a login. */
  'ended',
  /** An earlier callback has scheduled the check. */
  'repeated',
  /** The vendor was asked. */
  'checked',
  /** The vendor will be asked later, or did not answer. */
  'deferred',
  /** Our code or the database failed. */
  'failed',
] as const;

export type CallbackResult = (typeof callbackResults)[number];

export const vendorOutcomes = [
  'ok',
  'refused',
  'timed_out',
  'unreachable',
  'unexpected',
  'not_sent',
] as const;

export type VendorOutcome = (typeof vendorOutcomes)[number];

type FailureReason = (typeof failureReasons)[number];

/**
 * The labels of each metric. Their values are constants: a phone number, user, address or token in a label
 * would be personal data in another system, and a time series for each.
 */
type Labels = {
  call_login_attempts_total:
    | { outcome: 'failed'; reason: FailureReason }
    | {
        outcome: 'started' | 'verified' | 'completed' | Exclude<AttemptEnd, 'failed'>;
        reason: 'none';
      };
  call_login_logins_total: { method: 'call' | 'passkey' };
  call_login_start_refused_total: { limit: (typeof startRefusals)[number] };
  call_login_callbacks_total: { result: CallbackResult };
  call_login_waiting: Record<never, never>;
  call_login_dial_seconds: Record<never, never>;
  call_login_told_seconds: Record<never, never>;
  call_login_vendor_request_seconds: {
    operation: 'create' | 'check';
    outcome: VendorOutcome;
  };
};

type MetricName = keyof Labels;

export type AttemptOutcome = Labels['call_login_attempts_total']['outcome'];

type Declaration<Name extends MetricName> = { description: string } & (
  | {
      /** A counter only grows; a gauge is added to and subtracted from. */
      kind: 'counter' | 'gauge';
      /** The series that exist from the start, as 0: a rate needs a value before the first event. */
      series: readonly Labels[Name][];
    }
  | {
      kind: 'seconds';
      /** The upper bounds of the histogram's buckets. */
      bounds: readonly number[];
    }
);

/** Every metric. docs/metrics.md, "I want metrics", says what they mean to an operator. */
const metrics: { readonly [Name in MetricName]: Declaration<Name> } = {
  call_login_attempts_total: {
    kind: 'counter',
    description:
      'Attempts that reached an outcome. An attempt is counted once as started, and again for what became of it.',
    series: [
      ...(['started', 'verified', 'completed', ...attemptEnds] as const)
        .filter((outcome) => outcome !== 'failed')
        .map((outcome) => ({ outcome, reason: 'none' as const })),
      ...failureReasons.map((reason) => ({ outcome: 'failed' as const, reason })),
    ],
  },
  call_login_logins_total: {
    kind: 'counter',
    description: 'Logins, by how the person proved who they are.',
    series: [{ method: 'call' }, { method: 'passkey' }],
  },
  call_login_start_refused_total: {
    kind: 'counter',
    description: 'Starts refused before an attempt was made, by the limit that was reached.',
    series: startRefusals.map((limit) => ({ limit })),
  },
  call_login_callbacks_total: {
    kind: 'counter',
    description: "The vendor's callbacks, by what they led to.",
    series: callbackResults.map((result) => ({ result })),
  },
  call_login_waiting: {
    kind: 'gauge',
    description: 'Polls that are held: pages that wait for a call.',
    series: [{}],
  },
  call_login_dial_seconds: {
    kind: 'seconds',
    description: "From the start of an attempt to the vendor's word that the call was seen.",
    bounds: [2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600],
  },
  call_login_told_seconds: {
    kind: 'seconds',
    description: 'From the word that the call was seen to the answer that logs the browser in.',
    bounds: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
  },
  call_login_vendor_request_seconds: {
    kind: 'seconds',
    description:
      'Requests to the vendor, a retry included, by outcome; for not_sent, how long they waited for their turn.',
    bounds: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10],
  },
};

export const metricNames = Object.keys(metrics).filter(
  (name): name is MetricName => name in metrics,
);

type Instruments = ReadonlyMap<MetricName, (value: number, labels: Attributes) => void>;

declare global {
  /**
   * Undefined where nothing is measured. Global because Next bundles boot and routes separately, and both
   * need the same ones.
   */
  var callLoginInstruments: Instruments | undefined;
}

/** Adds a value to a metric: a count, or seconds. Does nothing where metrics are off. */
export function measure<Name extends MetricName>(
  name: Name,
  value: number,
  labels: Labels[Name],
): void {
  globalThis.callLoginInstruments?.get(name)?.(value, labels);
}

/** Starts measuring in this process. @param meter null stops it. */
export function measureWith(meter: Meter | null): void {
  globalThis.callLoginInstruments =
    meter === null
      ? undefined
      : new Map(metricNames.map((name) => [name, createInstrument(meter, name)]));
}

function createInstrument(meter: Meter, name: MetricName) {
  const declaration = metrics[name];
  const { description } = declaration;
  if (declaration.kind === 'seconds') {
    const advice = { explicitBucketBoundaries: [...declaration.bounds] };
    const histogram = meter.createHistogram(name, { description, unit: 's', advice });
    // A clock that was set back in between must not make time negative.
    return (seconds: number, labels: Attributes) => histogram.record(Math.max(0, seconds), labels);
  }
  const counter =
    declaration.kind === 'counter'
      ? meter.createCounter(name, { description })
      : meter.createUpDownCounter(name, { description });
  for (const labels of declaration.series) {
    counter.add(0, labels);
  }
  return (value: number, labels: Attributes) => counter.add(value, labels);
}

/** Counts what became of an attempt. @param failure why, where it failed. */
export function countAttempt(outcome: AttemptOutcome, failure: string | undefined): void {
  const reason = failureReasons.find((each) => each === failure) ?? 'attempt_failed';
  measure(
    'call_login_attempts_total',
    1,
    outcome === 'failed' ? { outcome, reason } : { outcome, reason: 'none' },
  );
  if (outcome === 'completed') {
    measure('call_login_logins_total', 1, { method: 'call' });
  }
}
