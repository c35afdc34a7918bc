import { setTimeout as delay } from 'node:timers/promises';
import { type Case, type Running, runCase } from '../case.ts';
import {
  type Bench,
  type Experiment,
  inRounds,
  Measurement,
  type Row,
  sayFailures,
} from '../experiment.ts';
import { fileLimitOf } from '../process-usage.ts';
import { formatSpread, percentile, type Spread, spreadOf } from '../statistics.ts';

const GIB = 2 ** 30;
/** Beside one connection for each browser: those to the vendor, the store, and a reserve. */
const OTHER_FILES = 500;

/**
 * Browsers that wait for a call which does not come: what they cost, and how soon one whose call
 * does come is in meanwhile. The same with a hundred, a thousand and ten thousand of them.
 */
export const waiting: Experiment = {
  rows: ['waiting', 'waiting-cost'],

  async run(bench) {
    const sizes = bench.sized([100, 1_000, 10_000], [20, 60, 200]);
    const cases = sizes.map((size) => {
      const name = `${size.toLocaleString('en')} waiting browsers`;
      const one: Case = {
        name,
        app: 'call-login',
        callbacks: 'on',
        // So that the first ones still wait when the last ones have come.
        env: { ATTEMPT_TTL_SECONDS: '600' },
      };
      return { size, measurement: new Measurement(name, () => measure(bench, one, size)) };
    });
    await inRounds(
      bench,
      cases.map(({ measurement }) => measurement),
    );
    return rowsOf(cases.map(({ size, measurement }) => summarize(size, measurement.rounds)));
  },
};

interface Measured {
  failures: readonly string[];
  rssBytes: number;
  /** Before the first of them came. */
  rssBeforeBytes: number;
  /** Of a core, while nothing happened. */
  idleCores: number;
  wokenMs: readonly number[];
}

async function measure(bench: Bench, one: Case, size: number): Promise<Measured> {
  return await runCase(bench, one, async (running) => {
    const { driver, site, servers } = running;
    const [server] = servers;
    const limit = Math.min(fileLimitOf(server.pid), fileLimitOf(driver.pid));
    if (limit < size + OTHER_FILES) {
      throw new Error(`a process may open ${limit} files, too few: raise \`ulimit -n\``);
    }
    const warmUp = await driver.arrivals({
      site,
      count: bench.sized(300, 5),
      perSecond: bench.sized(30, 5),
      dial: { minMs: 200, maxMs: 1_000 },
    });
    const rssBeforeBytes = await mostRss(running, bench.sized(5_000, 500));
    const came = await driver.wait({ site, count: size, atATime: 20 });
    // A poll is held for 25 s: after that, their ends are spread as they always will be.
    await delay(bench.sized(30_000, 1_000));
    const {
      result: rssBytes,
      cpuMs,
      wallMs,
    } = await running.measure(() => mostRss(running, bench.sized(50_000, 3_000)));
    const woken = await driver.wake({
      count: Math.min(size / 2, bench.sized(200, 10)),
      perSecond: 5,
    });
    const left = await driver.leave();
    sayFailures(bench, [...warmUp.failures, ...came.failures, ...woken.failures, ...left.failures]);
    return {
      failures: [...warmUp.failures, ...came.failures, ...woken.failures, ...left.failures],
      rssBytes,
      rssBeforeBytes,
      idleCores: cpuMs / wallMs,
      wokenMs: woken.logins.map(({ latencyMs }) => latencyMs),
    };
  });
}

/** The most memory the server held in a while in which nothing is asked of it here. */
async function mostRss(running: Running, ms: number): Promise<number> {
  const endAt = performance.now() + ms;
  let most = running.rssBytes();
  while (performance.now() < endAt) {
    await delay(500);
    most = Math.max(most, running.rssBytes());
  }
  return most;
}

interface Summary {
  size: number;
  rssBytes: Spread;
  rssBytesPerBrowser: Spread;
  idleCores: Spread;
  idleMicrosecondsPerBrowserSecond: Spread;
  wokenP50Ms: Spread;
  wokenP95Ms: Spread;
  failures: readonly string[];
}

