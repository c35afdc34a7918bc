import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, runCase } from '../case.ts';
import { browserHeaders } from '../driver/browser.ts';
import {
  type Bench,
  type Experiment,
  inRounds,
  Measurement,
  type Row,
  sayFailures,
} from '../experiment.ts';
import { fillStore, withFolder } from '../servers.ts';
import { formatSpread, percentile, type Spread, spreadOf } from '../statistics.ts';

const USERS = 1_000_000;
const EVENTS = 10_000_000;
const BROWSERS = 8;
const ATTEMPTS = 50;

/** `start` and `status` on a store that has been used for long, beside one that is new. */
export const bigStore: Experiment = {
  rows: ['big-store'],

  async run(bench) {
    return await withFolder(async (folder) => {
      const databaseUrl = `file:${join(folder, 'big.db')}`;
      const [users, events] = [bench.sized(USERS, 100_000), bench.sized(EVENTS, 200_000)];
      bench.say(`  filling a store with ${users} users and ${events} events`);
      fillStore(databaseUrl, users, events);
      const sizeBytes = statSync(join(folder, 'big.db')).size;

      const one = {
        app: 'call-login',
        callbacks: 'on',
        env: { STATUS_WAIT_SECONDS: '0' },
      } as const;
      const fresh = { ...one, name: 'store, new, SQLite' };
      const full = { ...one, name: 'store, full, SQLite', databaseUrl };
      const onFresh = new Measurement(fresh.name, () => measure(bench, fresh));
      const onFull = new Measurement(full.name, () => measure(bench, full));
      await inRounds(bench, [onFresh, onFull]);
      return [rowOf(summarize(onFresh.rounds), summarize(onFull.rounds), sizeBytes)];
    });
  },
};

interface Measured {
  startMs: number;
  startP95Ms: number;
  statusMs: number;
  failures: number;
}

async function measure(bench: Bench, one: Case): Promise<Measured> {
  return await runCase(bench, one, async ({ driver, site, measure }) => {
    const starts = (ms: number) => driver.starts({ site, browsers: BROWSERS, durationMs: ms });
    const { cookies } = await driver.open({ site, count: ATTEMPTS });
    const polls = (seconds: number) =>
      driver.plainLoad({
        url: `${site.origins[0]}/api/auth/status`,
        method: 'GET',
        cookies,
        headers: browserHeaders,
        connections: BROWSERS,
        seconds,
      });
    await starts(bench.sized(5_000, 500));
    await polls(bench.sized(5, 1));
    const { started, polled } = (
      await measure(async () => ({
        started: await starts(bench.sized(10_000, 1_000)),
        polled: await polls(bench.sized(10, 1)),
      }))
    ).result;
    sayFailures(bench, started.failures);
    return {
      startMs: (started.wallMs * BROWSERS) / started.timesMs.length,
      startP95Ms: percentile(started.timesMs, 0.95),
      statusMs: (1_000 * BROWSERS) / polled.requestsPerSecond,
      failures: started.failures.length + polled.failures,
    };
  });
}

interface Summary {
  startMs: Spread;
  startP95Ms: Spread;
  statusMs: Spread;
  failures: number;
}

function summarize(rounds: readonly Measured[]): Summary {
  return {
    startMs: spreadOf(rounds.map((round) => round.startMs)),
    startP95Ms: spreadOf(rounds.map((round) => round.startP95Ms)),
    statusMs: spreadOf(rounds.map((round) => round.statusMs)),
    failures: rounds.reduce((sum, round) => sum + round.failures, 0),
  };
}

function rowOf(fresh: Summary, full: Summary, sizeBytes: number): Row {
  const start = full.startMs.median / fresh.startMs.median;
  const status = full.statusMs.median / fresh.statusMs.median;
  const inWords = (summary: Summary) =>
    `start ${formatSpread(summary.startMs, ' ms', 1)}, status ${formatSpread(summary.statusMs, ' ms', 1)}`;
  return {
    name: 'big-store',
    what: '1,000,000 users and 10,000,000 events in the store, on SQLite',
    target: '`start` and `status` within 1.2× of an empty store',
    measured: `start ${start.toFixed(2)}×, status ${status.toFixed(2)}×: ${inWords(full)}`,
    beside: `new store: ${inWords(fresh)}`,
    isMet: fresh.failures === 0 && full.failures === 0 && start <= 1.2 && status <= 1.2,
    figures: { start, status, fresh, full, sizeBytes },
  };
}
