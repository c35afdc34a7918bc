import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { startRelay } from '#tests/support/relay.ts';
import { createRedisCounters } from '../limits/redis-counter.ts';
import { createSqliteCounters } from '../limits/sqlite-counter.ts';
import { type Counter, createStartLimits } from '../limits/start-limits.ts';
import { createLog } from '../observe/log.ts';
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

async function openProcess(url = server.url): Promise<Process> {
  const told: string[] = [];
  const logged: string[] = [];
  const log = createLog({ write: (line) => void logged.push(line) });
  const redis = openRedis(url, log, (attemptId) => told.push(attemptId));
  onTestFinished(() => redis.close());
  await listening(redis);
  return { redis, told, logged };
}

const listening = (redis: RedisLink) =>
  vi.waitUntil(() => redis.isListening(), { timeout: 8_000, interval: 10 });

const well = (redis: RedisLink) =>
  vi.waitUntil(() => redis.isWell(), { timeout: 8_000, interval: 10 });

const away = (redis: RedisLink) =>
  vi.waitUntil(() => !redis.isWell(), { timeout: 8_000, interval: 10 });

const eventsOf = ({ logged }: Process) => logged.map((line) => JSON.parse(line).event);

/** Two in an hour, with a store of its own to fall back on. */
function counterOf({ redis }: Process, name: string): Counter {
  const inStore = createSqliteCounters(':memory:');
  return createRedisCounters(redis, inStore)(name, { count: 2, seconds: 3_600 });
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
    expect(await one.consume('a')).toBeNull();
    expect(await other.consume('a')).toBeNull();
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
    await away(one.redis);
    one.redis.tellChanged('lost');
    expect(await counter.consume('a')).toBeNull();
    expect(await counter.consume('a')).toBeNull();
    expect(await counter.consume('a')).toBeGreaterThan(3_500_000);

    await server.start();
    await Promise.all([well(one.redis), well(other.redis)]);
    // Others may be back later than these two, and what they tell till then is not heard.
    expect(one.redis.isListening()).toBe(false);
    one.redis.tellChanged('heard');
    await vi.waitUntil(() => other.told.length > 0);
    expect(other.told).toEqual(['heard']);
    await listening(one.redis);
    expect(await counter.consume('b')).toBeNull();
    expect(eventsOf(one)).toEqual(['redis_away', 'redis_back']);
  });

  it('notice that it hangs though they only listen, each time, and that it goes on', {
    timeout: 60_000,
  }, async () => {
    const one = await openProcess();
    for (const times of [1, 2]) {
      const thaw = server.freeze();
      const since = performance.now();
      try {
        await away(one.redis);
      } finally {
        thaw();
      }
      expect(performance.now() - since).toBeLessThan(4_000);
      await well(one.redis);
      expect(eventsOf(one)).toEqual(Array(times).fill(['redis_away', 'redis_back']).flat());
    }
    one.redis.tellChanged('heard');
    await vi.waitUntil(() => one.told.length > 0);
    expect(one.told).toEqual(['heard']);
  });

  it('notice that a connection leads nowhere any more, and make another', {
    timeout: 30_000,
  }, async () => {
    const between = await startRelay(Number(new URL(server.url).port));
    onTestFinished(() => between.close());
    const [one, other] = [await openProcess(between.url), await openProcess()];
    between.fallSilent();
    await away(one.redis);
    await well(one.redis);
    other.redis.tellChanged('heard');
    await vi.waitUntil(() => one.told.length > 0);
    expect(one.told).toEqual(['heard']);
  });

  it('wait once for one that hangs, and count starts in the store from then on', {
    timeout: 60_000,
  }, async () => {
    const { redis } = await openProcess();
    const two = [
      { count: 2, seconds: 3_600 },
      { count: 3, seconds: 7_200 },
    ];
    const limits = createStartLimits(
      { perNumber: two, perNetwork: two, total: two },
      createRedisCounters(redis, createSqliteCounters(':memory:')),
    );
    const start = { phoneNumberTag: 'hangs', network: '192.0.2.1' };
    const thaw = server.freeze();
    try {
      const since = performance.now();
      for (const isAllowed of [true, true, false]) {
        expect((await limits.consume(start)).ok).toBe(isAllowed);
        expect(redis.isWell()).toBe(false);
      }
      // Each of more than a dozen counts would have waited for half a second.
      expect(performance.now() - since).toBeLessThan(3_000);
    } finally {
      thaw();
    }
    await well(redis);
    // It knows nothing of those.
    expect(await limits.consume(start)).toEqual({ ok: true, value: null });
  });
});

it('a Redis that was never there keeps nobody from starting', async () => {
  const redis = openRedis('redis://127.0.0.1:1', createLog({ write: () => {} }), () => {});
  onTestFinished(() => redis.close());
  const counter = createRedisCounters(redis, createSqliteCounters(':memory:'))('none', {
    count: 1,
    seconds: 60,
  });
  expect(await counter.consume('a')).toBeNull();
  expect(await counter.consume('a')).toBeGreaterThan(50_000);
  redis.tellChanged('nobody hears it');
  expect(redis.isWell()).toBe(false);
});
