import { join } from 'node:path';
import { type Case, runCase } from '../case.ts';
import { startPostgresUnderLoad } from '../databases.ts';
import { browserHeaders } from '../driver/browser.ts';
import { type Bench, type Experiment, inRounds, type Row, sayFailures } from '../experiment.ts';
import { USER_COUNT } from '../phone-numbers.ts';
import { fillStore, withFolder } from '../servers.ts';
import { formatSpread, percentile, spreadsOf } from '../statistics.ts';

const BROWSERS = 8;
const ATTEMPTS = 50;

/** `start` and `status` on a store with a million users, and on a new one. */
export const bigStore: Experiment = {
  rows: ['big-store-sqlite', 'big-store-postgres'],

  async run(bench) {
    const { rows } = bench.options;
    const isWanted = (row: string) => rows.length === 0 || rows.includes(row);
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
    const url = await server.createStore(users, events);
    const fresh = () => server.createStore();
    return await compare(bench, 'PostgreSQL', { full: async () => url, fresh });
  } finally {
    await server.remove();
  }
}

function amountsOf(bench: Bench): { users: number; events: number } {
  return bench.sized(
    { users: 1_000_000, events: 10_000_000 },
    { users: USER_COUNT, events: 200_000 },
  );
}

async function compare(
  bench: Bench,
  engine: 'SQLite' | 'PostgreSQL',
  databases: { full: () => Promise<string>; fresh?: () => Promise<string> },
): Promise<Row> {
  const caseOf = (name: string, database?: () => Promise<string>): Case => ({
    name: `${name}, ${engine}`,
    app: 'call-login',
    callbacks: 'on',
    env: { STATUS_WAIT_SECONDS: '0' },
    ...(database === undefined ? {} : { database }),
  });
  const cases = [caseOf('new store', databases.fresh), caseOf('full store', databases.full)];
  const [fresh = [], full = []] = await inRounds(bench, cases, (one) => measure(bench, one));
  return rowOf(engine, summarize(fresh), summarize(full));
}

async function measure(bench: Bench, one: Case) {
  return await runCase(bench, one, async ({ driver, site, measure }) => {
    const starts = (durationMs: number) =>
      driver.run('starts', { site, browsers: BROWSERS, durationMs });
    const { cookies } = await driver.run('open', { site, count: ATTEMPTS });
    const polls = (seconds: number) =>
      driver.run('plain_load', {
        url: `${site.origins[0]}/api/auth/status`,
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

function summarize(rounds: readonly Awaited<ReturnType<typeof measure>>[]) {
  return {
    ...spreadsOf(rounds, ['startMs', 'startP95Ms', 'statusMs']),
    failures: rounds.reduce((sum, round) => sum + round.failures, 0),
  };
}

type Summary = ReturnType<typeof summarize>;

function rowOf(engine: 'SQLite' | 'PostgreSQL', fresh: Summary, full: Summary): Row {
  const start = full.startMs.median / fresh.startMs.median;
  const status = full.statusMs.median / fresh.statusMs.median;
  const inWords = ({ startMs, statusMs }: Summary) =>
    `start ${formatSpread(startMs, ' ms', 1)}, status ${formatSpread(statusMs, ' ms', 1)}`;
  return {
    name: engine === 'SQLite' ? 'big-store-sqlite' : 'big-store-postgres',
    what: `1,000,000 users and 10,000,000 events in the store, on ${engine}`,
    target: '`start` and `status` within 1.2× of a new store',
    measured: `start ${start.toFixed(2)}×, status ${status.toFixed(2)}×: ${inWords(full)}`,
    baselines: `new store: ${inWords(fresh)}`,
    isMet: fresh.failures === 0 && full.failures === 0 && start <= 1.2 && status <= 1.2,
    figures: { start, status, fresh, full },
  };
}
