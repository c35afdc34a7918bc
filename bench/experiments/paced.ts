import { type Case, countSessions, type Running, runCase } from '../case.ts';
import type { LoginsResult } from '../driver/jobs.ts';
import {
  type Bench,
  type Experiment,
  inRounds,
  Measurement,
  type Row,
  sayFailures,
} from '../experiment.ts';
import { formatSpread, mean, percentile, type Spread, spreadOf } from '../statistics.ts';
import { countVendorRequests } from '../vendor-requests.ts';

/**
 * People who dial for 20 s, ten of them beginning each second: how soon they are in, how often the
 * browser and the vendor are troubled for it, and what it costs.
 */
export const paced: Experiment = {
  rows: [
    'latency',
    'latency-without-callbacks',
    'browser-requests',
    'vendor-requests',
    'cpu-per-login',
  ],

  async run(bench) {
    const withCallbacks = caseOf(bench, {
      name: 'paced, call-login, callbacks',
      app: 'call-login',
      callbacks: 'on',
    });
    const without = caseOf(bench, {
      name: 'paced, call-login, no callbacks',
      app: 'call-login',
      callbacks: 'off',
    });
    // Nothing in the guide listens to callbacks: without them, none is answered for nothing.
    const guide = caseOf(bench, {
      name: 'paced, guide port',
      app: 'guide-port',
      callbacks: 'off',
    });
    await inRounds(bench, [withCallbacks, without, guide]);
    return rowsOf(
      summarize(withCallbacks.rounds),
      summarize(without.rounds),
      summarize(guide.rounds),
    );
  },
};

interface Measured {
  logins: LoginsResult['logins'];
  failures: readonly string[];
  /** Logins the browsers know of less those the store knows of; other than 0, one is lost or double. */
  difference: number;
  vendorRequests: number;
  cpuMs: number;
}

function caseOf(bench: Bench, one: Case): Measurement<Measured> {
  return new Measurement(one.name, () => measure(bench, one));
}

async function measure(bench: Bench, one: Case): Promise<Measured> {
  return await runCase(bench, one, async (running) => {
    const { driver, site, sandbox, databaseUrl } = running;
    const warmUp = await warm(bench, running);
    const vendorRequestsBefore = await countVendorRequests(sandbox.url);
    const { result, cpuMs } = await running.measure(() =>
      driver.arrivals({
        site,
        count: bench.sized(200, 6),
        perSecond: bench.sized(10, 3),
        dial: bench.sized({ minMs: 19_000, maxMs: 21_000 }, { minMs: 2_500, maxMs: 3_500 }),
      }),
    );
    const all = warmUp.logins.length + result.logins.length;
    sayFailures(bench, [...warmUp.failures, ...result.failures]);
    return {
      logins: result.logins,
      failures: [...warmUp.failures, ...result.failures],
      difference: one.app === 'call-login' ? all - countSessions(databaseUrl) : 0,
      vendorRequests: (await countVendorRequests(sandbox.url)) - vendorRequestsBefore,
      cpuMs,
    };
  });
}

/** Logins before those that count: the code is compiled, and the server knows its vendor. */
async function warm(bench: Bench, { driver, site }: Running): Promise<LoginsResult> {
  return await driver.arrivals({
    site,
    count: bench.sized(300, 5),
    perSecond: bench.sized(30, 5),
    dial: { minMs: 200, maxMs: 1_000 },
  });
}

interface Summary {
  p50Ms: Spread;
  p95Ms: Spread;
  browserRequests: Spread;
  vendorRequests: Spread;
  cpuMsPerLogin: Spread;
  logins: number;
  failures: readonly string[];
  difference: number;
}

