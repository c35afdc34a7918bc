import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** The rows to measure; all if empty. */
  rows: readonly string[];
  rounds: number;
  /** Another version to measure too, as a git ref. */
  against: string | null;
  /** Short runs that show whether everything works. Their figures mean nothing and are not kept. */
  isQuick: boolean;
  /** Profiles the server while it is measured. The figures are not kept. */
  isProfile: boolean;
  /** Uses the existing builds, which may be of other code. */
  isBuilt: boolean;
}

export const USAGE = `Usage: npm run bench -- [--row <name>]… [--rounds <n>] [--against <git ref>]
                        [--quick] [--profile] [--no-build]

  --row      measures this row only; may be repeated. Default: every row
  --rounds   how often each case is measured. Default 3
  --against  measures this version of the repository too, with the packages of this one, in the same
             rounds: rows status, back-to-back and cold-start
  --quick    short runs that show whether everything works. Their figures mean nothing; nothing is written
  --no-build uses the existing builds, for work on the benchmarks; nothing is written
  --profile  prints a CPU profile of the server for each case, one round. Profiling costs time itself:
             nothing is written

Rows:`;

const ROUNDS = 3;

/** @returns null on a usage error. */
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
        against: { type: 'string' },
        quick: { type: 'boolean' },
        profile: { type: 'boolean' },
        build: { type: 'boolean', default: true },
      },
    });
    const { row: rows = [], against = null, quick = false, profile = false, build } = values;
    const rounds = Number(values.rounds ?? (quick || profile ? 1 : ROUNDS));
    const isUsable = Number.isInteger(rounds) && rounds > 0;
    return isUsable && rows.every((row) => knownRows.includes(row))
      ? { rows, rounds, against, isQuick: quick, isProfile: profile, isBuilt: !build }
      : null;
  } catch {
    return null;
  }
}
