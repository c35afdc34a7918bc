import { createControlClient } from '#sandbox/control-client.ts';
import { type Case, countSessions, runCase } from '../case.ts';
import { type Bench, type Experiment, inRounds, type Row, sayFailures } from '../experiment.ts';
import { formatSpread, mean, percentile, spreadsOf } from '../statistics.ts';

/** People who dial for 20 s, ten of them beginning each second. Baseline: the guide's port. */
export const paced: Experiment = {
  rows: [
    'latency',
    'latency-without-callbacks',
    'browser-requests',
    'vendor-requests',
    'cpu-per-login',
  ],

  async run(bench) {
    const cases: readonly Case[] = [
      { name: 'paced, call-login, callbacks', app: 'call-login', callbacks: 'on' },
      { name: 'paced, call-login, no callbacks', app: 'call-login', callbacks: 'off' },
      // The guide handles no callbacks: the sandbox must not cost it requests that fail.
      { name: 'paced, guide port', app: 'guide-port', callbacks: 'off' },
    ];
    const [withCallbacks = [], without = [], guide = []] = await inRounds(bench, cases, (one) =>
      measure(bench, one),
    );
    return rowsOf(summarize(withCallbacks), summarize(without), summarize(guide));
  },
};

async function measure(bench: Bench, one: Case) {
  return await runCase(bench, one, async (running) => {
    const { driver, site, sandbox, databaseUrl } = running;
    const warmUp = await driver.run('arrivals', {
      site,
      count: bench.sized(300, 5),
      perSecond: bench.sized(30, 5),
      dial: { minMs: 200, maxMs: 1_000 },
    });
    const countRequests = async () => (await createControlClient(sandbox.url).requests()).length;
    const requestsBefore = await countRequests();
    const { result, cpuMs } = await running.measure(() =>
      driver.run('arrivals', {
        site,
        count: bench.sized(200, 6),
        perSecond: bench.sized(10, 3),
        dial: bench.sized({ minMs: 19_000, maxMs: 21_000 }, { minMs: 2_500, maxMs: 3_500 }),
      }),
    );
    const { logins } = result;
    const failures = [...warmUp.failures, ...result.failures];
    sayFailures(bench, failures);
    const latencies = logins.map(({ latencyMs }) => latencyMs);
    const loginCount = warmUp.logins.length + logins.length;
    return {
      p50Ms: percentile(latencies, 0.5),
      p95Ms: percentile(latencies, 0.95),
      browserRequests: mean(logins.map(({ requests }) => requests)),
      vendorRequests: ((await countRequests()) - requestsBefore) / logins.length,
      cpuMsPerLogin: cpuMs / logins.length,
      failures,
      // Logins the browsers know of, minus sessions in the store.
      difference: one.app === 'call-login' ? loginCount - countSessions(databaseUrl) : 0,
    };
  });
}

const FIGURES = ['p50Ms', 'p95Ms', 'browserRequests', 'vendorRequests', 'cpuMsPerLogin'] as const;

function summarize(rounds: readonly Awaited<ReturnType<typeof measure>>[]) {
  return {
    ...spreadsOf(rounds, FIGURES),
    failures: rounds.flatMap((round) => round.failures),
    difference: rounds.reduce((sum, round) => sum + Math.abs(round.difference), 0),
  };
}

type Summary = ReturnType<typeof summarize>;

function rowsOf(withCallbacks: Summary, without: Summary, guide: Summary): Row[] {
  const isComplete = ({ failures, difference }: Summary) =>
    failures.length === 0 && difference === 0;
  const latency = ({ p50Ms, p95Ms }: Summary) =>
    `p50 ${formatSpread(p50Ms, ' ms')}, p95 ${formatSpread(p95Ms, ' ms')}`;
  const cpuRatio = withCallbacks.cpuMsPerLogin.median / guide.cpuMsPerLogin.median;
  const figures = { withCallbacks, without, guide };
  const rows: Omit<Row, 'figures'>[] = [
    {
      name: 'latency',
      what: 'vendor verified → browser logged in, callbacks reaching us',
      target: 'p50 ≤ 100 ms, p95 ≤ 300 ms',
      measured: latency(withCallbacks),
      baselines: `guide port: ${latency(guide)}`,
      isMet: withCallbacks.p50Ms.median <= 100 && withCallbacks.p95Ms.median <= 300,
    },
    {
      name: 'latency-without-callbacks',
      what: 'the same without callbacks',
      target: 'p95 ≤ 2.5 s',
      measured: latency(without),
      baselines: `guide port: ${latency(guide)}`,
      isMet: without.p95Ms.median <= 2_500,
    },
    {
      name: 'browser-requests',
      what: 'browser requests to our API for a login with a 20 s dial',
      target: '≤ 4',
      measured: formatSpread(withCallbacks.browserRequests, '', 1),
      baselines: `guide port: ${formatSpread(guide.browserRequests, '', 1)}`,
      isMet: withCallbacks.browserRequests.median <= 4,
    },
    {
      name: 'vendor-requests',
      what: 'vendor requests for the same',
      target: 'with callbacks ≤ 4; without, no more than the guide port',
      measured:
        `with ${formatSpread(withCallbacks.vendorRequests, '', 1)}, ` +
        `without ${formatSpread(without.vendorRequests, '', 1)}`,
      baselines: `guide port: ${formatSpread(guide.vendorRequests, '', 1)}`,
      isMet:
        withCallbacks.vendorRequests.median <= 4 &&
        without.vendorRequests.median <= guide.vendorRequests.median,
    },
    {
      name: 'cpu-per-login',
      what: 'CPU per login with a 20 s dial, against the guide port',
      target: '≤ 0.25×',
      measured: `${cpuRatio.toFixed(2)}×: ${formatSpread(withCallbacks.cpuMsPerLogin, ' ms', 1)}`,
      baselines: `guide port: ${formatSpread(guide.cpuMsPerLogin, ' ms', 1)}`,
      isMet: cpuRatio <= 0.25,
    },
  ];
  const allComplete = isComplete(withCallbacks) && isComplete(without);
  return rows.map((row) => ({ ...row, isMet: row.isMet && allComplete, figures }));
}
