import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { referenceOf } from '#lib/observe/log.ts';
import type { ErrorCode } from '#lib/shared/error-codes.ts';
import { openStore, prepareStore, type StorePlace } from '#lib/store/open.ts';
import type { EventType } from '#lib/store/schema.ts';
import { createDatabase } from '#tests/support/postgres.ts';
import { runScript } from '#tests/support/run-script.ts';

// Each command starts a process.
vi.setConfig({ testTimeout: 30_000 });

const HOUR_MS = 3_600_000;

/** One login and one attempt of each other end, today and yesterday, with a phone's user. */
async function fill(place: StorePlace, nowMs: number) {
  const store = openStore(place);
  await prepareStore(place, store);
  const add = async (at: number, type: EventType, reason: ErrorCode | null = null) => {
    const isLogin = type === 'attempt_completed';
    const row = { attempt_id: 'an-attempt', user_id: isLogin ? 'a-user' : null, reason };
    const client = {
      device: isLogin ? 'Safari · iOS' : null,
      network: isLogin ? '192.0.2.0/24' : null,
    };
    await store
      .insertInto('events')
      .values({ at, type, ...row, ...client })
      .execute();
  };
  const yesterday = nowMs - 24 * HOUR_MS;
  await add(nowMs - 20 * 24 * HOUR_MS, 'attempt_started');
  for (const type of ['attempt_started', 'attempt_started', 'attempt_verified'] as const) {
    await add(yesterday, type);
  }
  await add(yesterday, 'attempt_failed', 'signup_closed');
  await add(yesterday, 'attempt_failed', 'pauth_timed_out');
  await add(yesterday, 'attempt_failed', 'pauth_timed_out');
  await add(nowMs, 'attempt_started');
  await add(nowMs, 'attempt_verified');
  await add(nowMs, 'attempt_completed');
  await add(nowMs, 'logged_out');
  await add(nowMs, 'attempt_expired');
  await add(nowMs, 'attempt_cancelled');
  await add(nowMs, 'attempt_contested');
  await store.destroy();
}

/** Noon in UTC, so that a day is the same in the time zones of the tests. */
const noonMs = new Date().setUTCHours(12, 0, 0, 0);
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

const emptyDay = {
  started: 0,
  verified: 0,
  logged_in: 0,
  expired: 0,
  cancelled: 0,
  contested: 0,
  failed: 0,
  failed_by_reason: {},
};

const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line): unknown => z.json().parse(JSON.parse(line)));

describe.each(['SQLite', 'PostgreSQL'])('on %s', (dialect) => {
  let env: Record<string, string> = {};
  beforeAll(async () => {
    if (dialect === 'SQLite') {
      const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
      const path = join(folder, 'events.db');
      env = { DATABASE_URL: `file:${path}`, TZ: 'UTC' };
      await fill({ kind: 'sqlite', path }, noonMs);
      return () => rmSync(folder, { recursive: true });
    }
    const url = await createDatabase(inject('postgresUrl'));
    env = { DATABASE_URL: url, TZ: 'UTC' };
    await fill({ kind: 'postgres', url, poolSize: 2 }, noonMs);
  });

  it('npm run report prints what became of attempts, day by day, and why they failed', () => {
    const { status, stdout, stderr } = runScript('report', env, '--days', '3');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      [
        ...['DAY', 'STARTED', 'VERIFIED', 'LOGGED IN', 'OF STARTED', 'EXPIRED', 'CANCELLED'],
        ...['CONTESTED', 'FAILED', 'pauth_timed_out', 'signup_closed'],
      ],
      [dayOf(noonMs - 48 * HOUR_MS), ...Array(3).fill('0'), ...Array(6).fill('0')],
      [dayOf(noonMs - 24 * HOUR_MS), '2', '1', '0', '0%', '0', '0', '0', '3', '2', '1'],
      [dayOf(noonMs), '1', '1', '1', '100%', '1', '1', '1', '0', '0', '0'],
      [''],
    ]);
    const inJson = runScript('report', env, '--json', '--days', '2');
    expect(JSON.parse(inJson.stdout)).toEqual([
      {
        ...emptyDay,
        day: dayOf(noonMs - 24 * HOUR_MS),
        started: 2,
        verified: 1,
        failed: 3,
        failed_by_reason: { signup_closed: 1, pauth_timed_out: 2 },
      },
      {
        ...emptyDay,
        day: dayOf(noonMs),
        ...{ started: 1, verified: 1, logged_in: 1, expired: 1, cancelled: 1, contested: 1 },
      },
    ]);
  });

  it('npm run events prints the audit log since a date, one event per line', () => {
    const since = dayOf(noonMs);
    const { status, stdout, stderr } = runScript('events', env, '--since', since, '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const events = jsonLines(stdout);
    expect(events).toHaveLength(7);
    expect(events[2]).toEqual({
      id: 10,
      at: new Date(noonMs).toISOString(),
      type: 'attempt_completed',
      attempt: referenceOf('an-attempt'),
      user: referenceOf('a-user'),
      user_id: 'a-user',
      reason: null,
      device: 'Safari · iOS',
      network: '192.0.2.0/24',
    });
    const text = runScript('events', env, '--since', new Date(noonMs - 24 * HOUR_MS).toISOString());
    expect(text.stdout.trimEnd().split('\n')).toHaveLength(13);
    expect(text.stdout).toContain(
      `${new Date(noonMs - 24 * HOUR_MS).toISOString()}  attempt_failed  attempt=${referenceOf('an-attempt')}  reason=signup_closed\n`,
    );
  });
});

