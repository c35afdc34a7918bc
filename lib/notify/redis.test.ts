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
  /** The ids of the attempts it was notified of. */
  received: string[];
  logged: string[];
}

async function openProcess(url = server.url): Promise<Process> {
  const received: string[] = [];
  const logged: string[] = [];
  const log = createLog({ write: (line) => void logged.push(line) });
  const redis = openRedis(url, log, (attemptId) => received.push(attemptId));
  onTestFinished(() => redis.close());
  await subscribed(redis);
  return { redis, received, logged };
}

const subscribed = (redis: RedisLink) =>
  vi.waitUntil(() => redis.receivesChanges(), { timeout: 8_000, interval: 10 });

const available = (redis: RedisLink) =>
  vi.waitUntil(() => redis.isAvailable(), { timeout: 8_000, interval: 10 });

const unavailable = (redis: RedisLink) =>
  vi.waitUntil(() => !redis.isAvailable(), { timeout: 8_000, interval: 10 });

const eventsOf = ({ logged }: Process) => logged.map((line) => JSON.parse(line).event);

/** Two per hour, with an in-memory store as the fallback. */
function counterOf({ redis }: Process, name: string): Counter {
  const inStore = createSqliteCounters(':memory:');
  return createRedisCounters(redis, inStore)(name, { count: 2, seconds: 3_600 });
}

describe('processes that share a Redis', () => {
  it('notify each other of changes', async () => {
    const [one, other] = [await openProcess(), await openProcess()];
    one.redis.publishChange('attempt 1');
    other.redis.publishChange('attempt 2');
    await vi.waitUntil(() => one.received.length === 2 && other.received.length === 2);
    expect(one.received.toSorted()).toEqual(['attempt 1', 'attempt 2']);
  });

  it('share counts', async () => {
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

  it('detect an outage, count in the store meanwhile, and recover', {
    timeout: 30_000,
  }, async () => {
    const [one, other] = [await openProcess(), await openProcess()];
    const counter = counterOf(one, 'away');
    await server.stop();
    await unavailable(one.redis);
    one.redis.publishChange('lost');
    expect(await counter.consume('a')).toBeNull();
    expect(await counter.consume('a')).toBeNull();
    expect(await counter.consume('a')).toBeGreaterThan(3_500_000);

    await server.start();
    await Promise.all([available(one.redis), available(other.redis)]);
    // Other processes may reconnect later, and cannot publish before that.
    expect(one.redis.receivesChanges()).toBe(false);
    one.redis.publishChange('heard');
    await vi.waitUntil(() => other.received.length > 0);
    expect(other.received).toEqual(['heard']);
    await subscribed(one.redis);
    expect(await counter.consume('b')).toBeNull();
    expect(eventsOf(one)).toEqual(['redis_unavailable', 'redis_recovered']);
  });

  it('detect every hang and recovery while they only subscribe', {
    timeout: 60_000,
  }, async () => {
    const one = await openProcess();
    for (const times of [1, 2]) {
      const thaw = server.freeze();
      const since = performance.now();
      try {
        await unavailable(one.redis);
      } finally {
        thaw();
      }
      expect(performance.now() - since).toBeLessThan(4_000);
      await available(one.redis);
      expect(eventsOf(one)).toEqual(
        Array(times).fill(['redis_unavailable', 'redis_recovered']).flat(),
      );
    }
    one.redis.publishChange('heard');
    await vi.waitUntil(() => one.received.length > 0);
    expect(one.received).toEqual(['heard']);
  });

  it('replace a connection that has gone silent', {
    timeout: 30_000,
  }, async () => {
    const between = await startRelay(Number(new URL(server.url).port));
    onTestFinished(() => between.close());
    const [one, other] = [await openProcess(between.url), await openProcess()];
    between.stallConnections();
    await unavailable(one.redis);
    await available(one.redis);
    other.redis.publishChange('heard');
    await vi.waitUntil(() => one.received.length > 0);
    expect(one.received).toEqual(['heard']);
  });

  it('wait once for a hung Redis, then count starts in the store', {
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
        expect(redis.isAvailable()).toBe(false);
      }
      // More than a dozen counts would have waited half a second each.
      expect(performance.now() - since).toBeLessThan(3_000);
    } finally {
      thaw();
    }
    await available(redis);
    // Redis has not counted those.
    expect(await limits.consume(start)).toEqual({ ok: true, value: null });
  });
});

it('starts are counted in the store when Redis has never been reachable', async () => {
  const redis = openRedis('redis://127.0.0.1:1', createLog({ write: () => {} }), () => {});
  onTestFinished(() => redis.close());
  const counter = createRedisCounters(redis, createSqliteCounters(':memory:'))('none', {
    count: 1,
    seconds: 60,
  });
  expect(await counter.consume('a')).toBeNull();
  expect(await counter.consume('a')).toBeGreaterThan(50_000);
  redis.publishChange('unheard');
  expect(redis.isAvailable()).toBe(false);
});
