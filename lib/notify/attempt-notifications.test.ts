import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAttemptNotifications, shareAttemptNotifications } from './attempt-notifications.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether a wait is over once all pending microtasks and due timers have run. */
async function isOver(wait: Promise<unknown>): Promise<boolean> {
  let over = false;
  void wait.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

describe('a wait', () => {
  it('ends at the next change of its attempt, not of another', async () => {
    const notifications = createAttemptNotifications();
    const wait = notifications.subscribe('a').wait(60_000);
    notifications.notify('b');
    expect(await isOver(wait)).toBe(false);
    notifications.notify('a');
    expect(await isOver(wait)).toBe(true);
  });

  it('ends for every subscriber of the attempt', async () => {
    const notifications = createAttemptNotifications();
    const waits = [
      notifications.subscribe('a').wait(60_000),
      notifications.subscribe('a').wait(60_000),
    ];
    notifications.notify('a');
    expect(await Promise.all(waits.map(isOver))).toEqual([true, true]);
  });

  it('ends at once, and only once, after changes since the subscription', async () => {
    const notifications = createAttemptNotifications();
    const subscription = notifications.subscribe('a');
    notifications.notify('a');
    notifications.notify('a');
    expect(await subscription.wait(60_000)).toBe(true);
    expect(await isOver(subscription.wait(60_000))).toBe(false);
  });

  it('ends at once after a change between two waits', async () => {
    const notifications = createAttemptNotifications();
    const subscription = notifications.subscribe('a');
    const first = subscription.wait(60_000);
    notifications.notify('a');
    await first;
    notifications.notify('a');
    expect(await isOver(subscription.wait(60_000))).toBe(true);
  });

  it('does not end for a change before the subscription', async () => {
    const notifications = createAttemptNotifications();
    notifications.notify('a');
    expect(await isOver(notifications.subscribe('a').wait(60_000))).toBe(false);
  });

  it('ends at once after a change since the version subscribed from', async () => {
    const notifications = createAttemptNotifications();
    const before = notifications.version();
    notifications.notify('a');
    const after = notifications.version();
    notifications.notify('b');
    expect(await isOver(notifications.subscribe('a', before).wait(60_000))).toBe(true);
    expect(await isOver(notifications.subscribe('a', after).wait(60_000))).toBe(false);
    expect(await isOver(notifications.subscribe('c', before).wait(60_000))).toBe(false);
  });

  it('ends at once when the version subscribed from is older than the changes kept', async () => {
    const notifications = createAttemptNotifications();
    const before = notifications.version();
    notifications.notify('a');
    for (let others = 0; others < 2_000; others += 1) {
      notifications.notify(`other ${others}`);
    }
    expect(await isOver(notifications.subscribe('a', before).wait(60_000))).toBe(true);
    expect(await isOver(notifications.subscribe('a').wait(60_000))).toBe(false);
  });

  it('ends at its timeout and not before', async () => {
    const wait = createAttemptNotifications().subscribe('a').wait(60_000);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(await isOver(wait)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await isOver(wait)).toBe(true);
  });

  it('ends together with others that time out at nearly the same time', async () => {
    const notifications = createAttemptNotifications();
    await vi.advanceTimersByTimeAsync(60_000);
    let ended = 0;
    for (const timeoutMs of [10_001, 10_020, 10_049]) {
      void notifications
        .subscribe('a')
        .wait(timeoutMs)
        .then(() => {
          ended += 1;
        });
    }
    await vi.advanceTimersByTimeAsync(10_049);
    expect(ended).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toBe(3);
  });

  it('returns at once with a timeout of 0 or less', async () => {
    expect(await createAttemptNotifications().subscribe('a').wait(0)).toBe(false);
    expect(await isOver(createAttemptNotifications().subscribe('a').wait(-5))).toBe(true);
  });

  it('ends when its signal is aborted, and returns at once after that', async () => {
    const abort = new AbortController();
    const subscription = createAttemptNotifications().subscribe('a');
    const wait = subscription.wait(60_000, abort.signal);
    expect(await isOver(wait)).toBe(false);
    abort.abort();
    expect(await isOver(wait)).toBe(true);
    expect(await isOver(subscription.wait(60_000, abort.signal))).toBe(true);
  });

  it.each(['change', 'timeout'])(
    'leaves no listeners or timers behind when it ends by %s',
    async (end) => {
      const { signal } = new AbortController();
      const notifications = createAttemptNotifications();
      const wait = notifications.subscribe('a').wait(1_000, signal);
      if (end === 'change') {
        notifications.notify('a');
      } else {
        await vi.advanceTimersByTimeAsync(1_000);
      }
      await wait;
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});

it('a closed subscription is not notified', async () => {
  const notifications = createAttemptNotifications();
  const [closed, other] = [notifications.subscribe('a'), notifications.subscribe('a')];
  closed.close();
  notifications.notify('a');
  expect(await isOver(other.wait(60_000))).toBe(true);
  expect(await isOver(closed.wait(60_000))).toBe(false);
});

describe('closing the notifications', () => {
  it('ends all waits, and later waits return at once', async () => {
    const notifications = createAttemptNotifications();
    const [one, other] = [notifications.subscribe('one'), notifications.subscribe('other')];
    const waits = [one.wait(10_000), other.wait(10_000)];
    expect(notifications.isClosed()).toBe(false);
    notifications.close();
    await Promise.all(waits);
    await one.wait(10_000);
    await notifications.subscribe('late').wait(10_000);
    expect(notifications.isClosed()).toBe(true);
  });
});

describe('shared notifications', () => {
  it('publish a change and notify local subscribers', async () => {
    const published: string[] = [];
    const local = createAttemptNotifications();
    const shared = shareAttemptNotifications(local, (attemptId) => published.push(attemptId));
    const waiting = shared.subscribe('one').wait(10_000);
    shared.notify('one');
    await waiting;
    expect(published).toEqual(['one']);
    expect(shared.hasSubscribers()).toBe(true);
  });
});
