import { expect, it } from 'vitest';
import { findRedis } from '#tests/support/redis.ts';
import { readServerVersions } from './machine.ts';

it('reads the versions of PostgreSQL, and of Redis if it is installed', () => {
  const version = expect.stringMatching(/^\d+\.\d+/);
  expect(readServerVersions()).toEqual({
    postgresql: version,
    ...(findRedis() === null ? {} : { redis: version }),
  });
});
