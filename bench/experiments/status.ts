import { againstCases, type Case, runCase } from '../case.ts';
import { browserHeaders } from '../driver/browser.ts';
import { type Bench, type Experiment, inRounds, type Row } from '../experiment.ts';
import { formatSpread, spreadsOf } from '../statistics.ts';

const CONNECTIONS = 32;
const ATTEMPTS = 50;

/**
 * `status` on pending attempts, not held, as many requests as get through. Baseline: an empty Next
 * route that gets the same requests, cookies included.
 */
export const status: Experiment = {
  rows: ['status'],

  async run(bench) {
    const ours: Case = {
      name: 'status, call-login',
      app: 'call-login',
      callbacks: 'on',
      env: { STATUS_WAIT_SECONDS: '0' },
    };
    const empty: Case = { name: 'status, empty route', app: 'empty-app', callbacks: 'on' };
    const cases = [ours, empty, ...againstCases(bench, ours)];
    const [oursRounds = [], emptyRounds = [], againstRounds] = await inRounds(bench, cases, (one) =>
      measure(bench, one),
    );
    const against =
      bench.against === null || againstRounds === undefined
        ? null
        : { name: bench.against.name, ...summarize(againstRounds) };
    return [rowOf(summarize(oursRounds), summarize(emptyRounds), against)];
  },
};

async function measure(bench: Bench, one: Case) {
  return await runCase(bench, one, async ({ driver, site, measure }) => {
    const isEmpty = one.app === 'empty-app';
    if (!isEmpty) {
      // The server checks with the vendor more often until a callback has led to a login.
      const dial = { minMs: 200, maxMs: 1_000 };
      await driver.run('arrivals', { site, count: 20, perSecond: 10, dial });
    }
    const cookies = isEmpty
      ? [`call-login-attempt=${'x'.repeat(COOKIE_LENGTH)}`]
      : (await driver.run('open', { site, count: ATTEMPTS })).cookies;
    const load = async (seconds: number) =>
      await driver.run('plain_load', {
        url: `${site.origins[0]}${isEmpty ? '/api/empty' : '/api/auth/status'}`,
        cookies,
        headers: browserHeaders,
        connections: CONNECTIONS,
        seconds,
      });
    await load(bench.sized(5, 1));
    const { result, cpuMs } = await measure(() => load(bench.sized(10, 2)));
    return { ...result, cpuMsPerRequest: cpuMs / result.requests };
  });
}

/** About the length of a sealed attempt cookie. */
const COOKIE_LENGTH = 440;

type Measured = Awaited<ReturnType<typeof measure>>;
type Summary = ReturnType<typeof summarize>;

function summarize(rounds: readonly Measured[]) {
  return {
    ...spreadsOf(rounds, ['requestsPerSecond', 'p50Ms', 'p99Ms', 'cpuMsPerRequest']),
    failures: rounds.reduce((sum, round) => sum + round.failures, 0),
  };
}

function rowOf(ours: Summary, empty: Summary, against: (Summary & { name: string }) | null): Row {
  const ratioOf = (summary: Summary) =>
    summary.requestsPerSecond.median / empty.requestsPerSecond.median;
  const inWords = (summary: Summary) =>
    `${formatSpread(summary.requestsPerSecond, '/s')}, ` +
    `${formatSpread(summary.cpuMsPerRequest, ' ms', 2)} of CPU each`;
  const withRatio = (summary: Summary) => `${ratioOf(summary).toFixed(2)}: ${inWords(summary)}`;
  return {
    name: 'status',
    what: '`status` on a pending attempt, not held, against an empty Next route',
    target: '≥ 0.60 of its requests per second',
    measured: withRatio(ours),
    baselines: [
      `empty route: ${inWords(empty)}`,
      ...(against === null ? [] : [`version ${against.name}: ${withRatio(against)}`]),
    ].join('; '),
    isMet: ours.failures === 0 && empty.failures === 0 && ratioOf(ours) >= 0.6,
    figures: { ratio: ratioOf(ours), ours, empty, against },
  };
}