function summarize(rounds: readonly Measured[]): Summary {
  const perRound = (measure: (round: Measured) => number) => spreadOf(rounds.map(measure));
  const latencies = (round: Measured) => round.logins.map(({ latencyMs }) => latencyMs);
  return {
    p50Ms: perRound((round) => percentile(latencies(round), 0.5)),
    p95Ms: perRound((round) => percentile(latencies(round), 0.95)),
    browserRequests: perRound((round) => mean(round.logins.map(({ requests }) => requests))),
    vendorRequests: perRound((round) => round.vendorRequests / round.logins.length),
    cpuMsPerLogin: perRound((round) => round.cpuMs / round.logins.length),
    logins: rounds.reduce((sum, round) => sum + round.logins.length, 0),
    failures: rounds.flatMap((round) => round.failures),
    difference: rounds.reduce((sum, round) => sum + Math.abs(round.difference), 0),
  };
}

function rowsOf(withCallbacks: Summary, without: Summary, guide: Summary): Row[] {
  const isWhole = (summary: Summary) => summary.failures.length === 0 && summary.difference === 0;
  const latency = ({ p50Ms, p95Ms }: Summary) =>
    `p50 ${formatSpread(p50Ms, ' ms')}, p95 ${formatSpread(p95Ms, ' ms')}`;
  const cpuRatio = withCallbacks.cpuMsPerLogin.median / guide.cpuMsPerLogin.median;
  return [
    {
      name: 'latency',
      what: 'vendor verified → browser logged in, callbacks reaching us',
      target: 'p50 ≤ 100 ms, p95 ≤ 300 ms',
      measured: latency(withCallbacks),
      beside: `guide port: ${latency(guide)}`,
      isMet:
        isWhole(withCallbacks) &&
        withCallbacks.p50Ms.median <= 100 &&
        withCallbacks.p95Ms.median <= 300,
      figures: { withCallbacks, guide },
    },
    {
      name: 'latency-without-callbacks',
      what: 'the same without callbacks',
      target: 'p95 ≤ 2.5 s',
      measured: latency(without),
      beside: `guide port: ${latency(guide)}`,
      isMet: isWhole(without) && without.p95Ms.median <= 2_500,
      figures: { without, guide },
    },
    {
      name: 'browser-requests',
      what: 'browser requests to our API for a login with a 20 s dial',
      target: '≤ 4',
      measured: formatSpread(withCallbacks.browserRequests, '', 1),
      beside: `guide port: ${formatSpread(guide.browserRequests, '', 1)}`,
      isMet: isWhole(withCallbacks) && withCallbacks.browserRequests.median <= 4,
      figures: { withCallbacks: withCallbacks.browserRequests, guide: guide.browserRequests },
    },
    {
      name: 'vendor-requests',
      what: 'vendor requests for the same',
      target: 'with callbacks ≤ 4; without, no more than the guide port',
      measured: `with ${formatSpread(withCallbacks.vendorRequests, '', 1)}, without ${formatSpread(without.vendorRequests, '', 1)}`,
      beside: `guide port: ${formatSpread(guide.vendorRequests, '', 1)}`,
      isMet:
        isWhole(withCallbacks) &&
        isWhole(without) &&
        withCallbacks.vendorRequests.median <= 4 &&
        without.vendorRequests.median <= guide.vendorRequests.median,
      figures: {
        withCallbacks: withCallbacks.vendorRequests,
        without: without.vendorRequests,
        guide: guide.vendorRequests,
      },
    },
    {
      name: 'cpu-per-login',
      what: 'CPU per login with a 20 s dial, against the guide port',
      target: '≤ 0.25×',
      measured: `${cpuRatio.toFixed(2)}×: ${formatSpread(withCallbacks.cpuMsPerLogin, ' ms', 1)}`,
      beside: `guide port: ${formatSpread(guide.cpuMsPerLogin, ' ms', 1)}`,
      isMet: isWhole(withCallbacks) && cpuRatio <= 0.25,
      figures: {
        ratio: cpuRatio,
        withCallbacks: withCallbacks.cpuMsPerLogin,
        without: without.cpuMsPerLogin,
        guide: guide.cpuMsPerLogin,
      },
    },
  ];
}
