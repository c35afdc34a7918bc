import { expect, it, onTestFinished } from 'vitest';
import { createTestClock } from '#testing/login-parts.ts';
import { createLog, referenceOf } from './log.ts';
import { recordChange } from './recording.ts';
import { migrate } from './store/migrate.ts';
import { openSqlite } from './store/sqlite.ts';

async function open() {
  const store = openSqlite(':memory:');
  onTestFinished(() => store.destroy());
  await migrate(store);
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  return {
    parts: { store, log },
    at: createTestClock().now(),
    lines: () => lines.map((line): unknown => JSON.parse(line)),
    events: () => store.selectFrom('events').select(['type']).execute(),
  };
}

it('what is committed is one line for each event, in their order, after the commit', async () => {
  const { parts, at, lines, events } = await open();
  await recordChange(parts, async ({ record }) => {
    await record({ at, type: 'attempt_started', attemptId: 'a' }, { phoneNumber: 'tag…78' });
    await record({ at, type: 'attempt_failed', attemptId: 'a', reason: 'pauth_failed' });
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

it('what is rolled back is in neither', async () => {
  const { parts, at, lines, events } = await open();
  const failing = recordChange(parts, async ({ record }) => {
    await record({ at, type: 'user_created', userId: 'u' });
    throw new Error('the next step failed');
  });
  await expect(failing).rejects.toThrow('the next step failed');
  expect(await events()).toEqual([]);
  expect(lines()).toEqual([]);
});