function summarize(size: number, rounds: readonly Measured[]): Summary {
  const perRound = (measure: (round: Measured) => number) => spreadOf(rounds.map(measure));
  return {
    size,
    rssBytes: perRound((round) => round.rssBytes),
    rssBytesPerBrowser: perRound((round) => (round.rssBytes - round.rssBeforeBytes) / size),
    idleCores: perRound((round) => round.idleCores),
    idleMicrosecondsPerBrowserSecond: perRound((round) => (round.idleCores * 1e6) / size),
    wokenP50Ms: perRound((round) => percentile(round.wokenMs, 0.5)),
    wokenP95Ms: perRound((round) => percentile(round.wokenMs, 0.95)),
    failures: rounds.flatMap((round) => round.failures),
  };
}

interface Growth {
  from: number;
  times: number;
}

/**
 * How much more a browser costs where there are most of them than where there are fewest. A hundred
 * cost so little memory that a garbage collection hides it: then from the next larger number on.
 */
function growthOf(summaries: readonly Summary[], cost: (summary: Summary) => Spread): Growth {
  const first = summaries.find((summary) => cost(summary).median > 0);
  const most = summaries.at(-1);
  return first === undefined || most === undefined || first === most
    ? { from: Number.NaN, times: Number.NaN }
    : { from: first.size, times: cost(most).median / cost(first).median };
}

function inWords({ from, times }: Growth): string {
  return `${times.toFixed(2)}× from ${from.toLocaleString('en')}`;
}

function rowsOf(summaries: readonly Summary[]): Row[] {
  const [fewest] = summaries;
  const most = summaries.at(-1);
  if (fewest === undefined || most === undefined) {
    throw new Error('nothing was measured');
  }
  const size = most.size.toLocaleString('en');
  const percentOf = (spread: Spread) => spreadOf(spread.rounds.map((cores) => cores * 100));
  const mibOf = (spread: Spread) => spreadOf(spread.rounds.map((bytes) => bytes / 2 ** 20));
  const cpuGrowth = growthOf(summaries, (summary) => summary.idleMicrosecondsPerBrowserSecond);
  const rssGrowth = growthOf(summaries, (summary) => summary.rssBytesPerBrowser);
  return [
    {
      name: 'waiting',
      what: `${size} waiting browsers on one process, callbacks reaching us`,
      target:
        '0 errors, RSS ≤ 1 GiB, a woken login p95 ≤ 500 ms, CPU while nothing happens ≤ 50 % of a core',
      measured:
        `${most.failures.length} errors, RSS ${formatSpread(mibOf(most.rssBytes), ' MiB')}, ` +
        `woken p95 ${formatSpread(most.wokenP95Ms, ' ms')}, CPU ${formatSpread(percentOf(most.idleCores), ' %')}`,
      beside: '',
      isMet:
        most.failures.length === 0 &&
        most.rssBytes.median <= GIB &&
        most.wokenP95Ms.median <= 500 &&
        most.idleCores.median <= 0.5,
      figures: { summaries },
    },
    {
      name: 'waiting-cost',
      what: `cost per waiting browser from ${fewest.size} to ${size}`,
      target: 'flat: at most 1.5× as much',
      measured: `CPU ${inWords(cpuGrowth)}, RSS ${inWords(rssGrowth)}`,
      beside: summaries
        .map(
          (summary) =>
            `${summary.size.toLocaleString('en')}: ` +
            `${formatSpread(summary.idleMicrosecondsPerBrowserSecond, ' µs/s')}, ` +
            `${formatSpread(spreadOf(summary.rssBytesPerBrowser.rounds.map((bytes) => bytes / 1_024)), ' KiB')}`,
        )
        .join('; '),
      isMet: cpuGrowth.times <= 1.5 && rssGrowth.times <= 1.5,
      figures: { cpuGrowth, rssGrowth, summaries },
    },
  ];
}
