import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAttemptNotifications, shareAttemptNotifications } from './attempt-notifications.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether a wait is over, once everything that can happen at this moment has happened. */
async function isOver(wait: Promise<unknown>): Promise<boolean> {
  let over = false;
  void wait.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

describe('waiting', () => {
  it('ends at the next change of that attempt and no other', async () => {
    const notifications = createAttemptNotifications();
    const wait = notifications.listen('a').wait(60_000);
    notifications.wake('b');
    expect(await isOver(wait)).toBe(false);
    notifications.wake('a');
    expect(await isOver(wait)).toBe(true);
  });

  it('ends for everybody who waits for it', async () => {
    const notifications = createAttemptNotifications();
    const waits = [notifications.listen('a').wait(60_000), notifications.listen('a').wait(60_000)];
    notifications.wake('a');
    expect(await Promise.all(waits.map(isOver))).toEqual([true, true]);
  });

  it('ends at once for a change since listening began, once', async () => {
    const notifications = createAttemptNotifications();
    const listener = notifications.listen('a');
    notifications.wake('a');
    notifications.wake('a');
    expect(await listener.wait(60_000)).toBe(true);
    expect(await isOver(listener.wait(60_000))).toBe(false);
  });

  it('ends at once for a change between two waits', async () => {
    const notifications = createAttemptNotifications();
    const listener = notifications.listen('a');
    const first = listener.wait(60_000);
    notifications.wake('a');
    await first;
    notifications.wake('a');
    expect(await isOver(listener.wait(60_000))).toBe(true);
  });

  it('does not end for a change before listening began', async () => {
    const notifications = createAttemptNotifications();
    notifications.wake('a');
    expect(await isOver(notifications.listen('a').wait(60_000))).toBe(false);
  });

  it('ends at once for a change between the moment it listens from and its beginning', async () => {
    const notifications = createAttemptNotifications();
    const before = notifications.moment();
    notifications.wake('a');
    const after = notifications.moment();
    notifications.wake('b');
    expect(await isOver(notifications.listen('a', before).wait(60_000))).toBe(true);
    expect(await isOver(notifications.listen('a', after).wait(60_000))).toBe(false);
    expect(await isOver(notifications.listen('c', before).wait(60_000))).toBe(false);
  });

  it('ends at once where so much has changed since that nobody knows what has', async () => {
    const notifications = createAttemptNotifications();
    const before = notifications.moment();
    notifications.wake('a');
    for (let others = 0; others < 2_000; others += 1) {
      notifications.wake(`other ${others}`);
    }
    expect(await isOver(notifications.listen('a', before).wait(60_000))).toBe(true);
    expect(await isOver(notifications.listen('a').wait(60_000))).toBe(false);
  });

  it('ends when its time is over, and not before', async () => {
    const wait = createAttemptNotifications().listen('a').wait(60_000);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(await isOver(wait)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await isOver(wait)).toBe(true);
  });

  it('does not begin without time', async () => {
    expect(await createAttemptNotifications().listen('a').wait(0)).toBe(false);
    expect(await isOver(createAttemptNotifications().listen('a').wait(-5))).toBe(true);
  });

  it('ends when nobody wants the answer any more, or does not begin', async () => {
    const leaving = new AbortController();
    const listener = createAttemptNotifications().listen('a');
    const wait = listener.wait(60_000, leaving.signal);
    expect(await isOver(wait)).toBe(false);
    leaving.abort();
    expect(await isOver(wait)).toBe(true);
    expect(await isOver(listener.wait(60_000, leaving.signal))).toBe(true);
  });

  it.each(['change', 'time'])('leaves nothing behind when it ends by %s', async (end) => {
    const { signal } = new AbortController();
    const notifications = createAttemptNotifications();
    const wait = notifications.listen('a').wait(1_000, signal);
    if (end === 'change') {
      notifications.wake('a');
    } else {
      await vi.advanceTimersByTimeAsync(1_000);
    }
    await wait;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('a listener that was closed hears nothing more', async () => {
  const notifications = createAttemptNotifications();
  const [closed, other] = [notifications.listen('a'), notifications.listen('a')];
  closed.close();
  notifications.wake('a');
  expect(await isOver(other.wait(60_000))).toBe(true);
  expect(await isOver(closed.wait(60_000))).toBe(false);
});

describe('when the process is to end', () => {
  it('everybody is woken, and nobody waits any more', async () => {
    const notifications = createAttemptNotifications();
    const [one, other] = [notifications.listen('one'), notifications.listen('other')];
    const waits = [one.wait(10_000), other.wait(10_000)];
    expect(notifications.isClosed()).toBe(false);
    notifications.close();
    await Promise.all(waits);
    await one.wait(10_000);
    await notifications.listen('late').wait(10_000);
    expect(notifications.isClosed()).toBe(true);
  });
});

describe('shared wake-ups', () => {
  it('tell of a change here, and wake who waits here', async () => {
    const told: string[] = [];
    const local = createAttemptNotifications();
    const shared = shareAttemptNotifications(local, (attemptId) => told.push(attemptId));
    const waiting = shared.listen('one').wait(10_000);
    shared.wake('one');
    await waiting;
    expect(told).toEqual(['one']);
    expect(shared.isSomebodyListening()).toBe(true);
  });
});
