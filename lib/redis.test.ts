import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type RedisServer, startRedis } from '#testing/redis.ts';
import { createRedisCounters } from './limits/redis-counter.ts';
import { createSqliteCounters } from './limits/sqlite-counter.ts';
import type { Counter } from './limits/start-limits.ts';
import { createLog } from './log.ts';
import { openRedis, type RedisLink } from './redis.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
}, 30_000);
afterAll(() => server.remove());

interface Process {
  redis: RedisLink;
  /** The attempts it was told about. */
  told: string[];
  logged: string[];
}

async function openProcess(): Promise<Process> {
  const told: string[] = [];
  const logged: string[] = [];
  const log = createLog({ write: (line) => void logged.push(line) });
  const redis = openRedis(server.url, log, (attemptId) => told.push(attemptId));
  onTestFinished(() => redis.close());
  await listening(redis);
  return { redis, told, logged };
}

const listening = (redis: RedisLink) =>
  vi.waitUntil(() => redis.isListening(), { timeout: 8_000, interval: 10 });

const deaf = (redis: RedisLink) =>
  vi.waitUntil(() => !redis.isListening(), { timeout: 8_000, interval: 10 });

/** Two in an hour, with a store of its own to fall back on. */
function counterOf({ redis }: Process, name: string): Counter {
  const inStore = createSqliteCounters(':memory:');
  return createRedisCounters(redis.commands, inStore)(name, { count: 2, seconds: 3_600 });
}

describe('processes that share a Redis', () => {
  it('tell each other what has changed', async () => {
    const [one, other] = [await openProcess(), await openProcess()];
    one.redis.tellChanged('attempt 1');
    other.redis.tellChanged('attempt 2');
    await vi.waitUntil(() => one.told.length === 2 && other.told.length === 2);
    expect(one.told.toSorted()).toEqual(['attempt 1', 'attempt 2']);
  });

  it('count together', async () => {
    const [one, other] = [
      counterOf(await openProcess(), 'together'),
      counterOf(await openProcess(), 'together'),
    ];
    expect(await one.peek('a')).toBeNull();
    expect(await one.consume('a')).toBeNull();
    expect(await other.consume('a')).toBeNull();
    expect(await one.peek('a')).toBeGreaterThan(3_500_000);
    expect(await other.consume('a')).toBeGreaterThan(3_500_000);
    await one.refund('a');
    await one.refund('a');
    expect(await other.consume('a')).toBeNull();
  });

  it('know when it is away, count without it, and are back with it', {
    timeout: 30_000,
  }, async () => {
    const [one, other] = [await openProcess(), await openProcess()];
    const counter = counterOf(one, 'away');
    await server.stop();
    await deaf(one.redis);
    one.redis.tellChanged('lost');
    expect(await counter.consume('a')).toBeNull();
    expect(await counter.consume('a')).toBeNull();
    expect(await counter.consume('a')).toBeGreaterThan(3_500_000);

    await server.start();
    await Promise.all([listening(one.redis), listening(other.redis)]);
    one.redis.tellChanged('heard');
    await vi.waitUntil(() => other.told.length > 0);
    expect(other.told).toEqual(['heard']);
    expect(await counter.consume('b')).toBeNull();
    const events = one.logged.map((line) => JSON.parse(line).event);
    expect(events).toEqual(['redis_away', 'redis_back']);
  });

  it('do not wait for one that hangs', { timeout: 30_000 }, async () => {
    const one = await openProcess();
    const counter = counterOf(one, 'hangs');
    const thaw = server.freeze();
    try {
      const since = performance.now();
      expect(await counter.consume('a')).toBeNull();
      expect(performance.now() - since).toBeLessThan(2_000);
      one.redis.tellChanged('lost');
      await deaf(one.redis);
    } finally {
      thaw();
    }
    await vi.waitUntil(
      () => {
        one.redis.tellChanged('again');
        return one.redis.isListening();
      },
      { timeout: 8_000, interval: 100 },
    );
  });
});

it('a Redis that was never there keeps nobody from starting', async () => {
  const redis = openRedis('redis://127.0.0.1:1', createLog({ write: () => {} }), () => {});
  onTestFinished(() => redis.close());
  const counter = createRedisCounters(redis.commands, createSqliteCounters(':memory:'))('none', {
    count: 1,
    seconds: 60,
  });
  expect(await counter.consume('a')).toBeNull();
  expect(await counter.consume('a')).toBeGreaterThan(50_000);
  redis.tellChanged('nobody hears it');
  expect(redis.isListening()).toBe(false);
});
