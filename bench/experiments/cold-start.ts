import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '#scripts/processes.ts';
import { type Bench, type Experiment, inRounds, type Row } from '../experiment.ts';
import { launch, waitForAnswer } from '../launch.ts';
import { ownRssBytes, treeOf } from '../process-usage.ts';
import { environmentOf, fillStore, withFolder } from '../servers.ts';
import { formatSpread, spreadOf } from '../statistics.ts';

const MIB = 2 ** 20;

/** `npm start` on an existing store until the first 200, and the memory of the idle server. */
export const coldStart: Experiment = {
  rows: ['cold-start'],

  async run(bench) {
    const { against } = bench;
    const cases = [
      { name: 'cold start', checkout: '.' },
      ...(against === null
        ? []
        : [{ name: `cold start, ${against.name}`, checkout: against.folder }]),
    ];
    const [ours = [], againstRounds] = await inRounds(bench, cases, ({ checkout }) =>
      measure(bench, checkout),
    );
    const summary =
      against === null || againstRounds === undefined
        ? null
        : { name: against.name, ...summarize(againstRounds) };
    return [rowOf(summarize(ours), summary)];
  },
};

async function measure(bench: Bench, checkout: string) {
  // The code cache of the server: see server/main.ts. Before 0.2.0 it was in the folder of Next's build.
  await rm(join(checkout, 'dist/compiled'), { recursive: true, force: true });
  await rm(join(checkout, '.next/compiled'), { recursive: true, force: true });
  return await withFolder(async (folder) => {
    const databaseUrl = `file:${join(folder, 'call-login.db')}`;
    fillStore(databaseUrl);
    const first = await startOnce(bench, folder, checkout, databaseUrl);
    const others = [];
    while (others.length < bench.sized(5, 1)) {
      others.push(await startOnce(bench, folder, checkout, databaseUrl));
    }
    return { first, others };
  });
}

async function startOnce(bench: Bench, folder: string, checkout: string, databaseUrl: string) {
  const port = await findFreePort();
  const startedAt = performance.now();
  const npm = await launch({
    command: 'npm',
    args: ['start'],
    cwd: checkout,
    // Nobody logs in, so nothing is sent to the vendor.
    env: environmentOf({ port, sandboxUrl: 'http://127.0.0.1:9', databaseUrl }),
    logPath: join(folder, 'npm-start.log'),
  });
  try {
    await waitForAnswer(npm, `http://127.0.0.1:${port}/api/health`);
    const firstAnswerMs = performance.now() - startedAt;
    await delay(bench.sized(10_000, 500));
    const all = treeOf(npm.pid).map((pid) => ownRssBytes(pid) / MIB);
    return {
      firstAnswerMs,
      /** Of the server's process, the last of the tree. */
      rssMib: all.at(-1) ?? 0,
      /** With npm and its shell. */
      treeRssMib: all.reduce((sum, mib) => sum + mib, 0),
    };
  } finally {
    // 0.1.0 has a shell between npm and the server, and npm passes SIGTERM on to the shell alone.
    for (const pid of treeOf(npm.pid).toReversed().slice(0, -1)) {
      process.kill(pid);
    }
    await delay(200);
    await npm.stop();
  }
}

function summarize(rounds: readonly Awaited<ReturnType<typeof measure>>[]) {
  const starts = rounds.flatMap(({ others }) => others);
  return {
    firstAnswerMs: spreadOf(starts.map((start) => start.firstAnswerMs)),
    afterBuildMs: spreadOf(rounds.map(({ first }) => first.firstAnswerMs)),
    rssMib: spreadOf(starts.map((start) => start.rssMib)),
    treeRssMib: spreadOf(starts.map((start) => start.treeRssMib)),
  };
}

type Summary = ReturnType<typeof summarize>;

function rowOf(ours: Summary, against: (Summary & { name: string }) | null): Row {
  const { firstAnswerMs, rssMib } = ours;
  const inWords = (summary: Summary) =>
    `${formatSpread(summary.firstAnswerMs, ' ms')}, ${formatSpread(summary.rssMib, ' MiB')}`;
  const more = ({ afterBuildMs, treeRssMib }: Summary) =>
    `the first start after a build ${formatSpread(afterBuildMs, ' ms')}, ` +
    `with npm itself ${formatSpread(treeRssMib, ' MiB')}`;
  return {
    name: 'cold-start',
    what: 'cold start, `npm start` to first 200, and memory while idle',
    target: '≤ 1.2 s, RSS ≤ 160 MiB',
    measured: inWords(ours),
    baselines: [
      more(ours),
      ...(against === null
        ? []
        : [`version ${against.name}: ${inWords(against)}; ${more(against)}`]),
    ].join('; '),
    isMet: firstAnswerMs.median <= 1_200 && rssMib.median <= 160,
    figures: { ...ours, against },
  };
}
