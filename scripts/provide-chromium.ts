/** Finds or installs the Chromium that the browser tests need, or says what to do. */
import { spawnSync } from 'node:child_process';
import { findChromium } from '#tests/support/chromium.ts';

const installers: readonly (readonly [command: string, ...parameters: string[]])[] = [
  ['npx', 'playwright', 'install', 'chromium'],
  ['apt-get', 'install', '--yes', '--no-install-recommends', 'chromium', 'chromium-headless-shell'],
];

let path = findChromium();
for (const [command, ...parameters] of installers) {
  if (path !== null) {
    break;
  }
  console.log(`Chromium not found. Running "${command} ${parameters.join(' ')}".`);
  if (command === 'apt-get') {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' });
  }
  spawnSync(command, parameters, { stdio: 'inherit', timeout: 300_000 });
  path = findChromium();
}
if (path === null) {
  console.error(
    'Chromium not found, and installing it failed. The browser tests need it: install it and try again.',
  );
  process.exit(1);
}
console.log(`Using Chromium at ${path}`);
