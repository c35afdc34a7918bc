/** `npm run bench`: measures call-login against the vendor's guide and an empty Next app. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { findCommit, provideBuild } from '#tests/support/build-of-ref.ts';
import type { Bench, Experiment, Row } from './experiment.ts';
import { backToBack } from './experiments/back-to-back.ts';
import { bigStore } from './experiments/big-store.ts';
import { coldStart } from './experiments/cold-start.ts';
import { firstLogins } from './experiments/first-logins.ts';
import { paced } from './experiments/paced.ts';
import { processes } from './experiments/processes.ts';
import { soak } from './experiments/soak.ts';
import { status } from './experiments/status.ts';
import { waiting } from './experiments/waiting.ts';
import { readSurroundings, type Surroundings } from './machine.ts';
import { readOptions, USAGE } from './options.ts';
import { writeReport } from './report.ts';
import { buildApps } from './servers.ts';

const experiments: readonly Experiment[] = [
  paced,
  status,
  backToBack,
  waiting,
  processes,
  coldStart,
  firstLogins,
  soak,
  bigStore,
];
const RESULTS = 'bench/results';

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Exiting ends the processes that were started: see `launch`.
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
  const against = options.against === null ? null : await findCommit(options.against);
  if (options.against !== null && against === null) {
    console.error(`git does not know ${options.against}`);
    return 2;
  }
  const isWanted = (row: string) => options.rows.length === 0 || options.rows.includes(row);
  const say = (text: string) => console.error(text);
  if (!options.isBuilt) {
    say('building');
    buildApps();
  }
  const profiles: { name: string; text: string }[] = [];
  const bench: Bench = {
    options,
    against:
      against === null ? null : { name: against.slice(0, 7), folder: await provideBuild(against) },
    sized: (full, quick) => (options.isQuick ? quick : full),
    say,
    keepProfile: (name, text) => profiles.push({ name, text }),
    otherCores: [],
  };
  const surroundings = readSurroundings();
  const isRecord = !options.isQuick && !options.isProfile && !options.isBuilt;
  const rows: Row[] = [];
  let failures = 0;
  for (const experiment of experiments.filter((each) => each.rows.some(isWanted))) {
    say(experiment.rows.join(', '));
    try {
      rows.push(...(await experiment.run(bench)).filter(({ name }) => isWanted(name)));
    } catch (error) {
      // The other experiments may still succeed.
      failures += 1;
      console.error(error);
    }
    if (isRecord) {
      // After each experiment, so that a later crash loses little.
      writeRecord(surroundings, bench, rows);
    }
  }
  if (isRecord && options.rows.length === 0 && failures === 0) {
    removeOtherRecords(recordName(surroundings));
  }
  console.log(writeReport(surroundings, bench, rows));
  for (const { name, text } of profiles) {
    console.log(`Self time of the server's functions, of its busy time: ${name}\n\n${text}\n`);
  }
  return failures === 0 ? 0 : 1;
}

function recordName({ date }: Surroundings): string {
  return date.slice(0, 16).replace(':', '-');
}

function writeRecord(surroundings: Surroundings, bench: Bench, rows: readonly Row[]): void {
  const { options, otherCores } = bench;
  const path = `${RESULTS}/${recordName(surroundings)}`;
  const record = { ...surroundings, options, otherCores, rows };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${path}.md`, writeReport(surroundings, bench, rows));
  writeFileSync(`${path}.json`, `${JSON.stringify(record, null, 2)}\n`);
}

/** A whole run replaces the records before it. */
function removeOtherRecords(kept: string): void {
  for (const file of readdirSync(RESULTS)) {
    if (/^\d{4}-\d\d-\d\dT/.test(file) && !file.startsWith(kept)) {
      rmSync(`${RESULTS}/${file}`);
    }
  }
}
