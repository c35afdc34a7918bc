import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { startRelay } from '#tests/support/relay.ts';
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
  redis.connect();
  await subscribed(redis);
  return { redis, received, logged };
}

const subscribed = (redis: RedisLink) => expect.poll(() => redis.receivesChanges()).toBe(true);

const eventsOf = ({ logged }: Process) => logged.map((line) => JSON.parse(line).event);

const lastEvent = (process: Process, event: string) =>
  expect.poll(() => eventsOf(process).at(-1)).toBe(event);

const available = (process: Process) => lastEvent(process, 'redis_recovered');

const unavailable = (process: Process) => lastEvent(process, 'redis_unavailable');

describe('processes that share a Redis', () => {
  it('notify each other of changes', async () => {
    const [one, other] = [await openProcess(), await openProcess()];
    one.redis.publishChange('attempt 1');
    other.redis.publishChange('attempt 2');
    await expect.poll(() => [one.received.length, other.received.length]).toEqual([2, 2]);
    expect(one.received.toSorted()).toEqual(['attempt 1', 'attempt 2']);
  });

  it('detect an outage and recover', {
    timeout: 30_000,
  }, async () => {
    const [one, other] = [await openProcess(), await openProcess()];
    await server.stop();
    await unavailable(one);
    one.redis.publishChange('lost');

    await server.start();
    await Promise.all([available(one), available(other)]);
    // Other processes may reconnect later, and cannot publish before that.
    expect(one.redis.receivesChanges()).toBe(false);
    one.redis.publishChange('heard');
    await expect.poll(() => other.received).toEqual(['heard']);
    await subscribed(one.redis);
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
        await unavailable(one);
      } finally {
        thaw();
      }
      expect(performance.now() - since).toBeLessThan(4_000);
      await available(one);
      expect(eventsOf(one)).toEqual(
        Array(times).fill(['redis_unavailable', 'redis_recovered']).flat(),
      );
    }
    one.redis.publishChange('heard');
    await expect.poll(() => one.received).toEqual(['heard']);
  });

  it('replace a connection that has gone silent', {
    timeout: 30_000,
  }, async () => {
    const between = await startRelay(Number(new URL(server.url).port));
    onTestFinished(() => between.close());
    const [one, other] = [await openProcess(between.url), await openProcess()];
    between.stallConnections();
    await unavailable(one);
    await available(one);
    other.redis.publishChange('heard');
    await expect.poll(() => one.received).toEqual(['heard']);
  });
});

it('a Redis that has never been reachable is no error', async () => {
  const redis = openRedis('redis://127.0.0.1:1', createLog({ write: () => {} }), () => {});
  onTestFinished(() => redis.close());
  redis.connect();
  redis.publishChange('unheard');
  expect(redis.receivesChanges()).toBe(false);
});
