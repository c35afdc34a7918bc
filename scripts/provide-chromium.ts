/** Makes sure that the journeys find a Chromium, or says in one sentence what is missing. */
import { spawnSync } from 'node:child_process';
import { findChromium } from '#tests/support/chromium.ts';

const ways: readonly (readonly [command: string, ...parameters: string[]])[] = [
  ['npx', 'playwright', 'install', 'chromium'],
  ['apt-get', 'install', '--yes', '--no-install-recommends', 'chromium'],
];

let path = findChromium();
for (const [command, ...parameters] of ways) {
  if (path !== null) {
    break;
  }
  console.log(`No Chromium found: trying "${command} ${parameters.join(' ')}"`);
  if (command === 'apt-get') {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' });
  }
  spawnSync(command, parameters, { stdio: 'inherit', timeout: 300_000 });
  path = findChromium();
}
if (path === null) {
  console.error(
    'The journeys need Chromium, and none could be installed: install it and try again.',
  );
  process.exit(1);
}
console.log(`Journeys run in ${path}`);
