import pg from 'pg';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import type { AppServer } from '#tests/support/app-server.ts';
import { type Deployment, deploy, startAt } from '#tests/support/deployment.ts';
import { createDatabase, execute } from '#tests/support/postgres.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { randomNetwork, randomPhoneNumber, Visitor } from '#tests/support/visitor.ts';

/** Starting servers takes seconds on a busy machine. */
const patient = { timeout: 90_000 };

const newDatabase = () => createDatabase(inject('postgresUrl'));

async function withRedis(): Promise<RedisServer> {
  const redis = await startRedis();
  onTestFinished(() => redis.remove());
  return redis;
}

/** Failures of Redis. Each returns a function that restores it. */
const failures = {
  async 'is down'(redis: RedisServer) {
    await redis.stop();
    return () => redis.start();
  },
  async hangs(redis: RedisServer) {
    const thaw = redis.freeze();
    return async () => thaw();
  },
};

const attemptSchema = z.object({
  created: z.number(),
  isHeld: z.boolean(),
  nextCheck: z.number(),
  ended: z.number().nullable(),
});

/** The newest attempt with a number: its times in ms, and whether it has been polled. */
async function findAttempt(database: string, phoneNumber: string) {
  const [row] = await execute(
    database,
    `select created_at::float8 as created, confirmed_at is not null as "isHeld",
            next_check_at::float8 as "nextCheck", ended_at::float8 as ended
       from attempts where phone_number = '${phoneNumber}' order by created_at desc limit 1`,
  );
  return attemptSchema.parse(row);
}

/** Logs in at one process with a callback at another, so that it relies on callbacks from then on. */
async function relyOnCallbacks({ vendor }: Deployment, polled: AppServer): Promise<void> {
  const { visitor, phoneNumber, callNumber } = await startAt(polled);
  await vendor.call(phoneNumber, callNumber);
  expect(await (await visitor.status()).json()).toEqual({ status: 'verified' });
}

/**
 * A login whose poll is held at one process while the callback arrives at another. Without a notification
 * the poll reads the attempt again only after eight seconds; expects the login to complete before that.
 */
async function expectNotified(
  { vendor }: Deployment,
  { polled, database, meanwhile }: Waiting,
): Promise<Visitor> {
  const { visitor, phoneNumber, callNumber } = await startAt(polled);
  const held = visitor.status();
  const isHeld = async () => (await findAttempt(database, phoneNumber)).isHeld;
  await vi.waitUntil(isHeld, { timeout: 20_000, interval: 20 });
  const { created, nextCheck } = await findAttempt(database, phoneNumber);
  expect(nextCheck - created).toBeGreaterThanOrEqual(8_000);
  await meanwhile?.();
  await vendor.call(phoneNumber, callNumber);
  expect(await (await held).json()).toEqual({ status: 'verified' });
  expect((await findAttempt(database, phoneNumber)).ended).toBeLessThan(nextCheck);
  return visitor;
}

interface Waiting {
  polled: AppServer;
  database: string;
  /** What happens between the poll and the call. */
  meanwhile?(): Promise<void>;
}

