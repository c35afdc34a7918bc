/** Finds or installs the Redis server that the tests need, or says what to do. */
import { spawnSync } from 'node:child_process';
import { findRedis } from '#tests/support/redis.ts';

let path = findRedis();
if (path === null) {
  const install = ['install', '--yes', '--no-install-recommends', 'redis-server'];
  console.log(`Redis server not found. Running "apt-get ${install.join(' ')}".`);
  spawnSync('apt-get', ['update'], { stdio: 'ignore' });
  spawnSync('apt-get', install, { stdio: 'inherit', timeout: 300_000 });
  path = findRedis();
}
if (path === null) {
  console.error(
    'Redis server not found, and installing it failed. The tests need it: install it and try again.',
  );
  process.exit(1);
}
console.log(`Using the Redis server at ${path}`);
