import type { BenchOptions } from './options.ts';

/** One row of the table: what was to be reached, and what was measured. */
export interface Row {
  name: string;
  what: string;
  /** What the project set itself, in words. */
  target: string;
  measured: string;
  /** What it is compared with: the guide's port, or what Next alone costs. */
  beside: string;
  isMet: boolean;
  /** The figures behind it, for who wants to reckon with them. */
  figures: Readonly<Record<string, unknown>>;
}

/** What a run measures together, since the same processes answer it. */
export interface Experiment {
  /** The names of the rows it makes. */
  rows: readonly string[];
  run(bench: Bench): Promise<Row[]>;
}

/** What an experiment needs to know of the run it is part of. */
export interface Bench {
  options: BenchOptions;
  /** One of the two, by whether this is a quick run. */
  sized<T>(full: T, quick: T): T;
  /** A line for whoever waits. */
  say(text: string): void;
  /** Takes where a case's time went, when this run profiles. */
  keepProfile(name: string, text: string): void;
}

/** One case of an experiment, and what its rounds have measured so far. */
export class Measurement<T> {
  readonly name: string;
  readonly #measure: () => Promise<T>;
  readonly rounds: T[] = [];

  constructor(name: string, measure: () => Promise<T>) {
    this.name = name;
    this.#measure = measure;
  }

  async runRound(): Promise<void> {
    this.rounds.push(await this.#measure());
  }
}

/**
 * Measures each case once per round, in fresh processes, with the order turned from round to round:
 * what the machine does meanwhile falls on all of them alike.
 */
export async function inRounds(
  bench: Bench,
  cases: readonly Pick<Measurement<unknown>, 'name' | 'runRound'>[],
): Promise<void> {
  for (let round = 0; round < bench.options.rounds; round += 1) {
    for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
      bench.say(`  round ${round + 1} of ${bench.options.rounds}: ${one.name}`);
      await one.runRound();
    }
  }
}

/** Tells what went wrong, each kind once, where anything did. */
export function sayFailures(bench: Bench, failures: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const failure of failures) {
    counts.set(failure, (counts.get(failure) ?? 0) + 1);
  }
  for (const [failure, count] of [...counts].slice(0, MOST_KINDS)) {
    bench.say(`    ${count} × ${failure}`);
  }
}

const MOST_KINDS = 10;
