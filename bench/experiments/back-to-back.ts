import { againstCases, type Case, countSessions, runCase } from '../case.ts';
import { type Bench, type Experiment, inRounds, type Row, sayFailures } from '../experiment.ts';
import { formatSpread, percentile, spreadsOf } from '../statistics.ts';

/** Numbers of browsers. Each app is judged at the one at which it completes most logins per second. */
const LEVELS = [8, 32, 128, 512];

/**
 * Logins one after another, called for as soon as the number is on the page. Baselines: the guide's
 * port, and the three requests of a login answered by an empty Next route.
 */
export const backToBack: Experiment = {
  rows: ['back-to-back'],

  async run(bench) {
    const ours: Case = { name: 'back to back, call-login', app: 'call-login', callbacks: 'on' };
    const baselines: readonly Case[] = [
      { name: 'back to back, guide port', app: 'guide-port', callbacks: 'off' },
      { name: 'back to back, three empty requests', app: 'empty-app', callbacks: 'off' },
    ];
    const cases = [ours, ...baselines, ...againstCases(bench, ours)];
    const [oursRounds = [], guide = [], empty = [], against] = await inRounds(bench, cases, (one) =>
      measure(bench, one),
    );
    const againstSummary =
      bench.against === null || against === undefined
        ? null
        : { name: bench.against.name, ...summarize(against) };
    return [rowOf(summarize(oursRounds), summarize(guide), summarize(empty), againstSummary)];
  },
};

async function measure(bench: Bench, one: Case) {
  return await runCase(bench, one, async (running) => {
    const { driver, site, databaseUrl } = running;
    const durationMs = bench.sized(8_000, 1_000);
    const warmUp = await driver.run('back_to_back', { site, browsers: 16, durationMs });
    const failures = [...warmUp.failures];
    let loginCount = warmUp.logins.length;
    const levels = [];
    for (const browsers of bench.sized(LEVELS, [8, 32])) {
      const { result, wallMs, ...cost } = await running.measure(() =>
        driver.run('back_to_back', { site, browsers, durationMs: bench.sized(10_000, 2_000) }),
      );
      const { logins } = result;
      const totals = logins.map(({ totalMs }) => totalMs);
      levels.push({
        browsers,
        loginsPerSecond: (logins.length * 1_000) / result.wallMs,
        p50Ms: percentile(totals, 0.5),
        p95Ms: percentile(totals, 0.95),
        cpuMsPerLogin: cost.cpuMs / logins.length,
        refusedPerLogin: logins.reduce((sum, { refused }) => sum + refused, 0) / logins.length,
        appCores: cost.cpuMs / wallMs,
        sandboxCores: cost.sandboxCpuMs / wallMs,
        driverCores: cost.driverCpuMs / wallMs,
      });
      failures.push(...result.failures);
      loginCount += logins.length;
    }
    sayFailures(bench, failures);
    // Logins the browsers know of, minus sessions in the store.
    const difference = one.app === 'call-login' ? loginCount - countSessions(databaseUrl) : 0;
    return { levels, failures, difference };
  });
}

const FIGURES = [
  'loginsPerSecond',
  'p95Ms',
  'cpuMsPerLogin',
  'refusedPerLogin',
  'appCores',
] as const;

type Measured = Awaited<ReturnType<typeof measure>>;
type Summary = ReturnType<typeof summarize>;

/** The level with the most logins per second, by the median of the rounds. */
function summarize(rounds: readonly Measured[]) {
  const levels = LEVELS.flatMap((browsers) => {
    const same = rounds.flatMap(({ levels }) => levels.filter((one) => one.browsers === browsers));
    return same.length === 0 ? [] : [{ browsers, ...spreadsOf(same, FIGURES) }];
  });
  const [best] = levels.toSorted(
    (one, other) => other.loginsPerSecond.median - one.loginsPerSecond.median,
  );
  if (best === undefined) {
    throw new Error('nothing was measured');
  }
  return {
    ...best,
    failures: rounds.flatMap((round) => round.failures),
    difference: rounds.reduce((sum, round) => sum + Math.abs(round.difference), 0),
    rounds,
  };
}

function rowOf(
  ours: Summary,
  guide: Summary,
  empty: Summary,
  against: (Summary & { name: string }) | null,
): Row {
  const ratiosOf = (summary: Summary) => ({
    speed: summary.loginsPerSecond.median / guide.loginsPerSecond.median,
    cpu: summary.cpuMsPerLogin.median / guide.cpuMsPerLogin.median,
  });
  const inWords = (summary: Summary) =>
    `${formatSpread(summary.loginsPerSecond, '/s')}, p95 ${formatSpread(summary.p95Ms, ' ms')}, ` +
    `${formatSpread(summary.cpuMsPerLogin, ' ms', 1)} of CPU, ` +
    `${summary.browsers} browsers, ${formatSpread(summary.refusedPerLogin, '', 2)} refused`;
  const withRatios = (summary: Summary) => {
    const { speed, cpu } = ratiosOf(summary);
    return (
      `${speed.toFixed(2)}×, CPU ${cpu.toFixed(2)}×: ${inWords(summary)}; ` +
      `${summary.failures.length} lost, store differs by ${summary.difference}`
    );
  };
  const { speed, cpu } = ratiosOf(ours);
  return {
    name: 'back-to-back',
    what: 'logins back to back, one process, against the guide port',
    target: '≥ 1.5× its logins per second at no worse p95, ≤ 0.65× its CPU; none lost or double',
    measured: withRatios(ours),
    baselines: [
      `guide port: ${inWords(guide)}`,
      `three empty requests: ${inWords(empty)}`,
      ...(against === null ? [] : [`version ${against.name}: ${withRatios(against)}`]),
    ].join('; '),
    isMet:
      ours.failures.length === 0 &&
      ours.difference === 0 &&
      speed >= 1.5 &&
      ours.p95Ms.median <= guide.p95Ms.median &&
      cpu <= 0.65,
    figures: { speed, cpu, ours, guide, empty, against },
  };
}
