/** `npm run bench`: measures call-login against the vendor's guide and against Next alone. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Bench, Experiment, Row } from './experiment.ts';
import { backToBack } from './experiments/back-to-back.ts';
import { bigStore } from './experiments/big-store.ts';
import { coldStart } from './experiments/cold-start.ts';
import { paced } from './experiments/paced.ts';
import { processes } from './experiments/processes.ts';
import { soak } from './experiments/soak.ts';
import { status } from './experiments/status.ts';
import { waiting } from './experiments/waiting.ts';
import { readSurroundings, type Surroundings } from './machine.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { writeReport } from './report.ts';
import { updateScaling } from './scaling.ts';
import { buildApps } from './servers.ts';

const experiments: readonly Experiment[] = [
  paced,
  status,
  backToBack,
  waiting,
  bigStore,
  processes,
  coldStart,
  soak,
];
const RESULTS = 'bench/results';

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // With it end the processes it has started.
  process.once(signal, () => process.exit(1));
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const knownRows = experiments.flatMap(({ rows }) => rows);
  const options = readOptions(args, knownRows);
  if (options === null) {
    console.error([USAGE, ...knownRows.map((row) => `  ${row}`)].join('\n'));
    return 2;
  }
  const isWanted = (row: string) => options.rows.length === 0 || options.rows.includes(row);
  const profiles: { name: string; text: string }[] = [];
  const bench: Bench = {
    options,
    sized: (full, quick) => (options.isQuick ? quick : full),
    say: (text) => console.error(text),
    keepProfile: (name, text) => profiles.push({ name, text }),
  };

  if (!options.isBuilt) {
    bench.say('building');
    buildApps();
  }
  const surroundings = readSurroundings();
  // What a quick or profiled run says of speed is worth nothing: it must not be taken for a record.
  const isRecord = !options.isQuick && !options.isProfile && !options.isBuilt;
  const rows: Row[] = [];
  let failures = 0;
  for (const experiment of experiments.filter((each) => each.rows.some(isWanted))) {
    bench.say(experiment.rows.join(', '));
    try {
      rows.push(...(await experiment.run(bench)).filter(({ name }) => isWanted(name)));
    } catch (error) {
      // The others may still be had.
      failures += 1;
      console.error(error);
    }
    if (isRecord) {
      keep(surroundings, options, rows);
    }
  }

  if (isRecord) {
    updateScaling();
  }
  console.log(writeReport(surroundings, options, rows));
  for (const { name, text } of profiles) {
    console.log(`Where the server's time went, of the time it was busy: ${name}\n\n${text}\n`);
  }
  return failures === 0 ? 0 : 1;
}

/** Writes what has been measured so far; an hour's work is not to be lost with its last minute. */
function keep(surroundings: Surroundings, options: BenchOptions, rows: readonly Row[]): void {
  const path = `${RESULTS}/${surroundings.date.slice(0, 16).replace(':', '-')}`;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${path}.md`, writeReport(surroundings, options, rows));
  writeFileSync(`${path}.json`, `${JSON.stringify({ ...surroundings, options, rows }, null, 2)}\n`);
}
