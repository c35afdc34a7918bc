import { setTimeout as delay } from 'node:timers/promises';
import { type Case, countSessions, runCase } from '../case.ts';
import { type Bench, type Experiment, type Row, sayFailures } from '../experiment.ts';
import { median } from '../statistics.ts';

const BROWSERS = 32;
const SAMPLE_MS = 2_000;

/** Ten minutes of logins back to back: how much memory the server uses, and whether it grows. */
export const soak: Experiment = {
  rows: ['soak'],

  async run(bench) {
    const minutes = bench.sized(10, 0.25);
    bench.say(`  once: ${minutes} minutes of full load`);
    return [await measure(bench, minutes * 60_000)];
  },
};

async function measure(bench: Bench, durationMs: number): Promise<Row> {
  const one: Case = { name: 'full load', app: 'call-login', callbacks: 'on' };
  return await runCase(bench, one, async ({ driver, site, databaseUrl, rssBytes }) => {
    const samplesMib: number[] = [];
    const work = driver.run('back_to_back', { site, browsers: BROWSERS, durationMs });
    const isOver = work.then(() => true);
    while (!(await Promise.race([isOver, delay(SAMPLE_MS, false)]))) {
      samplesMib.push(Math.round(rssBytes() / 2 ** 20));
    }
    const { logins, failures, wallMs } = await work;
    sayFailures(bench, failures);
    const difference = logins.length - countSessions(databaseUrl);

    const fifth = Math.floor(samplesMib.length / 5);
    const lastMib = median(samplesMib.slice(-fifth));
    const maxMib = Math.max(...samplesMib);
    const growth = lastMib / median(samplesMib.slice(2 * fifth, 3 * fifth));
    return {
      name: 'soak',
      what: 'memory after ten minutes of full load, run once',
      target: 'RSS ≤ 400 MiB and level',
      measured:
        `${lastMib.toFixed(0)} MiB in the last fifth (at most ${maxMib}), ` +
        `${growth.toFixed(2)}× of the middle fifth, after ${logins.length.toLocaleString('en')} logins, ` +
        `${failures.length} lost, store differs by ${difference}`,
      baselines: '',
      // 1.1 is the noise of the garbage collector.
      isMet: failures.length === 0 && difference === 0 && lastMib <= 400 && growth <= 1.1,
      figures: {
        lastMib,
        maxMib,
        growth,
        logins: logins.length,
        loginsPerSecond: (logins.length * 1_000) / wallMs,
        failures,
        sampleSeconds: SAMPLE_MS / 1_000,
        samplesMib,
      },
    };
  });
}
