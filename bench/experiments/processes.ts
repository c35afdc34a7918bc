import { join } from 'node:path';
import { findFreePort } from '#scripts/processes.ts';
import { type Case, runCase } from '../case.ts';
import { countCommits, type PostgresUnderLoad, startPostgresUnderLoad } from '../databases.ts';
import {
  type Bench,
  type Experiment,
  inRounds,
  Measurement,
  type Row,
  sayFailures,
} from '../experiment.ts';
import { launch, waitForOutput } from '../launch.ts';
import { cpuMsOf } from '../process-usage.ts';
import { withFolder } from '../servers.ts';
import { formatSpread, percentile, type Spread, spreadOf } from '../statistics.ts';

/**
 * Logins on one, two and four processes that share PostgreSQL and Redis. Each request goes to
 * another process than the one before, so that callbacks, polls and starts of one login meet only
 * in what they share. The pace is the same for all: what is compared is what a login costs.
 */
export const processes: Experiment = {
  rows: ['processes'],

  async run(bench) {
    return await withFolder(async (folder) => {
      const postgres = await startPostgresUnderLoad();
      const redis = await startRedisUnderLoad(folder);
      try {
        const cases = [1, 2, 4].map((count) => {
          const name = `${count} ${count === 1 ? 'process' : 'processes'}`;
          return new Measurement(name, () =>
            measure(bench, postgres, {
              name,
              app: 'call-login',
              callbacks: 'on',
              processes: count,
              env: { REDIS_URL: redis.url },
              database: postgres.fresh,
            }),
          );
        });
        await inRounds(bench, cases);
        return [rowOf(cases.map(({ name, rounds }) => summarize(name, rounds)))];
      } finally {
        await redis.stop();
        await postgres.remove();
      }
    });
  },
};

async function startRedisUnderLoad(folder: string) {
  const port = await findFreePort();
  const launched = await launch({
    command: 'redis-server',
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
    env: process.env,
    logPath: join(folder, 'redis.log'),
  });
  await waitForOutput(launched, /Ready to accept connections/);
  return { ...launched, url: `redis://127.0.0.1:${port}` };
}

interface Measured {
  cpuMsPerLogin: number;
  postgresCpuMsPerLogin: number;
  commitsPerLogin: number;
  p95Ms: number;
  failures: readonly string[];
}

async function measure(bench: Bench, postgres: PostgresUnderLoad, one: Case): Promise<Measured> {
  return await runCase(bench, one, async (running) => {
    const { driver, site, databaseUrl } = running;
    // So many for each of them: V8 compiles in every process anew what is called often, and has not come to
    // its end after those before. With 600 for all, one process has done more than each of four.
    const count = bench.sized(600, 5) * running.servers.length;
    const warmUp = await driver.arrivals({
      site,
      count,
      perSecond: bench.sized(30, 5),
      dial: { minMs: 200, maxMs: 1_000 },
    });
    const commitsBefore = await countCommits(databaseUrl);
    const postgresBefore = cpuMsOf(postgres.pid);
    const { result, cpuMs } = await running.measure(() =>
      driver.arrivals({
        site,
        count,
        perSecond: bench.sized(20, 3),
        dial: { minMs: 1_000, maxMs: 3_000 },
      }),
    );
    const postgresCpuMs = cpuMsOf(postgres.pid) - postgresBefore;
    const commits = (await countCommits(databaseUrl)) - commitsBefore;
    const failures = [...warmUp.failures, ...result.failures];
    sayFailures(bench, failures);
    const logins = result.logins.length;
    return {
      cpuMsPerLogin: cpuMs / logins,
      postgresCpuMsPerLogin: postgresCpuMs / logins,
      commitsPerLogin: commits / logins,
      p95Ms: percentile(
        result.logins.map(({ latencyMs }) => latencyMs),
        0.95,
      ),
      failures,
    };
  });
}

interface Summary {
  name: string;
  cpuMsPerLogin: Spread;
  postgresCpuMsPerLogin: Spread;
  commitsPerLogin: Spread;
  p95Ms: Spread;
  failures: readonly string[];
}

function summarize(name: string, rounds: readonly Measured[]): Summary {
  return {
    name,
    cpuMsPerLogin: spreadOf(rounds.map((round) => round.cpuMsPerLogin)),
    postgresCpuMsPerLogin: spreadOf(rounds.map((round) => round.postgresCpuMsPerLogin)),
    commitsPerLogin: spreadOf(rounds.map((round) => round.commitsPerLogin)),
    p95Ms: spreadOf(rounds.map((round) => round.p95Ms)),
    failures: rounds.flatMap((round) => round.failures),
  };
}

function rowOf(summaries: readonly Summary[]): Row {
  const [one, ...several] = summaries;
  if (one === undefined) {
    throw new Error('nothing was measured');
  }
  const ratios = several.map((each) => each.cpuMsPerLogin.median / one.cpuMsPerLogin.median);
  const inWords = (summary: Summary) =>
    `${summary.name}: ${formatSpread(summary.cpuMsPerLogin, ' ms', 1)} ` +
    `and ${formatSpread(summary.postgresCpuMsPerLogin, ' ms', 1)} in PostgreSQL, ` +
    `verified → logged in p95 ${formatSpread(summary.p95Ms, ' ms')}`;
  return {
    name: 'processes',
    what: 'two and four processes on PostgreSQL and Redis',
    target: 'CPU per login within 1.2× of one process',
    measured: [
      ratios.map((ratio) => `${ratio.toFixed(2)}×`).join(' and '),
      ...several.map(inWords),
    ].join('; '),
    beside: inWords(one),
    isMet:
      summaries.every(({ failures }) => failures.length === 0) &&
      ratios.every((ratio) => ratio <= 1.2),
    figures: { ratios, summaries },
  };
}
