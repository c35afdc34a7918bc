/** `npm test`: every check, the fastest first. */
import { spawnSync } from 'node:child_process';

const steps: readonly (readonly [name: string, command: string, ...parameters: string[]])[] = [
  ['Chromium', 'node', 'scripts/provide-chromium.ts'],
  ['Redis', 'node', 'scripts/provide-redis.ts'],
  ['lint', 'biome', 'ci', '.'],
  ['production build and types', 'next', 'build'],
  ['unit and HTTP tests', 'vitest', 'run'],
  ['browser tests', 'playwright', 'test'],
];

const startedAt = performance.now();
for (const [name, command, ...parameters] of steps) {
  console.log(`\n— ${name}`);
  const stepStartedAt = performance.now();
  const { status } = spawnSync(command, parameters, {
    stdio: 'inherit',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (status !== 0) {
    console.error(`\nFailed: ${name} (${[command, ...parameters].join(' ')}).`);
    process.exit(1);
  }
  console.log(`— ${name}: ${seconds(stepStartedAt)}`);
}
console.log(`\nAll passed in ${seconds(startedAt)}.`);

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
