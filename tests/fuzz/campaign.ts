import { createHash } from 'node:crypto';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Finding, OpenTarget, Target } from './target.ts';

/** A run over several targets, which alternate until the time is up. */
export interface Campaign {
  targets: readonly Target[];
  seed: number;
  budgetMs: number;
  signal: AbortSignal;
  /** Called after each turn of a target. */
  onTurn?: (tally: Tally) => void;
}

/** The progress of one target. */
export interface Tally {
  target: Target;
  runs: number;
  ms: number;
  /** The first finding; the target gets no further turns after it. */
  finding: (Finding & { run: number }) | null;
}

/** The length of a target's turn, per share. */
const TURN_MS = 5_000;

/** Runs the targets in turns, so that an interrupted run has covered each of them. */
export async function runCampaign(campaign: Campaign): Promise<Tally[]> {
  const { targets, seed, budgetMs, signal, onTurn } = campaign;
  const tallies = targets.map((target): Tally => ({ target, runs: 0, ms: 0, finding: null }));
  const opened = new Map<Tally, OpenTarget>();
  const nextBatch = new Map<Tally, number>();
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const turnMs = Math.min(TURN_MS, budgetMs / shares);
  const until = performance.now() + budgetMs;
  const isOver = () => signal.aborted || performance.now() >= until;

  try {
    while (!isOver() && tallies.some(({ finding }) => finding === null)) {
      for (const tally of tallies.filter(({ finding }) => finding === null)) {
        const { target } = tally;
        const open = opened.get(tally) ?? (await target.open());
        opened.set(tally, open);
        const startedAt = performance.now();
        const turnUntil = Math.min(until, startedAt + turnMs * target.share);
        while (performance.now() < turnUntil && !signal.aborted && tally.finding === null) {
          const batch = nextBatch.get(tally) ?? 0;
          nextBatch.set(tally, batch + 1);
          const { runs, finding } = await open.run({
            seed: seedOf(seed, target, batch),
            runs: target.batchSize,
            timeLimitMs: Math.max(1, turnUntil - performance.now()),
            signal,
          });
          tally.runs += runs;
          tally.finding =
            finding === null ? null : { ...finding, run: batch * target.batchSize + finding.index };
          // Lets a pending SIGINT be handled when the target does no I/O.
          await yieldToEventLoop();
        }
        tally.ms += performance.now() - startedAt;
        onTurn?.(tally);
      }
    }
  } finally {
    await Promise.all([...opened.values()].map((open) => open.close()));
  }
  return tallies;
}

/** Repeats one run of a target by its number in the campaign with this seed. */
export async function repeatRun(target: Target, seed: number, run: number): Promise<Tally> {
  const open = await target.open();
  const startedAt = performance.now();
  try {
    const { runs, finding } = await open.run({
      seed: seedOf(seed, target, Math.floor(run / target.batchSize)),
      runs: 1,
      skip: run % target.batchSize,
    });
    const ms = performance.now() - startedAt;
    return { target, runs, ms, finding: finding === null ? null : { ...finding, run } };
  } finally {
    await open.close();
  }
}

/** A seed for each batch, so that a target runs the same alone and among others. */
function seedOf(seed: number, target: Target, batch: number): number {
  return createHash('sha256').update(`${seed} ${target.name} ${batch}`).digest().readInt32BE();
}
