import { expect, it } from 'vitest';
import { findRedis } from '#tests/support/redis.ts';
import { readServerVersions } from './machine.ts';

it('the versions of a record name PostgreSQL, and Redis where there is one', () => {
  const version = expect.stringMatching(/^\d+\.\d+/);
  expect(readServerVersions()).toEqual({
    postgresql: version,
    ...(findRedis() === null ? {} : { redis: version }),
  });
});
