import pg from 'pg';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { deploy, startAt } from '#testing/deployment.ts';
import { createDatabase, execute } from '#testing/postgres.ts';
import { startRedis } from '#testing/redis.ts';
import { randomNetwork, randomPhoneNumber, Visitor } from '#testing/visitor.ts';

/** Starting servers takes seconds on a busy machine. */
const patient = { timeout: 90_000 };

const newDatabase = () => createDatabase(inject('postgresUrl'));

async function withRedis(): Promise<Awaited<ReturnType<typeof startRedis>>> {
  const redis = await startRedis();
  onTestFinished(() => redis.remove());
  return redis;
}

describe('two processes that share PostgreSQL', patient, () => {
  it.each(['alone', 'and Redis'])(
    '%s: a callback at one lands a poll that the other holds',
    async (sharing) => {
      const redis = sharing === 'alone' ? null : await withRedis();
      const site = await deploy({
        DATABASE_URL: await newDatabase(),
        ...(redis === null ? {} : { REDIS_URL: redis.url }),
      });
      const [called, polled] = [await site.add(), await site.add()];
      const { visitor, phoneNumber, callNumber } = await startAt(polled);
      const held = visitor.status();
      await site.vendor.call(phoneNumber, callNumber);
      const response = await held;
      expect(await response.json()).toEqual({ status: 'verified' });
      expect((await visitor.fetch('/api/auth/session')).status).toBe(200);
      // The session is good at the other one, and over everywhere when it ends there.
      const elsewhere = visitor.clone(called.origin);
      expect((await elsewhere.fetch('/api/auth/session')).status).toBe(200);
      expect((await elsewhere.post('/api/auth/logout', {})).status).toBe(200);
      expect((await visitor.fetch('/api/auth/session')).status).toBe(401);
    },
  );

  it.each(['alone', 'and Redis'])('%s: count starts together', async (sharing) => {
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

  it('go on with logins while Redis is away, and when it is back', async () => {
    const redis = await withRedis();
    const site = await deploy({ DATABASE_URL: await newDatabase(), REDIS_URL: redis.url });
    await site.add();
    const polled = await site.add();
    const before = await startAt(polled);
    const held = before.visitor.status();
    await redis.stop();
    await site.vendor.call(before.phoneNumber, before.callNumber);
    expect(await (await held).json()).toEqual({ status: 'verified' });

    const during = await startAt(polled);
    const stillHeld = during.visitor.status();
    await site.vendor.call(during.phoneNumber, during.callNumber);
    expect(await (await stillHeld).json()).toEqual({ status: 'verified' });
    // Who was logged in still is.
    expect((await before.visitor.fetch('/api/auth/session')).status).toBe(200);

    await redis.start();
    const after = await startAt(polled);
    const lastHeld = after.visitor.status();
    await site.vendor.call(after.phoneNumber, after.callNumber);
    expect(await (await lastHeld).json()).toEqual({ status: 'verified' });
  });

  it('one that is told to end answers its held polls, and the other finishes the login', async () => {
    const site = await deploy({ DATABASE_URL: await newDatabase() });
    const stays = await site.add();
    const goes = await site.add();
    const { visitor, phoneNumber, callNumber } = await startAt(goes);
    const held = Promise.all(Array.from({ length: 5 }, () => visitor.status()));
    // They are held when the vendor has been asked about their attempt.
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
    const elsewhere = visitor.clone(stays.origin);
    expect(await (await elsewhere.status()).json()).toEqual({ status: 'verified' });
  });

  it('complete logins with one number one after another', async () => {
    const database = await newDatabase();
    const site = await deploy({ DATABASE_URL: database });
    const { visitor, phoneNumber, callNumber } = await startAt(await site.add());
    // What another process does that is completing a login with this number, and takes its time.
    const turn = new pg.Client({ connectionString: database });
    await turn.connect();
    onTestFinished(() => turn.end());
    await turn.query('begin');
    await turn.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `phone number ${phoneNumber}`,
    ]);
    await site.vendor.call(phoneNumber, callNumber);
    expect((await visitor.status()).status).toBe(503);
    expect(await execute(database, 'select * from sessions')).toEqual([]);
    await turn.query('commit');
    expect(await (await visitor.status()).json()).toEqual({ status: 'verified' });
  });

  it('one that is killed at any moment leaves the login to the other', async () => {
    const site = await deploy({ DATABASE_URL: await newDatabase() });
    const stays = await site.add();
    const dies = await site.add();
    const { visitor, phoneNumber, callNumber } = await startAt(dies);
    const held = visitor.status().catch(() => null);
    await dies.stop('SIGKILL');
    expect(await held).toBeNull();
    await site.vendor.call(phoneNumber, callNumber);
    const elsewhere = visitor.clone(stays.origin);
    expect(await (await elsewhere.status()).json()).toEqual({ status: 'verified' });
    expect((await elsewhere.fetch('/api/auth/session')).status).toBe(200);
  });
});
