import { setTimeout as delay } from 'node:timers/promises';
import { countSessions, runCase } from '../case.ts';
import { type Bench, type Experiment, type Row, sayFailures } from '../experiment.ts';
import { median } from '../statistics.ts';

const BROWSERS = 32;
const SAMPLE_MS = 2_000;

/** Ten minutes of logins back to back: what memory comes to, and whether it stays there. */
export const soak: Experiment = {
  rows: ['soak'],

  async run(bench) {
    const minutes = bench.sized(10, 0.25);
    bench.say(`  once: ${minutes} minutes of full load`);
    return [await measure(bench, minutes * 60_000)];
  },
};

async function measure(bench: Bench, durationMs: number): Promise<Row> {
  const one = { name: 'full load', app: 'call-login', callbacks: 'on' } as const;
  return await runCase(bench, one, async (running) => {
    const { driver, site, databaseUrl } = running;
    const samples: number[] = [];
    const work = driver.backToBack({ site, browsers: BROWSERS, durationMs });
    const isOver = work.then(() => true);
    while (!(await Promise.race([isOver, delay(SAMPLE_MS, false)]))) {
      samples.push(running.rssBytes() / 2 ** 20);
    }
    const { logins, failures, wallMs } = await work;
    sayFailures(bench, failures);
    const difference = logins.length - countSessions(databaseUrl);

    const fifth = Math.floor(samples.length / 5);
    const middleMib = median(samples.slice(2 * fifth, 3 * fifth));
    const lastMib = median(samples.slice(-fifth));
    const mostMib = Math.max(...samples);
    const growth = lastMib / middleMib;
    return {
      name: 'soak',
      what: 'memory after ten minutes of full load, run once',
      target: 'RSS ≤ 400 MiB and level',
      measured:
        `${lastMib.toFixed(0)} MiB in the last fifth (at most ${mostMib.toFixed(0)}), ` +
        `${growth.toFixed(2)}× of the middle fifth, after ${logins.length.toLocaleString('en')} logins, ` +
        `${failures.length} lost, ${difference} the store does not agree on`,
      beside: '',
      // Level: within the noise of the collector.
      isMet: failures.length === 0 && difference === 0 && lastMib <= 400 && growth <= 1.1,
      figures: {
        lastMib,
        mostMib,
        growth,
        logins: logins.length,
        loginsPerSecond: (logins.length * 1_000) / wallMs,
        failures,
        sampleSeconds: SAMPLE_MS / 1_000,
        samplesMib: samples.map(Math.round),
      },
    };
  });
}
