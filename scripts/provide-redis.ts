/** Finds or installs the Redis server that the tests need, or says what to do. */
import { findRedis } from '#tests/support/redis.ts';
import { providePackage } from './provide-package.ts';

providePackage('Redis server', 'redis-server', findRedis);
