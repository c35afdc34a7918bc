import { expect, it, onTestFinished, vi } from 'vitest';
import { provideTestDatabase } from '#tests/support/stores.ts';
import { createLog } from '../observe/log.ts';
import { insertEvent } from '../store/events.ts';
import { type AttemptNotifications, createAttemptNotifications } from './attempt-notifications.ts';
import { pollEvents } from './event-poller.ts';

/** Another process that records ends of attempts, and what wakes those who wait in this one. */
async function open(isNeeded: boolean) {
  const database = await provideTestDatabase();
  const [here, elsewhere] = [database.open(), database.open()];
  const notifications = createAttemptNotifications();
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const log = createLog({ write: () => {} });
  pollEvents({ store: here, notifications, log }, () => isNeeded, stopping.signal);
  const end = (attemptId: string) =>
    insertEvent(elsewhere, { at: 0, type: 'attempt_expired', attemptId });
  return { notifications, end };
}

const LONG_MS = 2_000;

/** Whether somebody who waits for an attempt is woken. */
function waitFor(notifications: AttemptNotifications, attemptId: string): Promise<boolean> {
  const listener = notifications.listen(attemptId);
  onTestFinished(() => listener.close());
  const since = performance.now();
  return listener.wait(LONG_MS).then(() => performance.now() - since < LONG_MS - 10);
}

it('what another process records wakes whoever waits for it here, and nobody else', async () => {
  const { notifications, end } = await open(true);
  const waiting = ['one', 'other'].map((attemptId) => waitFor(notifications, attemptId));
  let isOver = false;
  void waiting[0]?.then(() => {
    isOver = true;
  });
  await vi.waitUntil(
    async () => {
      await end('one');
      return isOver;
    },
    { timeout: LONG_MS + 1_000, interval: 100 },
  );
  expect(await waiting[0]).toBe(true);
  expect(await waiting[1]).toBe(false);
});

it('the events are left alone where something faster wakes', async () => {
  const { notifications, end } = await open(false);
  const waiting = waitFor(notifications, 'one');
  await end('one');
  expect(await waiting).toBe(false);
});