describe('a time zone', () => {
  it('moves the days of the report', async () => {
    const path = join(temporaryFolder(), 'events.db');
    const late = new Date(noonMs - 24 * HOUR_MS).setUTCHours(16);
    await fill({ kind: 'sqlite', path }, late);
    const startedOn = (TZ: string) => {
      const { stdout } = runScript('report', { DATABASE_URL: `file:${path}`, TZ }, '--json');
      const days = z.array(z.object({ day: z.string(), logged_in: z.number() }));
      return days.parse(JSON.parse(stdout)).find(({ logged_in }) => logged_in > 0)?.day;
    };
    expect(startedOn('UTC')).toBe(dayOf(late));
    expect(startedOn('Asia/Tokyo')).toBe(dayOf(late + 9 * HOUR_MS));
  });
});

describe('the audit log', () => {
  it('is read no faster than it is taken: a reader who stops early ends the command', async () => {
    const path = join(temporaryFolder(), 'events.db');
    const store = openStore({ kind: 'sqlite', path });
    await prepareStore({ kind: 'sqlite', path }, store);
    const row = { at: noonMs, type: 'logged_out' as const };
    for (let count = 0; count < 20; count += 1) {
      await store
        .insertInto('events')
        .values(Array.from({ length: 1_000 }, () => row))
        .execute();
    }
    await store.destroy();
    const script = ['--conditions=react-server', 'scripts/events.ts', '--since', '2026-01-01'];
    const command = spawn(process.execPath, script, {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', DATABASE_URL: `file:${path}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(command.stdout, 'data');
    command.stdout.destroy();
    expect(await once(command, 'exit')).toEqual([0, null]);
    const all = runScript('events', { DATABASE_URL: `file:${path}` }, '--since', '2026-01-01');
    expect(all.stdout.trimEnd().split('\n')).toHaveLength(20_000);
  });

  it.each([
    ['report', ['--days', '0']],
    ['report', ['--days', 'many']],
    ['report', ['today']],
    ['events', ['--since', 'yesterday']],
    ['events', ['--since', '2026-02-31']],
    ['events', ['--until', '2026-01-01']],
  ] as const)('npm run %s %j answers with its usage and exit code 2', (name, args) => {
    const { status, stdout, stderr } = runScript(name, {}, ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^Usage: npm run ${name}`));
  });

  it('says which setting is wrong, and when the database cannot be used', () => {
    expect(runScript('report', { DATABASE_URL: 'mysql://db' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('DATABASE_URL'),
    });
    const gone = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    const { status, stdout } = runScript('events', gone, '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'refused', code: 'store_unavailable' });
  });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}
