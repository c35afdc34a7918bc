/** Makes sure that the tests find a Redis server, or says in one sentence what is missing. */
import { spawnSync } from 'node:child_process';
import { findRedis } from '#tests/support/redis.ts';

let path = findRedis();
if (path === null) {
  const install = ['install', '--yes', '--no-install-recommends', 'redis-server'];
  console.log(`No Redis server found: trying "apt-get ${install.join(' ')}"`);
  spawnSync('apt-get', ['update'], { stdio: 'ignore' });
  spawnSync('apt-get', install, { stdio: 'inherit', timeout: 300_000 });
  path = findRedis();
}
if (path === null) {
  console.error(
    'The tests need a Redis server, and none could be installed: install it and try again.',
  );
  process.exit(1);
}
console.log(`Redis is ${path}`);
