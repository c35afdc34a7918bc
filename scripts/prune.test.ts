import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { insertEvents } from '#lib/store/events.ts';
import { migrate } from '#lib/store/migrate.ts';
import { openSqlite } from '#lib/store/sqlite.ts';
import { runScript } from '#tests/support/run-script.ts';

function temporaryPath() {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'call-login.db');
}

const prune = (env: Record<string, string>, ...args: string[]) => runScript('prune', env, ...args);

describe('npm run prune', () => {
  it('deletes what is past its retention, and says how many rows of each table', async () => {
    const path = temporaryPath();
    const store = openSqlite(path);
    await migrate(store);
    const daysAgo = (days: number) => Date.now() - days * 86_400_000;
    for (const days of [1, 29, 31, 400]) {
      await insertEvents(store, { at: daysAgo(days), type: 'attempt_started' });
    }
    await store.destroy();
    const env = { DATABASE_URL: `file:${path}`, EVENT_RETENTION_DAYS: '30' };
    expect(prune({ ...env, EVENT_RETENTION_DAYS: '0' }, '--json').stdout).toContain('"events":0');
    expect(prune(env)).toEqual({
      status: 0,
      stdout: 'Deleted: attempts 0, sessions 0, events 2, limits 0, outbox 0.\n',
      stderr: '',
    });
    expect(JSON.parse(prune(env, '--json').stdout)).toEqual({
      attempts: 0,
      sessions: 0,
      events: 0,
      limits: 0,
      outbox: 0,
    });
  });

  it('refuses what it cannot do, with exit code 1, and what it does not know, with 2', () => {
    const path = temporaryPath();
    writeFileSync(path, 'This is a text, and no database.'.repeat(100));
    expect(prune({ DATABASE_URL: `file:${path}`, ATTEMPT_RETENTION_DAYS: 'week' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('ATTEMPT_RETENTION_DAYS must be'),
    });
    expect(prune({ DATABASE_URL: `file:${path}` })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is not a database of SQLite'),
    });
    expect(prune({}, '--all')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Usage: npm run prune'),
    });
  });
});
