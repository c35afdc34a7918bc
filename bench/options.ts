import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** The rows to measure; all where empty. */
  rows: readonly string[];
  rounds: number;
  /** Short runs, to see that everything works: their figures mean nothing and are not kept. */
  isQuick: boolean;
  /** Looks at where the server's time goes instead of measuring it. */
  isProfile: boolean;
  /** The builds that lie there are measured, whatever they were made of. */
  isBuilt: boolean;
}

export const USAGE = `Usage: npm run bench -- [--row <name>]… [--rounds <n>] [--quick] [--profile] [--no-build]

  --row      only what measures this row; may be given again. Without it, every row
  --rounds   how often each case is measured; the median counts. Default 3
  --quick    short runs to see that it all works. Their figures mean nothing; nothing is written
  --no-build measures the builds that are there; for work on the benchmarks
  --profile  takes a CPU profile of the server while each case runs, once, and prints where its time
             goes. Profiling costs time itself, so its figures count for nothing

Rows:`;

const ROUNDS = 3;

/** @returns null when the command was used wrongly. */
export function readOptions(
  args: readonly string[],
  knownRows: readonly string[],
): BenchOptions | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        row: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        quick: { type: 'boolean' },
        profile: { type: 'boolean' },
        build: { type: 'boolean', default: true },
      },
    });
    const { row: rows = [], quick: isQuick = false, profile: isProfile = false, build } = values;
    const rounds = Number(values.rounds ?? (isQuick || isProfile ? 1 : ROUNDS));
    const isUsable = Number.isInteger(rounds) && rounds > 0;
    return isUsable && rows.every((row) => knownRows.includes(row))
      ? { rows, rounds, isQuick, isProfile, isBuilt: !build }
      : null;
  } catch {
    return null;
  }
}
