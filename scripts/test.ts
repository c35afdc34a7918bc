/**
 * The tests, the fastest first:
 *
 * - `npm test` tells whether the product works, in at most five minutes on two cores;
 * - `npm run test:rest` runs what it leaves out: every fault, attack, language and screen;
 * - `npm run test:all` runs both.
 */
import { spawnSync } from 'node:child_process';

type Step = readonly [name: string, command: string, ...parameters: string[]];

const projects = (...names: string[]) => names.flatMap((name) => ['--project', name]);

/** By default Vitest leaves one core free, although many of these tests wait. */
const vitest = (workers: number) => ['vitest', 'run', '--maxWorkers', String(workers)] as const;

const provide: Step[] = [
  ['Chromium', 'node', 'scripts/provide-chromium.ts'],
  ['Redis', 'node', 'scripts/provide-redis.ts'],
  ['nginx', 'node', 'scripts/provide-nginx.ts'],
  ['promtool', 'node', 'scripts/provide-promtool.ts'],
  ['PgBouncer', 'node', 'scripts/provide-pgbouncer.ts'],
];

const withoutBrowser: Step[] = [
  ['lint', 'biome', 'ci', '.'],
  ['unused code', 'knip'],
  ['production build and types', 'npm', 'run', 'build'],
  ['tests', ...vitest(2), ...projects('unit', 'postgres', 'contract', 'api')],
];

const mainJourneys: Step = [
  'main journeys',
  'playwright',
  'test',
  '--config',
  'e2e',
  'login',
  'account',
  ...projects('desktop, Japanese'),
];

const rest: Step[] = [
  [
    'other tests',
    ...vitest(3),
    ...projects('slow', 'login on postgres', 'faults', 'crowd', 'vercel'),
  ],
  [
    'attacks on next start, PostgreSQL and Redis',
    ...vitest(3),
    ...projects('attacks'),
    ...['methods', 'once', 'passkeys', 'requests'].map((name) => `tests/attacks/${name}`),
    'tests/api/',
  ],
  ['all journeys', 'playwright', 'test', '--config', 'e2e'],
];

const [selection = 'quick'] = process.argv.slice(2);
const selected = {
  quick: [...withoutBrowser, mainJourneys],
  rest,
  all: [...withoutBrowser, ...rest],
}[selection];
if (selected === undefined) {
  console.error(`Unknown selection "${selection}": expected quick, rest or all.`);
  process.exit(2);
}

const startedAt = performance.now();
const failed: string[] = [];
for (const step of [...provide, ...selected]) {
  const [name, command, ...parameters] = step;
  console.log(`\n— ${name}`);
  const stepStartedAt = performance.now();
  const { status } = spawnSync(command, parameters, {
    stdio: 'inherit',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (status !== 0) {
    failed.push(`${name} (${[command, ...parameters].join(' ')})`);
    // What comes after a failed build or a missing browser says nothing.
    if (!rest.includes(step)) {
      break;
    }
  }
  console.log(`— ${name}: ${seconds(stepStartedAt)}`);
}
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join('; ')}.`);
  process.exit(1);
}
console.log(`\nAll passed in ${seconds(startedAt)}.`);

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
