import * as fc from 'fast-check';

/** One property, tested with generated values. */
export interface Target {
  /** The name on the command line and in the table. */
  name: string;
  /** The property as a sentence; also the title of its test. */
  holds: string;
  /** The number of runs per seed; small for slow runs. */
  batchSize: number;
  /** Its share of the time, relative to the other targets. */
  share: number;
  /** Starts the servers and databases that the runs need. */
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
  /** The number of values to skip at the start. */
  skip?: number;
  /** When to stop, even if runs are left. */
  timeLimitMs?: number;
  /** Ends the batch before its next run. */
  signal?: AbortSignal;
}

interface BatchResult {
  runs: number;
  finding: Finding | null;
}

export interface Finding {
  /** The index of the run in its batch, from 0, including skipped ones. */
  index: number;
  counterexample: string;
  shrinks: number;
  reason: string;
}

/** The time after which a run counts as hanging. */
const RUN_TIMEOUT_MS = 60_000;

/** The time limit of shrinking. */
const SHRINK_MS = 60_000;

/** The generator of values, and the check for each, which throws when the property does not hold. */
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
  // fast-check's own time limit abandons a run without stopping it, so that it would overlap the next one.
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
