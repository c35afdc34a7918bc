import { expect, it, onTestFinished, vi } from 'vitest';
import { provideTestDatabase } from '#tests/support/stores.ts';
import { createLog } from '../observe/log.ts';
import { insertEvents } from '../store/events.ts';
import { type AttemptNotifications, createAttemptNotifications } from './attempt-notifications.ts';
import { pollEvents } from './event-poller.ts';

/** The notifications of this process, and `end` to record an attempt's end from another process. */
async function open(isNeeded: boolean) {
  const database = await provideTestDatabase();
  const [store, otherStore] = [database.open(), database.open()];
  const notifications = createAttemptNotifications();
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const log = createLog({ write: () => {} });
  pollEvents({ store, notifications, log }, () => isNeeded, stopping.signal);
  const end = (attemptId: string) =>
    insertEvents(otherStore, { at: 0, type: 'attempt_expired', attemptId });
  return { notifications, end };
}

const LONG_MS = 2_000;

/** Whether a wait for an attempt ends before its timeout. */
async function waitFor(notifications: AttemptNotifications, attemptId: string): Promise<boolean> {
  const subscription = notifications.subscribe(attemptId);
  onTestFinished(() => subscription.close());
  const since = performance.now();
  await new Promise<boolean>((resume) => subscription.wait(LONG_MS, resume));
  return performance.now() - since < LONG_MS - 10;
}

it('an event of another process notifies the subscribers of its attempt only', async () => {
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

it('events are not polled while not needed', async () => {
  const { notifications, end } = await open(false);
  const waiting = waitFor(notifications, 'one');
  await end('one');
  expect(await waiting).toBe(false);
});
