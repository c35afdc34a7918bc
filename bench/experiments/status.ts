import { type Case, runCase } from '../case.ts';
import { browserHeaders } from '../driver/browser.ts';
import { type Bench, type Experiment, inRounds, Measurement, type Row } from '../experiment.ts';
import { formatSpread, type Spread, spreadOf } from '../statistics.ts';

const CONNECTIONS = 32;
const ATTEMPTS = 50;

/**
 * `status` on pending attempts with holding off, as fast as it answers, beside an empty route of a
 * Next app with the same settings that is sent the very same requests, cookies and all.
 */
export const status: Experiment = {
  rows: ['status'],

  async run(bench) {
    const callLogin = new Measurement('status, call-login', () =>
      measure(bench, {
        name: 'status, call-login',
        app: 'call-login',
        callbacks: 'on',
        env: { STATUS_WAIT_SECONDS: '0' },
      }),
    );
    const empty = new Measurement('status, empty route', () =>
      measure(bench, { name: 'status, empty route', app: 'empty-app', callbacks: 'on' }),
    );
    await inRounds(bench, [callLogin, empty]);
    return [rowOf(summarize(callLogin.rounds), summarize(empty.rounds))];
  },
};

interface Measured {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  cpuMsPerRequest: number;
  failures: number;
}

async function measure(bench: Bench, one: Case): Promise<Measured> {
  return await runCase(bench, one, async ({ driver, site, measure }) => {
    const isEmpty = one.app === 'empty-app';
    if (!isEmpty) {
      // Until a callback has led to a login, the vendor is asked every two seconds for each attempt.
      const dial = { minMs: 200, maxMs: 1_000 };
      await driver.arrivals({ site, count: 20, perSecond: 10, dial });
    }
    const cookies = isEmpty
      ? [`call-login-attempt=${'x'.repeat(COOKIE_LENGTH)}`]
      : (await driver.open({ site, count: ATTEMPTS })).cookies;
    const load = async (seconds: number) =>
      await driver.plainLoad({
        url: `${site.origins[0]}${isEmpty ? '/api/empty' : '/api/auth/status'}`,
        method: 'GET',
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

/** About as long as the sealed cookie of an attempt. */
const COOKIE_LENGTH = 440;

interface Summary {
  requestsPerSecond: Spread;
  p50Ms: Spread;
  p99Ms: Spread;
  cpuMsPerRequest: Spread;
  failures: number;
}

function summarize(rounds: readonly Measured[]): Summary {
  return {
    requestsPerSecond: spreadOf(rounds.map((round) => round.requestsPerSecond)),
    p50Ms: spreadOf(rounds.map((round) => round.p50Ms)),
    p99Ms: spreadOf(rounds.map((round) => round.p99Ms)),
    cpuMsPerRequest: spreadOf(rounds.map((round) => round.cpuMsPerRequest)),
    failures: rounds.reduce((sum, round) => sum + round.failures, 0),
  };
}

function rowOf(callLogin: Summary, empty: Summary): Row {
  const ratio = callLogin.requestsPerSecond.median / empty.requestsPerSecond.median;
  const inWords = (summary: Summary) =>
    `${formatSpread(summary.requestsPerSecond, '/s')}, ${formatSpread(summary.cpuMsPerRequest, ' ms', 2)} of CPU each`;
  return {
    name: 'status',
    what: '`status` on a pending attempt with holding off, against an empty Next route',
    target: '≥ 0.60 of its requests per second',
    measured: `${ratio.toFixed(2)}: ${inWords(callLogin)}`,
    beside: `empty route: ${inWords(empty)}`,
    isMet: callLogin.failures === 0 && empty.failures === 0 && ratio >= 0.6,
    figures: { ratio, callLogin, empty },
  };
}