describe('two processes that share PostgreSQL', patient, () => {
  it.each(['alone', 'and Redis'])(
    '%s: a callback at one completes a poll held at the other',
    async (sharing) => {
      const redis = sharing === 'alone' ? null : await withRedis();
      const database = await newDatabase();
      const site = await deploy({
        DATABASE_URL: database,
        ...(redis === null ? {} : { REDIS_URL: redis.url }),
      });
      const [called, polled] = [await site.add(), await site.add()];
      await relyOnCallbacks(site, polled);
      const visitor = await expectNotified(site, { polled, database });
      expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
      // The session is valid at the other process, and a logout there ends it everywhere.
      const atOther = visitor.clone(called.origin);
      expect((await atOther.fetch('/api/auth/session')).status).toBe(200);
      expect((await atOther.post('/api/auth/logout', {})).status).toBe(200);
      expect((await visitor.fetch('/api/auth/session')).status).toBe(401);
    },
  );

  it.each(['alone', 'and Redis'])('%s: share the limits of starts', async (sharing) => {
    const redis = sharing === 'alone' ? null : await withRedis();
    const site = await deploy({
      DATABASE_URL: await newDatabase(),
      START_LIMIT_PER_NETWORK: '2/600',
      ...(redis === null ? {} : { REDIS_URL: redis.url }),
    });
    const servers = [await site.add(), await site.add()];
    const network = randomNetwork();
    const statuses: number[] = [];
    for (const { origin } of [...servers, ...servers]) {
      const visitor = new Visitor(origin);
      visitor.network = network;
      statuses.push((await visitor.start(randomPhoneNumber())).status);
    }
    expect(statuses).toEqual([200, 200, 429, 429]);
  });

  it.each(['is down', 'hangs'] as const)(
    'notify each other while Redis %s, and after it has recovered',
    async (how) => {
      const redis = await withRedis();
      const database = await newDatabase();
      const site = await deploy({ DATABASE_URL: database, REDIS_URL: redis.url });
      await site.add();
      const polled = await site.add();
      await relyOnCallbacks(site, polled);
      let restore = async () => {};
      const visitor = await expectNotified(site, {
        polled,
        database,
        async meanwhile() {
          restore = await failures[how](redis);
        },
      });
      await expectNotified(site, { polled, database });
      // The session is still valid.
      expect((await visitor.fetch('/api/auth/session')).status).toBe(200);

      await restore();
      await expectNotified(site, { polled, database });
    },
  );

  it('one that is stopped answers its held polls, and the other completes the login', async () => {
    const site = await deploy({ DATABASE_URL: await newDatabase() });
    const stays = await site.add();
    const goes = await site.add();
    const { visitor, phoneNumber, callNumber } = await startAt(goes);
    const held = Promise.all(Array.from({ length: 5 }, () => visitor.status()));
    // The polls are held once the vendor has been asked.
    await vi.waitUntil(
      async () => (await site.vendor.requests(phoneNumber)).some(({ kind }) => kind === 'check'),
      { timeout: 20_000, interval: 50 },
    );
    const since = performance.now();
    const ended = goes.stop('SIGTERM');
    const answers = await held;
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(await answers[0]?.json()).toMatchObject({ status: 'pending', poll_after_ms: 0 });
    await ended;
    expect(performance.now() - since).toBeLessThan(3_000);

    await site.vendor.call(phoneNumber, callNumber);
    const atOther = visitor.clone(stays.origin);
    expect(await (await atOther.status()).json()).toEqual({ status: 'verified' });
  });

  it('complete concurrent logins with one number one after another', async () => {
    const database = await newDatabase();
    const site = await deploy({ DATABASE_URL: database });
    const { visitor, phoneNumber, callNumber } = await startAt(await site.add());
    // The transaction of another process that is slow to complete a login with this number.
    const lockHolder = new pg.Client({ connectionString: database });
    await lockHolder.connect();
    onTestFinished(() => lockHolder.end());
    await lockHolder.query('begin');
    await lockHolder.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `phone number ${phoneNumber}`,
    ]);
    await site.vendor.call(phoneNumber, callNumber);
    expect((await visitor.status()).status).toBe(503);
    expect(await execute(database, 'select * from sessions')).toEqual([]);
    await lockHolder.query('commit');
    expect(await (await visitor.status()).json()).toEqual({ status: 'verified' });
  });

  it('one is killed while it holds a poll, and the other completes the login', async () => {
    const site = await deploy({ DATABASE_URL: await newDatabase() });
    const stays = await site.add();
    const dies = await site.add();
    const { visitor, phoneNumber, callNumber } = await startAt(dies);
    const held = visitor.status().catch(() => null);
    await dies.stop('SIGKILL');
    expect(await held).toBeNull();
    await site.vendor.call(phoneNumber, callNumber);
    const atOther = visitor.clone(stays.origin);
    expect(await (await atOther.status()).json()).toEqual({ status: 'verified' });
    expect((await atOther.fetch('/api/auth/session')).status).toBe(200);
  });
});
