import type { BenchOptions } from './options.ts';
import { cpuMsOf, machineCpuMs } from './process-usage.ts';

/** One row of the report. */
export interface Row {
  name: string;
  what: string;
  /** The target, in words. */
  target: string;
  measured: string;
  /** What it is compared with: the baselines, and the version of `--against`. */
  baselines: string;
  isMet: boolean;
  /** The figures behind the words, for the JSON file. */
  figures: Readonly<Record<string, unknown>>;
}

/** Rows that are measured together, on the same processes. */
export interface Experiment {
  /** The names of its rows. */
  rows: readonly string[];
  run(bench: Bench): Promise<Row[]>;
}

/** The run that an experiment is part of. */
export interface Bench {
  options: BenchOptions;
  /** The version to measure beside this one: its short commit hash, and its built checkout. */
  against: { name: string; folder: string } | null;
  /** The first value, or the second in a quick run. */
  sized<T>(full: T, quick: T): T;
  /** Prints progress. */
  say(text: string): void;
  keepProfile(name: string, text: string): void;
  /** The CPU that processes other than ours used during each round of each case, in cores. */
  otherCores: { name: string; cores: number }[];
}

/**
 * Measures each case once per round, in reverse order in every second round, so that a slow phase of
 * the machine falls on all cases.
 *
 * @returns the rounds of each case, in the order of `cases`.
 */
export async function inRounds<Case extends { name: string }, T>(
  bench: Bench,
  cases: readonly Case[],
  measure: (one: Case) => Promise<T>,
): Promise<T[][]> {
  const measured = cases.map((one) => ({ one, rounds: [] as T[] }));
  for (let round = 0; round < bench.options.rounds; round += 1) {
    for (const { one, rounds } of round % 2 === 0 ? measured : measured.toReversed()) {
      bench.say(`  round ${round + 1} of ${bench.options.rounds}: ${one.name}`);
      const before = { at: performance.now(), otherMs: otherCpuMs() };
      rounds.push(await measure(one));
      const cores = (otherCpuMs() - before.otherMs) / (performance.now() - before.at);
      bench.otherCores.push({ name: one.name, cores });
    }
  }
  return measured.map(({ rounds }) => rounds);
}

/** CPU time used by everything but this process and those it has started, in milliseconds. */
function otherCpuMs(): number {
  return machineCpuMs() - cpuMsOf(process.pid);
}

const MAX_KINDS = 10;

/** Prints each kind of failure once, with its count. */
export function sayFailures(bench: Bench, failures: readonly string[]): void {
  const counts = Map.groupBy(failures, (failure) => failure);
  for (const [failure, { length }] of [...counts].slice(0, MAX_KINDS)) {
    bench.say(`    ${length} × ${failure}`);
  }
}
