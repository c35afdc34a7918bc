import { expect, it, onTestFinished } from 'vitest';
import { startMeasuring } from '#tests/support/measured.ts';
import { createTestClock } from '#tests/support/test-login.ts';
import { createLog, referenceOf } from '../observe/log.ts';
import { auditedTransaction } from './audit.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite.ts';

async function open() {
  const store = openSqlite(':memory:');
  onTestFinished(() => store.destroy());
  await migrate(store);
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  return {
    deps: { store, log },
    at: createTestClock().now(),
    lines: () => lines.map((line): unknown => JSON.parse(line)),
    events: () => store.selectFrom('events').select(['type']).execute(),
  };
}

it('logs one line per event, in order, after the commit', async () => {
  const { deps, at, lines, events } = await open();
  await auditedTransaction(deps, async ({ record }) => {
    record({ at, type: 'attempt_started', attemptId: 'a' }, { phoneNumber: 'tag…78' });
    record({ at, type: 'attempt_failed', attemptId: 'a', reason: 'pauth_failed' });
    expect(lines()).toEqual([]);
  });
  expect(await events()).toEqual([{ type: 'attempt_started' }, { type: 'attempt_failed' }]);
  const common = { time: expect.any(String), at: new Date(at).toISOString(), msg: 'recorded' };
  const attempt = referenceOf('a');
  expect(lines()).toEqual([
    { ...common, level: 'info', event: 'attempt_started', attempt, phoneNumber: 'tag…78' },
    { ...common, level: 'warn', event: 'attempt_failed', attempt, reason: 'pauth_failed' },
  ]);
});

it('counts a login by call and one with a passkey, each by its method', async () => {
  const { deps, at } = await open();
  const read = startMeasuring();
  await auditedTransaction(deps, async ({ record }) => {
    record({ at, type: 'attempt_completed', attemptId: 'a', userId: 'u' });
    record({ at, type: 'passkey_used', userId: 'u' });
    record({ at, type: 'passkey_confirmed', userId: 'u' });
  });
  const logins = (await read()).filter(({ name }) => name === 'call_login_logins_total');
  expect(logins).toMatchObject([
    { labels: { method: 'call' }, value: 1 },
    { labels: { method: 'passkey' }, value: 1 },
  ]);
});

it('stores, logs and counts nothing after a rollback', async () => {
  const { deps, at, lines, events } = await open();
  const read = startMeasuring();
  const failing = auditedTransaction(deps, async ({ record }) => {
    record({ at, type: 'attempt_started', attemptId: 'a' });
    throw new Error('the next step failed');
  });
  await expect(failing).rejects.toThrow('the next step failed');
  expect(await events()).toEqual([]);
  expect(lines()).toEqual([]);
  expect((await read()).filter(({ value }) => value !== 0)).toEqual([]);
});
