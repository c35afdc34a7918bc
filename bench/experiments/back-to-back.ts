import { type Case, countSessions, runCase } from '../case.ts';
import {
  type Bench,
  type Experiment,
  inRounds,
  Measurement,
  type Row,
  sayFailures,
} from '../experiment.ts';
import { formatSpread, percentile, type Spread, spreadOf } from '../statistics.ts';

/** How many browsers at a time; each app counts where it gets most logins done. */
const LADDER = [8, 32, 128, 512];

/**
 * Logins one after another with the call placed as soon as the number is on the page, from more and
 * more browsers: how many get through each second, and what one costs. Beside them what Next itself
 * costs for the three requests of a login, answered by an empty route.
 */
export const backToBack: Experiment = {
  rows: ['back-to-back'],

  async run(bench) {
    const cases = [
      { name: 'back to back, call-login', app: 'call-login', callbacks: 'on' },
      { name: 'back to back, guide port', app: 'guide-port', callbacks: 'off' },
      { name: 'back to back, three empty requests', app: 'empty-app', callbacks: 'off' },
    ] as const;
    const [callLogin, guide, floor] = cases.map(
      (one) => new Measurement(one.name, () => measure(bench, one)),
    );
    if (callLogin === undefined || guide === undefined || floor === undefined) {
      throw new Error('a case is missing');
    }
    await inRounds(bench, [callLogin, guide, floor]);
    return [rowOf(callLogin.rounds, guide.rounds, floor.rounds)];
  },
};

interface Rung {
  browsers: number;
  loginsPerSecond: number;
  p50Ms: number;
  p95Ms: number;
  cpuMsPerLogin: number;
  /** How many requests of one were put off, to be sent again. */
  putOffPerLogin: number;
  /** Of one core, how much the app, the sandbox and the load driver had. */
  cores: { app: number; sandbox: number; driver: number };
}

interface Measured {
  rungs: Rung[];
  failures: readonly string[];
  /** Logins the browsers know of less those the store knows of. */
  difference: number;
}

async function measure(bench: Bench, one: Case): Promise<Measured> {
  return await runCase(bench, one, async (running) => {
    const { driver, site, databaseUrl } = running;
    const warmUp = await driver.backToBack({
      site,
      browsers: 16,
      durationMs: bench.sized(8_000, 1_000),
    });
    const rungs: Rung[] = [];
    const failures = [...warmUp.failures];
    let logins = warmUp.logins.length;
    for (const browsers of bench.sized(LADDER, [8, 32])) {
      const cost = await running.measure(() =>
        driver.backToBack({ site, browsers, durationMs: bench.sized(10_000, 2_000) }),
      );
      const { result, wallMs } = cost;
      const totals = result.logins.map(({ totalMs }) => totalMs);
      rungs.push({
        browsers,
        loginsPerSecond: (result.logins.length * 1_000) / result.wallMs,
        p50Ms: percentile(totals, 0.5),
        p95Ms: percentile(totals, 0.95),
        cpuMsPerLogin: cost.cpuMs / result.logins.length,
        putOffPerLogin: result.logins.reduce((sum, one) => sum + one.putOff, 0) / totals.length,
        cores: {
          app: cost.cpuMs / wallMs,
          sandbox: cost.sandboxCpuMs / wallMs,
          driver: cost.driverCpuMs / wallMs,
        },
      });
      failures.push(...result.failures);
      logins += result.logins.length;
    }
    sayFailures(bench, failures);
    const isCounted = one.app === 'call-login';
    return { rungs, failures, difference: isCounted ? logins - countSessions(databaseUrl) : 0 };
  });
}

interface Summary {
  browsers: number;
  loginsPerSecond: Spread;
  p95Ms: Spread;
  cpuMsPerLogin: Spread;
  putOffPerLogin: Spread;
  appCores: Spread;
}

/** The rung on which most logins got through, by the median of the rounds. */
function best(rounds: readonly Measured[]): Summary {
  const ladder = (rounds[0]?.rungs ?? []).map(({ browsers }): Summary => {
    const rungs = rounds.flatMap((round) => round.rungs.filter((one) => one.browsers === browsers));
    return {
      browsers,
      loginsPerSecond: spreadOf(rungs.map((rung) => rung.loginsPerSecond)),
      p95Ms: spreadOf(rungs.map((rung) => rung.p95Ms)),
      cpuMsPerLogin: spreadOf(rungs.map((rung) => rung.cpuMsPerLogin)),
      putOffPerLogin: spreadOf(rungs.map((rung) => rung.putOffPerLogin)),
      appCores: spreadOf(rungs.map((rung) => rung.cores.app)),
    };
  });
  const [first, ...others] = ladder;
  if (first === undefined) {
    throw new Error('nothing was measured');
  }
  return others.reduce(
    (most, one) => (one.loginsPerSecond.median > most.loginsPerSecond.median ? one : most),
    first,
  );
}

function rowOf(
  callLoginRounds: readonly Measured[],
  guideRounds: readonly Measured[],
  floorRounds: readonly Measured[],
): Row {
  const [callLogin, guide, floor] = [best(callLoginRounds), best(guideRounds), best(floorRounds)];
  const failures = callLoginRounds.flatMap((round) => round.failures);
  const difference = callLoginRounds.reduce((sum, round) => sum + Math.abs(round.difference), 0);
  const speed = callLogin.loginsPerSecond.median / guide.loginsPerSecond.median;
  const cpu = callLogin.cpuMsPerLogin.median / guide.cpuMsPerLogin.median;
  const inWords = (summary: Summary) =>
    `${formatSpread(summary.loginsPerSecond, '/s')}, p95 ${formatSpread(summary.p95Ms, ' ms')}, ` +
    `${formatSpread(summary.cpuMsPerLogin, ' ms', 1)} of CPU, ` +
    `${summary.browsers} browsers, ${formatSpread(summary.putOffPerLogin, '', 2)} put off`;
  return {
    name: 'back-to-back',
    what: 'logins back to back, one process, against the guide port',
    target: '≥ 1.5× its logins per second at no worse p95, ≤ 0.65× its CPU; none lost or double',
    measured:
      `${speed.toFixed(2)}×, CPU ${cpu.toFixed(2)}×: ${inWords(callLogin)}; ` +
      `${failures.length} lost, ${difference} the store does not agree on`,
    beside: `guide port: ${inWords(guide)}; three empty requests: ${inWords(floor)}`,
    isMet:
      failures.length === 0 &&
      difference === 0 &&
      speed >= 1.5 &&
      callLogin.p95Ms.median <= guide.p95Ms.median &&
      cpu <= 0.65,
    figures: {
      speed,
      cpu,
      callLogin,
      guide,
      floor,
      failures,
      rounds: { callLogin: callLoginRounds, guide: guideRounds, floor: floorRounds },
    },
  };
}
