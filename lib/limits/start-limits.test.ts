import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { provideTestDatabase } from '#tests/support/stores.ts';
import { createPostgresCounters } from './postgres-counter.ts';
import { createSqliteCounters } from './sqlite-counter.ts';
import { createStartLimits, type StartLimitRules, type StartLimits } from './start-limits.ts';

const rules: StartLimitRules = {
  perNumber: [
    { count: 2, seconds: 60 },
    { count: 3, seconds: 3_600 },
  ],
  perNetwork: [{ count: 4, seconds: 600 }],
  total: [{ count: 6, seconds: 3_600 }],
};

/** Sets up what the processes of a deployment share. @returns a function that opens the limits as one process. */
async function deploy(): Promise<() => StartLimits> {
  if (inject('dialect') === 'PostgreSQL') {
    const database = await provideTestDatabase();
    return () => createStartLimits(rules, createPostgresCounters(database.open()));
  }
  const folder = await mkdtemp(join(tmpdir(), 'call-login-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'limits');
  return () => createStartLimits(rules, createSqliteCounters(path));
}

const start = (phoneNumberTag: string, network = '192.0.2.1') => ({ phoneNumberTag, network });

const allowed = { ok: true, value: null };
const waitFor = (limit: keyof StartLimitRules, retryAfterSeconds: number) => ({
  ok: false,
  error: { limit, retryAfterSeconds },
});

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the start limits', () => {
  it('limit starts of one number from one network and say when the next is allowed', async () => {
    const limits = (await deploy())();
    expect(await limits.consume(start('a'))).toEqual(allowed);
    expect(await limits.consume(start('a'))).toEqual(allowed);
    vi.advanceTimersByTime(20_000);
    expect(await limits.consume(start('a'))).toEqual(waitFor('perNumber', 40));
    vi.advanceTimersByTime(40_000);
    expect(await limits.consume(start('a'))).toEqual(allowed);
    expect(await limits.consume(start('a'))).toEqual(waitFor('perNumber', 3_540));
  });

  it('still allow the owner of a targeted number from another network', async () => {
    const limits = (await deploy())();
    while ((await limits.consume(start('a'))).ok) {}
    expect(await limits.consume(start('a', '198.51.100.9'))).toEqual(allowed);
  });

  it('limit starts from one network across numbers', async () => {
    const limits = (await deploy())();
    for (const number of ['a', 'b', 'c', 'd']) {
      expect(await limits.consume(start(number))).toEqual(allowed);
    }
    expect(await limits.consume(start('e'))).toEqual(waitFor('perNetwork', 600));
    expect(await limits.consume(start('e', '198.51.100.9'))).toEqual(allowed);
  });

  it('limit starts across the whole site', async () => {
    const limits = (await deploy())();
    for (let count = 0; count < 6; count += 1) {
      expect(await limits.consume(start(`${count}`, `192.0.2.${count}`))).toEqual(allowed);
    }
    expect(await limits.consume(start('x', '198.51.100.9'))).toEqual(waitFor('total', 3_600));
  });

  it('do not extend the wait when a refused start is retried', async () => {
    const limits = (await deploy())();
    while ((await limits.consume(start('a'))).ok) {}
    for (let count = 0; count < 100; count += 1) {
      await limits.consume(start('a'));
    }
    vi.advanceTimersByTime(60_000);
    expect(await limits.consume(start('a'))).toEqual(allowed);
    // The refused starts have not counted for the network either.
    expect(await limits.consume(start('b'))).toEqual(allowed);
  });

  it('do not count a refunded start', async () => {
    const limits = (await deploy())();
    for (let count = 0; count < 10; count += 1) {
      expect(await limits.consume(start('a'))).toEqual(allowed);
      await limits.refund(start('a'));
    }
  });

  it('hold under concurrent starts', async () => {
    const limits = (await deploy())();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => limits.consume(start('a'))),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(2);
  });

  it('are shared by processes with one database and survive them', async () => {
    const open = await deploy();
    const [one, other] = [open(), open()];
    expect(await one.consume(start('a'))).toEqual(allowed);
    expect(await other.consume(start('a'))).toEqual(allowed);
    expect(await one.consume(start('a'))).toEqual(waitFor('perNumber', 60));
    expect(await open().consume(start('a'))).toEqual(waitFor('perNumber', 60));
  });
});
