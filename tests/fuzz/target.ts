import * as fc from 'fast-check';

/** One thing that must hold whatever comes in. */
export interface Target {
  /** What it is called on the command line and in the table. */
  name: string;
  /** What holds, in a sentence. */
  holds: string;
  /** How many runs share one seed; few where a run is slow. */
  batchSize: number;
  /** What part of the time it gets, next to the others. */
  share: number;
  /** Starts what the runs need: servers, databases, keys. */
  open(): Promise<OpenTarget>;
}

export interface OpenTarget {
  /** Runs a batch: the same `seed` and `skip` give the same values. */
  run(batch: Batch): Promise<BatchResult>;
  close(): Promise<void>;
}

interface Batch {
  seed: number;
  runs: number;
  /** How many values to leave out at the start. */
  skip?: number;
  /** When to stop, whatever is left. */
  timeLimitMs?: number;
  /** Ends the batch before its next run. */
  signal?: AbortSignal;
}

interface BatchResult {
  runs: number;
  finding: Finding | null;
}

export interface Finding {
  /** Which run of the batch, from 0, the skipped ones counted too. */
  index: number;
  counterexample: string;
  shrinks: number;
  reason: string;
}

/** How long one run may take before it counts as one that never ends. */
const RUN_TIMEOUT_MS = 60_000;

/** How long to look for a smaller value that fails as well. */
const SHRINK_MS = 60_000;

/** What a target is made of: values to try, and what must hold for each. Throwing means it does not. */
export interface TargetDescription<Value> extends Pick<Target, 'name' | 'holds'> {
  batchSize?: number;
  share?: number;
  open(): Promise<OpenProperty<Value>> | OpenProperty<Value>;
}

export interface OpenProperty<Value> {
  values: fc.Arbitrary<Value>;
  check(value: Value): Promise<void> | void;
  close?(): Promise<void>;
}

export function defineTarget<Value>(description: TargetDescription<Value>): Target {
  const { name, holds, batchSize = 1_000, share = 1 } = description;
  return {
    name,
    holds,
    batchSize,
    share,
    async open() {
      const property = await description.open();
      return {
        run: (batch) => runBatch(property, batch),
        close: async () => await property.close?.(),
      };
    },
  };
}

async function runBatch<Value>(
  { values, check }: OpenProperty<Value>,
  { seed, runs, skip = 0, timeLimitMs = Number.POSITIVE_INFINITY, signal }: Batch,
): Promise<BatchResult> {
  // fast-check's own limit lets go of a run in the middle, which would go on beside the next one.
  let until = performance.now() + timeLimitMs;
  let hasFailed = false;
  const property = fc.asyncProperty(values, async (value) => {
    if (signal?.aborted || performance.now() >= until) {
      throw new fc.PreconditionFailure(true);
    }
    try {
      await check(value);
    } catch (error) {
      until = hasFailed ? until : performance.now() + SHRINK_MS;
      hasFailed = true;
      throw error;
    }
  });
  const details = await fc.check(property, {
    seed,
    numRuns: runs,
    timeout: RUN_TIMEOUT_MS,
    ...(skip === 0 ? {} : { path: String(skip) }),
  });
  if (details.counterexample === null) {
    return { runs: details.numRuns, finding: null };
  }
  const index = Number(details.counterexamplePath?.split(':')[0] ?? 0);
  return {
    runs: index - skip + 1,
    finding: {
      index,
      counterexample: fc.stringify(details.counterexample[0]),
      shrinks: details.numShrinks,
      reason: describeReason(details.errorInstance),
    },
  };
}

function describeReason(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
