import { type Case, runCase } from '../case.ts';
import { type Bench, type Experiment, inRounds, sayFailures } from '../experiment.ts';
import { formatSpread, percentile, spreadsOf } from '../statistics.ts';

/** The first logins that a process serves, before V8 has compiled what they run: as after each deployment. */
export const firstLogins: Experiment = {
  rows: ['first-logins'],

  async run(bench) {
    const one: Case = { name: 'first logins', app: 'call-login', callbacks: 'on' };
    // A server that was started before leaves its code cache: see server/main.ts.
    await measure(bench, one);
    const [rounds = []] = await inRounds(bench, [one], (each) => measure(bench, each));
    const { p50Ms, p95Ms, cpuMsPerLogin } = spreadsOf(rounds, ['p50Ms', 'p95Ms', 'cpuMsPerLogin']);
    const failures = rounds.flatMap((round) => round.failures);
    return [
      {
        name: 'first-logins',
        what: 'the first 40 logins of a fresh process, twenty a second: vendor verified → browser logged in',
        target: 'p50 ≤ 30 ms, p95 ≤ 60 ms',
        measured: `p50 ${formatSpread(p50Ms, ' ms')}, p95 ${formatSpread(p95Ms, ' ms')}, ${formatSpread(cpuMsPerLogin, ' ms', 1)} of CPU each`,
        baselines: '',
        isMet: p50Ms.median <= 30 && p95Ms.median <= 60 && failures.length === 0,
        figures: { p50Ms, p95Ms, cpuMsPerLogin, failures },
      },
    ];
  },
};

async function measure(bench: Bench, one: Case) {
  return await runCase(bench, one, async ({ driver, site, measure: measured }) => {
    const { result, cpuMs } = await measured(() =>
      driver.run('arrivals', {
        site,
        count: bench.sized(40, 5),
        perSecond: bench.sized(20, 5),
        dial: { minMs: 200, maxMs: 1_000 },
      }),
    );
    const { logins, failures } = result;
    sayFailures(bench, failures);
    const latencies = logins.map(({ latencyMs }) => latencyMs);
    return {
      p50Ms: percentile(latencies, 0.5),
      p95Ms: percentile(latencies, 0.95),
      cpuMsPerLogin: cpuMs / logins.length,
      failures,
    };
  });
}
