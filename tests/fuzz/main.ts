/** `npm run fuzz`: property-based tests with a time budget. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { repeatRun, runCampaign, type Tally } from './campaign.ts';
import { describeFinding, jsonOf, tableOf } from './report.ts';
import type { Target } from './target.ts';
import { targets } from './targets.ts';

const USAGE = `Usage: npm run fuzz -- [--minutes <n>] [--seed <n>] [--run <n>] [--json] [target …]

  --minutes   duration, shared among the targets; default 5
  --seed      repeats the runs of an earlier campaign; default random
  --run       repeats one run of one target
  --json      prints the result as JSON

Targets (default: all):
${targets.map(({ name, holds }) => `  ${name.padEnd(18)} ${holds}`).join('\n')}

Exit code: 0 nothing found, 1 something found, 2 wrong usage.`;

const SEED_LIMIT = 2 ** 31;
const PROGRESS_INTERVAL_MS = 30_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const given = readArguments(args);
  if (given === null) {
    console.error(USAGE);
    return 2;
  }
  const { seed, minutes, run, isJson, chosen } = given;
  // Progress goes to standard error, so that standard output has only the table or the JSON.
  console.error(`seed ${seed}, ${minutes} minutes, ${chosen.map(({ name }) => name).join(' ')}`);

  const [only] = chosen;
  const tallies =
    run !== null && only !== undefined
      ? [await repeatRun(only, seed, run)]
      : await runCampaign({
          targets: chosen,
          seed,
          budgetMs: minutes * 60_000,
          signal: interrupted(),
          onTurn: reportProgress(seed),
        });

  console.log(isJson ? JSON.stringify(jsonOf(tallies, seed)) : `\n${tableOf(tallies)}`);
  const found = tallies.filter(({ finding }) => finding !== null);
  if (run !== null) {
    found.forEach((tally) => void console.error(`\n${describeFinding(tally, seed)}`));
  }
  console.error(`\nseed ${seed}: ${found.length === 0 ? 'nothing' : found.length} found`);
  return found.length === 0 ? 0 : 1;
}

/** Aborted by the first Ctrl-C; a second one ends the process. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  return controller.signal;
}

function reportProgress(seed: number): (tally: Tally) => void {
  const lastAt = new Map<Target, number>();
  return (tally) => {
    if (tally.finding !== null) {
      console.error(`\n${describeFinding(tally, seed)}\n`);
      return;
    }
    const now = performance.now();
    if (now - (lastAt.get(tally.target) ?? Number.NEGATIVE_INFINITY) >= PROGRESS_INTERVAL_MS) {
      lastAt.set(tally.target, now);
      console.error(`${tally.target.name}: ${tally.runs.toLocaleString('en')} runs so far`);
    }
  };
}

interface Arguments {
  seed: number;
  minutes: number;
  run: number | null;
  isJson: boolean;
  chosen: Target[];
}

/** @returns null on wrong usage. */
function readArguments(args: string[]): Arguments | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: {
        minutes: { type: 'string', default: '5' },
        seed: { type: 'string', default: String(randomInt(SEED_LIMIT)) },
        run: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    });
    const chosen = targets.filter(
      ({ name }) => positionals.length === 0 || positionals.includes(name),
    );
    const isKnown = positionals.every((name) => chosen.some((target) => target.name === name));
    const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
    const run = values.run === undefined ? null : Number(values.run);
    const isValid =
      isKnown &&
      Number.isSafeInteger(seed) &&
      minutes > 0 &&
      (run === null || (Number.isSafeInteger(run) && run >= 0 && chosen.length === 1));
    return isValid ? { seed, minutes, run, isJson: values.json, chosen } : null;
  } catch {
    return null;
  }
}
