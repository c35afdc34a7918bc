import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runScript } from '#tests/support/run-script.ts';

function temporaryPath() {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'call-login.db');
}

const migrate = (env: Record<string, string>, ...args: string[]) =>
  runScript('migrate', env, ...args);

describe('npm run migrate', () => {
  it('applies what the database lacks, prints it, and does nothing the second time', () => {
    const env = { DATABASE_URL: `file:${temporaryPath()}` };
    expect(migrate(env)).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^Applied: 0001-first, .+\.\n$/),
      stderr: '',
    });
    expect(migrate(env).stdout).toBe('The tables are up to date.\n');
  });

  it('leaves the database alone where MIGRATIONS is off', () => {
    const path = temporaryPath();
    expect(migrate({ DATABASE_URL: `file:${path}`, MIGRATIONS: 'off' })).toEqual({
      status: 0,
      stdout: expect.stringContaining('No migration is applied: MIGRATIONS is off'),
      stderr: '',
    });
    expect(existsSync(path)).toBe(false);
  });

  it('on a preview of Vercel connects to no database unless told to', () => {
    const preview = {
      VERCEL: '1',
      VERCEL_ENV: 'preview',
      DATABASE_URL: 'postgres://u:p@localhost:1/d',
    };
    expect(migrate(preview)).toMatchObject({ status: 0, stderr: '' });
    expect(migrate({ ...preview, MIGRATIONS: 'apply' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nothing listens at localhost:1'),
    });
  });

  it('refuses what it cannot do, with exit code 1, and what it does not know, with 2', () => {
    const path = temporaryPath();
    writeFileSync(path, 'This is a text, and no database.'.repeat(100));
    expect(migrate({ DATABASE_URL: `file:${path}`, MIGRATIONS: 'yes' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('MIGRATIONS must be one of: apply, off'),
    });
    expect(migrate({ DATABASE_URL: `file:${path}` })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is not a database of SQLite'),
    });
    expect(migrate({ VERCEL: '1', VERCEL_ENV: 'production' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('DATABASE_URL is a file, and this host'),
    });
    expect(migrate({}, '--down')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Usage: npm run migrate'),
    });
  });
});
