import { startRedis } from '#tests/support/redis.ts';
import { againstCases, type Case, runCase } from '../case.ts';
import { countCommits, type PostgresUnderLoad, startPostgresUnderLoad } from '../databases.ts';
import { type Bench, type Experiment, inRounds, type Row, sayFailures } from '../experiment.ts';
import { cpuMsOf } from '../process-usage.ts';
import { formatSpread, percentile, spreadsOf } from '../statistics.ts';

/**
 * The cost of a login on one, two and four processes that share PostgreSQL and Redis, at the same pace.
 * Requests go to the processes in turn, so that the start, the poll and the callback of a login reach
 * different ones.
 */
export const processes: Experiment = {
  rows: ['processes'],

  async run(bench) {
    const postgres = await startPostgresUnderLoad();
    try {
      const redis = await startRedis();
      try {
        const of = (count: number): Case => ({
          name: `${count} ${count === 1 ? 'process' : 'processes'}`,
          app: 'call-login',
          callbacks: 'on',
          processes: count,
          env: { REDIS_URL: redis.url },
          database: () => postgres.createStore(),
        });
        const ours = [1, 2, 4].map(of);
        const cases = [...ours, ...againstCases(bench, of(1))];
        const rounds = await inRounds(bench, cases, (one) => measure(bench, postgres, one));
        const summaries = cases.map(({ name }, index) => summarize(name, rounds[index] ?? []));
        return [rowOf(summaries.slice(0, ours.length), summaries[ours.length])];
      } finally {
        await redis.remove();
      }
    } finally {
      await postgres.remove();
    }
  },
};

async function measure(bench: Bench, postgres: PostgresUnderLoad, one: Case) {
  return await runCase(bench, one, async (running) => {
    const { driver, site, databaseUrl } = running;
    // As many per process, because V8 in each process still compiles while it serves the first hundreds.
    const count = bench.sized(400, 5) * running.servers.length;
    const warmUp = await driver.run('arrivals', {
      site,
      count,
      perSecond: bench.sized(60, 5),
      dial: { minMs: 200, maxMs: 1_000 },
    });
    const commitsBefore = await countCommits(databaseUrl);
    const postgresBefore = cpuMsOf(postgres.pid);
    const { result, cpuMs } = await running.measure(() =>
      driver.run('arrivals', {
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
    const { logins } = result;
    const latencies = logins.map(({ latencyMs }) => latencyMs);
    return {
      cpuMsPerLogin: cpuMs / logins.length,
      postgresCpuMsPerLogin: postgresCpuMs / logins.length,
      commitsPerLogin: commits / logins.length,
      p95Ms: percentile(latencies, 0.95),
      failures,
    };
  });
}

const FIGURES = ['cpuMsPerLogin', 'postgresCpuMsPerLogin', 'commitsPerLogin', 'p95Ms'] as const;

function summarize(name: string, rounds: readonly Awaited<ReturnType<typeof measure>>[]) {
  const failures = rounds.flatMap((round) => round.failures);
  return { name, ...spreadsOf(rounds, FIGURES), failures };
}

type Summary = ReturnType<typeof summarize>;

function rowOf(summaries: readonly Summary[], against: Summary | undefined): Row {
  const [one, ...several] = summaries;
  if (one === undefined) {
    throw new Error('nothing was measured');
  }
  const ratios = several.map((each) => each.cpuMsPerLogin.median / one.cpuMsPerLogin.median);
  const inWords = (summary: Summary) =>
    `${summary.name}: ${formatSpread(summary.cpuMsPerLogin, ' ms', 1)} ` +
    `and ${formatSpread(summary.postgresCpuMsPerLogin, ' ms', 1)} in PostgreSQL, ` +
    `${formatSpread(summary.commitsPerLogin, ' commits', 1)}, ` +
    `verified → logged in p95 ${formatSpread(summary.p95Ms, ' ms')}`;
  const ratiosInWords = ratios.map((ratio) => `${ratio.toFixed(2)}×`).join(' and ');
  return {
    name: 'processes',
    what: 'two and four processes on PostgreSQL and Redis',
    target: 'CPU per login within 1.2× of one process; PostgreSQL ≤ 7 commits and ≤ 3.5 ms',
    measured: [ratiosInWords, ...several.map(inWords)].join('; '),
    baselines: [one, ...(against === undefined ? [] : [against])].map(inWords).join('; '),
    isMet:
      summaries.every(({ failures }) => failures.length === 0) &&
      ratios.every((ratio) => ratio <= 1.2) &&
      // As it is printed, with one decimal: statistics and new connections commit as well.
      one.commitsPerLogin.median < 7.05 &&
      one.postgresCpuMsPerLogin.median <= 3.5,
    figures: { ratios, summaries, against },
  };
}
