import { setTimeout as delay } from 'node:timers/promises';
import { type Case, type Running, runCase } from '../case.ts';
import { type Bench, type Experiment, inRounds, type Row, sayFailures } from '../experiment.ts';
import { fileLimitOf } from '../process-usage.ts';
import { formatSpread, percentile, type Spread, spreadsOf } from '../statistics.ts';

/** Files beside one connection per browser: connections to vendor and store, and a reserve. */
const OTHER_FILES = 500;

/** The cost of browsers that wait for a call, and the latency of a login meanwhile. */
export const waiting: Experiment = {
  rows: ['waiting', 'waiting-cost'],

  async run(bench) {
    const cases = bench.sized([1_000, 10_000], [60, 200]).map((size) => ({
      name: `${size.toLocaleString('en')} waiting browsers`,
      size,
    }));
    const rounds = await inRounds(bench, cases, (one) => measure(bench, one));
    return rowsOf(cases.map(({ size }, index) => summarize(size, rounds[index] ?? [])));
  },
};

async function measure(bench: Bench, { name, size }: { name: string; size: number }) {
  const one: Case = {
    name,
    app: 'call-login',
    callbacks: 'on',
    // The first attempts must still be live when the last browsers have started.
    env: { ATTEMPT_TTL_SECONDS: '600' },
  };
  return await runCase(bench, one, async (running) => {
    const { driver, site, servers } = running;
    const [server] = servers;
    const limit = Math.min(fileLimitOf(server.pid), fileLimitOf(driver.pid));
    if (limit < size + OTHER_FILES) {
      throw new Error(`a process may open ${limit} files, too few: raise \`ulimit -n\``);
    }
    const warmUp = await driver.run('arrivals', {
      site,
      count: bench.sized(300, 5),
      perSecond: bench.sized(30, 5),
      dial: { minMs: 200, maxMs: 1_000 },
    });
    const rssBefore = await maxRss(running, bench.sized(5_000, 500));
    const opened = await driver.run('wait', { site, count: size, concurrency: 20 });
    // Polls are held for 25 s: after that, their renewals are spread evenly.
    await delay(bench.sized(30_000, 1_000));
    const cost = await running.measure(() => maxRss(running, bench.sized(30_000, 3_000)));
    const woken = await driver.run('wake', {
      count: Math.min(size / 2, bench.sized(200, 10)),
      perSecond: 10,
    });
    const left = await driver.run('leave', {});
    const failures = [warmUp, opened, woken, left].flatMap((each) => each.failures);
    sayFailures(bench, failures);
    const wokenMs = woken.logins.map(({ latencyMs }) => latencyMs);
    return {
      failures,
      rssMib: cost.result / 2 ** 20,
      rssKibPerBrowser: (cost.result - rssBefore) / 1_024 / size,
      /** CPU while no browser starts or is called. */
      idlePercent: (100 * cost.cpuMs) / cost.wallMs,
      idleMicrosecondsPerBrowserSecond: ((cost.cpuMs / cost.wallMs) * 1e6) / size,
      wokenP50Ms: percentile(wokenMs, 0.5),
      wokenP95Ms: percentile(wokenMs, 0.95),
    };
  });
}

/** The maximum resident memory of the server over `ms`, in bytes. */
async function maxRss(running: Running, ms: number): Promise<number> {
  const endAt = performance.now() + ms;
  let max = running.rssBytes();
  while (performance.now() < endAt) {
    await delay(500);
    max = Math.max(max, running.rssBytes());
  }
  return max;
}

const FIGURES = [
  'rssMib',
  'rssKibPerBrowser',
  'idlePercent',
  'idleMicrosecondsPerBrowserSecond',
  'wokenP50Ms',
  'wokenP95Ms',
] as const;

function summarize(size: number, rounds: readonly Awaited<ReturnType<typeof measure>>[]) {
  const failures = rounds.flatMap((round) => round.failures);
  return { size, ...spreadsOf(rounds, FIGURES), failures };
}

type Summary = ReturnType<typeof summarize>;

interface Growth {
  from: number;
  factor: number;
}

/**
 * How much more a browser costs at the largest size than at the smallest. The memory of a hundred is
 * less than what a garbage collection frees: sizes with a cost below 0 are skipped.
 */
function growthOf(summaries: readonly Summary[], costOf: (summary: Summary) => Spread): Growth {
  const first = summaries.find((summary) => costOf(summary).median > 0);
  const last = summaries.at(-1);
  return first === undefined || last === undefined || first === last
    ? { from: Number.NaN, factor: Number.NaN }
    : { from: first.size, factor: costOf(last).median / costOf(first).median };
}

function rowsOf(summaries: readonly Summary[]): Row[] {
  const [smallest] = summaries;
  const largest = summaries.at(-1);
  if (smallest === undefined || largest === undefined) {
    throw new Error('nothing was measured');
  }
  const count = (value: number) => value.toLocaleString('en');
  const inWords = ({ from, factor }: Growth) => `${factor.toFixed(2)}× from ${count(from)}`;
  const cpuGrowth = growthOf(summaries, (summary) => summary.idleMicrosecondsPerBrowserSecond);
  const rssGrowth = growthOf(summaries, (summary) => summary.rssKibPerBrowser);
  const costInWords = (summary: Summary) =>
    `${count(summary.size)}: ` +
    `${formatSpread(summary.idleMicrosecondsPerBrowserSecond, ' µs/s')}, ` +
    `${formatSpread(summary.rssKibPerBrowser, ' KiB')}`;
  return [
    {
      name: 'waiting',
      what: `${count(largest.size)} waiting browsers on one process, callbacks reaching us`,
      target:
        '0 errors, RSS ≤ 450 MiB, a login meanwhile p95 ≤ 100 ms, CPU without logins ≤ 20 % of a core',
      measured:
        `${largest.failures.length} errors, RSS ${formatSpread(largest.rssMib, ' MiB')}, ` +
        `login p95 ${formatSpread(largest.wokenP95Ms, ' ms')}, ` +
        `CPU ${formatSpread(largest.idlePercent, ' %')}`,
      baselines: '',
      isMet:
        largest.failures.length === 0 &&
        largest.rssMib.median <= 450 &&
        largest.wokenP95Ms.median <= 100 &&
        largest.idlePercent.median <= 20,
      figures: { summaries },
    },
    {
      name: 'waiting-cost',
      what: `cost per waiting browser from ${count(smallest.size)} to ${count(largest.size)}`,
      target: 'at most 1.5× as much',
      measured: `CPU ${inWords(cpuGrowth)}, RSS ${inWords(rssGrowth)}`,
      baselines: summaries.map(costInWords).join('; '),
      isMet: cpuGrowth.factor <= 1.5 && rssGrowth.factor <= 1.5,
      figures: { cpuGrowth, rssGrowth, summaries },
    },
  ];
}
