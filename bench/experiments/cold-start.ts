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
    return [rowOf(measurement.rounds.flat())];
  },
};

interface Measured {
  firstAnswerMs: number;
  /** Of the server's own process; npm and its shell, which wait beside it, hold more. */
  rssBytes: number;
  treeRssBytes: number;
}

async function measure(bench: Bench, starts: number): Promise<Measured[]> {
  return await withFolder(async (folder) => {
    const databaseUrl = `file:${join(folder, 'call-login.db')}`;
    fillStore(databaseUrl);
    // The first one finds nothing of it in the disk cache, as after the machine has started.
    const all: Measured[] = [];
    for (let index = 0; index <= starts; index += 1) {
      all.push(await startOnce(bench, folder, databaseUrl));
    }
    return all.slice(1);
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

function rowOf(starts: readonly Measured[]): Row {
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
    beside: `with npm itself, which waits beside it: ${formatSpread(treeRssMib, ' MiB')}`,
    isMet: firstAnswerMs.median <= 1_200 && rssMib.median <= 160,
    figures: { firstAnswerMs, rssMib, treeRssMib },
  };
}
