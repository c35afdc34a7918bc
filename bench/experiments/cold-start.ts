import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '#scripts/processes.ts';
import { type Bench, type Experiment, inRounds, Measurement, type Row } from '../experiment.ts';
import { launch, waitForAnswer } from '../launch.ts';
import { ownRssBytes, treeOf } from '../process-usage.ts';
import { environmentOf, fillStore, withFolder } from '../servers.ts';
import { formatSpread, spreadOf } from '../statistics.ts';

/** `npm start` on a store that is there, until the first 200, and what it holds while idle. */
export const coldStart: Experiment = {
  rows: ['cold-start'],

  async run(bench) {
    const starts = bench.sized(5, 1);
    const measurement = new Measurement(`${starts} starts`, () => measure(bench, starts));
    await inRounds(bench, [measurement]);
    return [rowOf(measurement.rounds)];
  },
};

interface Measured {
  firstAnswerMs: number;
  /** Of the server's own process; npm and its shell, which wait beside it, hold more. */
  rssBytes: number;
  treeRssBytes: number;
}

interface Round {
  /** With nothing compiled beside the build: see scripts/start.mjs. */
  first: Measured;
  others: Measured[];
}

async function measure(bench: Bench, starts: number): Promise<Round> {
  await rm('.next/compiled', { recursive: true, force: true });
  return await withFolder(async (folder) => {
    const databaseUrl = `file:${join(folder, 'call-login.db')}`;
    fillStore(databaseUrl);
    const first = await startOnce(bench, folder, databaseUrl);
    const others: Measured[] = [];
    while (others.length < starts) {
      others.push(await startOnce(bench, folder, databaseUrl));
    }
    return { first, others };
  });
}

async function startOnce(bench: Bench, folder: string, databaseUrl: string): Promise<Measured> {
  const port = await findFreePort();
  const startedAt = performance.now();
  const npm = await launch({
    command: 'npm',
    args: ['start'],
    // The vendor is not asked before somebody logs in.
    env: environmentOf({ port, sandboxUrl: 'http://127.0.0.1:9', databaseUrl }),
    logPath: join(folder, 'npm-start.log'),
  });
  try {
    await waitForAnswer(npm, `http://127.0.0.1:${port}/api/health`);
    const firstAnswerMs = performance.now() - startedAt;
    await delay(bench.sized(10_000, 500));
    const all = treeOf(npm.pid).map((pid) => ownRssBytes(pid));
    return {
      firstAnswerMs,
      rssBytes: ownRssBytes(treeOf(npm.pid).at(-1) ?? npm.pid),
      treeRssBytes: all.reduce((sum, bytes) => sum + bytes, 0),
    };
  } finally {
    await endTree(npm.pid);
    await npm.stop();
  }
}

/** The server first: npm would leave it behind. */
async function endTree(pid: number): Promise<void> {
  for (const each of treeOf(pid).toReversed().slice(0, -1)) {
    process.kill(each);
  }
  await delay(200);
}

function rowOf(rounds: readonly Round[]): Row {
  const starts = rounds.flatMap(({ others }) => others);
  const afterBuildMs = spreadOf(rounds.map(({ first }) => first.firstAnswerMs));
  const firstAnswerMs = spreadOf(starts.map((start) => start.firstAnswerMs));
  const mib = (bytes: (start: Measured) => number) =>
    spreadOf(starts.map((start) => bytes(start) / 2 ** 20));
  const rssMib = mib((start) => start.rssBytes);
  const treeRssMib = mib((start) => start.treeRssBytes);
  return {
    name: 'cold-start',
    what: 'cold start, `npm start` to first 200, and memory while idle',
    target: '≤ 1.2 s, RSS ≤ 160 MiB',
    measured: `${formatSpread(firstAnswerMs, ' ms')}, ${formatSpread(rssMib, ' MiB')}`,
    beside:
      `the first start after a build: ${formatSpread(afterBuildMs, ' ms')}; ` +
      `with npm itself, which waits beside it: ${formatSpread(treeRssMib, ' MiB')}`,
    isMet: firstAnswerMs.median <= 1_200 && rssMib.median <= 160,
    figures: { firstAnswerMs, afterBuildMs, rssMib, treeRssMib },
  };
}
