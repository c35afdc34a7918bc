import { join } from 'node:path';
import { type Case, runCase } from '../case.ts';
import { startPostgresUnderLoad } from '../databases.ts';
import { browserHeaders } from '../driver/browser.ts';
import {
  type Bench,
  type Experiment,
  inRounds,
  Measurement,
  type Row,
  sayFailures,
} from '../experiment.ts';
import { USER_COUNT } from '../phone-numbers.ts';
import { fillStore, withFolder } from '../servers.ts';
import { formatSpread, percentile, type Spread, spreadOf } from '../statistics.ts';

const USERS = 1_000_000;
const EVENTS = 10_000_000;
const BROWSERS = 8;
const ATTEMPTS = 50;

/** `start` and `status` on a store that has been used for long, beside one that is new. */
export const bigStore: Experiment = {
  rows: ['big-store-sqlite', 'big-store-postgres'],

  async run(bench) {
    const isWanted = (row: string) =>
      bench.options.rows.length === 0 || bench.options.rows.includes(row);
    return [
      ...(isWanted('big-store-sqlite') ? [await onSqlite(bench)] : []),
      ...(isWanted('big-store-postgres') ? [await onPostgres(bench)] : []),
    ];
  },
};

async function onSqlite(bench: Bench): Promise<Row> {
  return await withFolder(async (folder) => {
    const url = `file:${join(folder, 'big.db')}`;
    const { users, events } = amountsOf(bench);
    bench.say(`  filling SQLite with ${users} users and ${events} events`);
    fillStore(url, users, events);
    return await compare(bench, 'SQLite', { full: async () => url });
  });
}

async function onPostgres(bench: Bench): Promise<Row> {
  const server = await startPostgresUnderLoad();
  try {
    const { users, events } = amountsOf(bench);
    bench.say(`  filling PostgreSQL with ${users} users and ${events} events`);
    const url = await server.filled(users, events);
    return await compare(bench, 'PostgreSQL', { full: async () => url, fresh: server.fresh });
  } finally {
    await server.remove();
  }
}

function amountsOf(bench: Bench): { users: number; events: number } {
  return bench.sized({ users: USERS, events: EVENTS }, { users: USER_COUNT, events: 200_000 });
}

async function compare(
  bench: Bench,
  engine: 'SQLite' | 'PostgreSQL',
  databases: { full: () => Promise<string>; fresh?: () => Promise<string> },
): Promise<Row> {
  const caseOf = (name: string, database?: () => Promise<string>) =>
    new Measurement(name, () =>
      measure(bench, {
        name,
        app: 'call-login',
        callbacks: 'on',
        env: { STATUS_WAIT_SECONDS: '0' },
        ...(database === undefined ? {} : { database }),
      }),
    );
  const fresh = caseOf(`new store, ${engine}`, databases.fresh);
  const full = caseOf(`full store, ${engine}`, databases.full);
  await inRounds(bench, [fresh, full]);
  return rowOf(engine, summarize(fresh.rounds), summarize(full.rounds));
}

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

function rowOf(engine: 'SQLite' | 'PostgreSQL', fresh: Summary, full: Summary): Row {
  const start = full.startMs.median / fresh.startMs.median;
  const status = full.statusMs.median / fresh.statusMs.median;
  const inWords = (summary: Summary) =>
    `start ${formatSpread(summary.startMs, ' ms', 1)}, status ${formatSpread(summary.statusMs, ' ms', 1)}`;
  return {
    name: engine === 'SQLite' ? 'big-store-sqlite' : 'big-store-postgres',
    what: `1,000,000 users and 10,000,000 events in the store, on ${engine}`,
    target: '`start` and `status` within 1.2× of an empty store',
    measured: `start ${start.toFixed(2)}×, status ${status.toFixed(2)}×: ${inWords(full)}`,
    beside: `new store: ${inWords(fresh)}`,
    isMet: fresh.failures === 0 && full.failures === 0 && start <= 1.2 && status <= 1.2,
    figures: { start, status, fresh, full },
  };
}
