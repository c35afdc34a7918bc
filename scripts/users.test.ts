import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { runUsers } from '#tests/support/users-command.ts';

// Each command starts a process.
vi.setConfig({ testTimeout: 30_000 });

function temporaryDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'call-login-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'users.db');
  return { path, users: (...args: string[]) => runUsers(path, ...args) };
}

const json = (text: string): unknown => z.json().parse(JSON.parse(text));

describe('npm run users', () => {
  it('creates a missing database and lists no users', () => {
    const { users } = temporaryDatabase();
    const { status, stdout, stderr } = users('list');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(json(users('list', '--json').stdout)).toEqual([]);
  });

  it('adds, disables, enables and logs out a user by a number in any notation', () => {
    const { users } = temporaryDatabase();
    expect(users('add', '090-1234-5678').status).toBe(0);
    expect(users('list').stdout).toMatch(/^090-1234-5678 {2}active /m);
    expect(users('disable', '＋８１９０１２３４５６７８').status).toBe(0);
    expect(users('list').stdout).toMatch(/^090-1234-5678 {2}disabled /m);
    const enabled = users('--json', 'enable', '+81', '90', '1234', '5678');
    expect(json(enabled.stdout)).toMatchObject({
      status: 'done',
      user: { phone_number: '+819012345678', state: 'active', disabled_at: null },
    });
    expect(users('logout', '09012345678').status).toBe(0);
    expect(json(users('list', '--json').stdout)).toMatchObject([{ state: 'active' }]);
  });

  it('exports, exchanges and deletes an account by its number or its id', () => {
    const { users } = temporaryDatabase();
    users('add', '090-1234-5678');
    const exported = users('export', '090-1234-5678');
    const { user } = z.object({ user: z.object({ id: z.string() }) }).parse(json(exported.stdout));
    expect(json(users('export', user.id, '--json').stdout)).toEqual(json(exported.stdout));
    expect(json(users('exchange', user.id, '--json').stdout)).toMatchObject({
      code: 'nothing_to_exchange',
    });
    expect(users('delete', user.id).stdout).toBe(
      `Account ${user.id} is deleted. Sessions deleted: 0, attempts deleted: 0, events kept without device and network: 1.\n`,
    );
    expect(json(users('list', '--json').stdout)).toEqual([]);
    expect(json(users('delete', user.id, '--json').stdout)).toMatchObject({ code: 'user_missing' });
  });

  it('lists and removes the passkeys of an account', async () => {
    const { path, users } = temporaryDatabase();
    users('add', '090-1234-5678');
    expect(json(users('remove-passkeys', '090-1234-5678', '--json').stdout)).toMatchObject({
      code: 'no_passkeys',
    });
    const database = new DatabaseSync(path);
    database
      .prepare(
        `insert into passkeys select 'p', id, 'c', 'k', 0, 'multiDevice', 1, 'login.example',
         '母の電話', 'Safari · iOS', '192.0.2.0/24', 's', 1793491200000, null from users`,
      )
      .run();
    database.close();
    expect(users('passkeys', '090-1234-5678').stdout).toContain(
      '母の電話  Safari · iOS  2026-11-01 00:00Z  never',
    );
    expect(json(users('passkeys', '090-1234-5678', '--json').stdout)).toEqual([
      {
        id: 'p',
        name: '母の電話',
        device: 'Safari · iOS',
        is_synced: true,
        created_at: '2026-11-01T00:00:00.000Z',
        last_used_at: null,
      },
    ]);
    expect(users('remove-passkeys', '090-1234-5678').stdout).toBe(
      '090-1234-5678 has no passkeys any more.\n',
    );
    expect(json(users('passkeys', '090-1234-5678', '--json').stdout)).toEqual([]);
  });

  it.each([
    [['disable', '080-1111-2222'], 'user_missing'],
    [['logout', '080-1111-2222'], 'user_missing'],
    [['enable', '080-1111-2222'], 'user_missing'],
    [['exchange', '090-1234-5678'], 'nothing_to_exchange'],
    [['export', '080-1111-2222'], 'user_missing'],
    [['disable', '6f1c2b1e-0000-4000-8000-000000000000'], 'phone_number_unreadable'],
    [['add', '090-1234-5678'], 'user_exists'],
    [['enable', '090-1234-5678'], 'nothing_to_enable'],
    [['add', '090'], 'phone_number_too_short'],
    [['add', 'nobody'], 'phone_number_unreadable'],
    [['add', '+1', '2125550100000'], 'phone_number_too_long'],
  ])('refuses %j with one sentence and exit code 1: %s', (args, code) => {
    const { users } = temporaryDatabase();
    users('add', '090-1234-5678');
    const { status, stdout, stderr } = users(...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n{}]+\.\n$/);
    const inJson = users(...args, '--json');
    expect(inJson.status).toBe(1);
    expect(json(inJson.stdout)).toMatchObject({ status: 'refused', code });
  });

  it.each([
    [[]],
    [['remove', '090-1234-5678']],
    [['constructor', '090-1234-5678']],
    [['list', '090-1234-5678']],
    [['add']],
    [['list', '--yaml']],
  ])('answers %j with its usage and exit code 2', (args) => {
    const { status, stdout, stderr } = temporaryDatabase().users(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: npm run users/);
  });

  it('reports an invalid configuration', () => {
    const { status, stderr } = runUsers('');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^Usage/);
    const without = runUsers('', 'list');
    expect(without.status).toBe(1);
    expect(without.stderr).toContain('DATABASE_URL');
  });
});
