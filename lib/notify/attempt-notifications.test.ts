import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AttemptSubscription,
  createAttemptNotifications,
  shareAttemptNotifications,
} from './attempt-notifications.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const wait = (subscription: AttemptSubscription, timeoutMs = 60_000) =>
  new Promise<boolean>((resume) => subscription.wait(timeoutMs, resume));

/** Whether a wait is over once all pending microtasks and due timers have run. */
async function isOver(waiting: Promise<unknown>): Promise<boolean> {
  let over = false;
  void waiting.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

describe('a wait', () => {
  it('ends at the next change of its attempt, not of another', async () => {
    const notifications = createAttemptNotifications();
    const waiting = wait(notifications.subscribe('a'));
    notifications.notify('b');
    expect(await isOver(waiting)).toBe(false);
    notifications.notify('a');
    expect(await isOver(waiting)).toBe(true);
  });

  it('ends for every subscriber of the attempt', async () => {
    const notifications = createAttemptNotifications();
    const waits = [wait(notifications.subscribe('a')), wait(notifications.subscribe('a'))];
    notifications.notify('a');
    expect(await Promise.all(waits.map(isOver))).toEqual([true, true]);
  });

  it('ends at once, and only once, after changes since the subscription', async () => {
    const notifications = createAttemptNotifications();
    const subscription = notifications.subscribe('a');
    notifications.notify('a');
    notifications.notify('a');
    expect(await wait(subscription)).toBe(true);
    expect(await isOver(wait(subscription))).toBe(false);
  });

  it('ends at once after a change between two waits', async () => {
    const notifications = createAttemptNotifications();
    const subscription = notifications.subscribe('a');
    const first = wait(subscription);
    notifications.notify('a');
    await first;
    notifications.notify('a');
    expect(await isOver(wait(subscription))).toBe(true);
  });

  it('does not end for a change before the subscription', async () => {
    const notifications = createAttemptNotifications();
    notifications.notify('a');
    expect(await isOver(wait(notifications.subscribe('a')))).toBe(false);
  });

  it('ends at once after a change since the version subscribed from', async () => {
    const notifications = createAttemptNotifications();
    const before = notifications.version();
    notifications.notify('a');
    const after = notifications.version();
    notifications.notify('b');
    expect(await isOver(wait(notifications.subscribe('a', before)))).toBe(true);
    expect(await isOver(wait(notifications.subscribe('a', after)))).toBe(false);
    expect(await isOver(wait(notifications.subscribe('c', before)))).toBe(false);
  });

  it('ends at once when the version subscribed from is older than the changes kept', async () => {
    const notifications = createAttemptNotifications();
    const before = notifications.version();
    notifications.notify('a');
    for (let others = 0; others < 2_000; others += 1) {
      notifications.notify(`other ${others}`);
    }
    expect(await isOver(wait(notifications.subscribe('a', before)))).toBe(true);
    expect(await isOver(wait(notifications.subscribe('a')))).toBe(false);
  });

  it('ends at its timeout and not before', async () => {
    const waiting = wait(createAttemptNotifications().subscribe('a'));
    await vi.advanceTimersByTimeAsync(59_999);
    expect(await isOver(waiting)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await isOver(waiting)).toBe(true);
  });

  it('ends together with others that time out at nearly the same time', async () => {
    const notifications = createAttemptNotifications();
    await vi.advanceTimersByTimeAsync(60_000);
    let ended = 0;
    for (const timeoutMs of [10_001, 10_020, 10_049]) {
      notifications.subscribe('a').wait(timeoutMs, () => {
        ended += 1;
      });
    }
    await vi.advanceTimersByTimeAsync(10_049);
    expect(ended).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toBe(3);
  });

  it('returns at once with a timeout of 0 or less', async () => {
    expect(await wait(createAttemptNotifications().subscribe('a'), 0)).toBe(false);
    expect(await isOver(wait(createAttemptNotifications().subscribe('a'), -5))).toBe(true);
  });

  it('ends when it is abandoned, and returns at once after that', async () => {
    const subscription = createAttemptNotifications().subscribe('a');
    const waiting = wait(subscription);
    expect(await isOver(waiting)).toBe(false);
    subscription.abandon();
    expect(await isOver(waiting)).toBe(true);
    expect(await isOver(wait(subscription))).toBe(true);
  });

  it.each(['change', 'timeout'])('leaves no timers behind when it ends by %s', async (end) => {
    const notifications = createAttemptNotifications();
    const waiting = wait(notifications.subscribe('a'), 1_000);
    if (end === 'change') {
      notifications.notify('a');
    } else {
      await vi.advanceTimersByTimeAsync(1_000);
    }
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('a closed subscription is not notified', async () => {
  const notifications = createAttemptNotifications();
  const [closed, other] = [notifications.subscribe('a'), notifications.subscribe('a')];
  closed.close();
  notifications.notify('a');
  expect(await isOver(wait(other))).toBe(true);
  expect(await isOver(wait(closed))).toBe(false);
});

describe('closing the notifications', () => {
  it('ends all waits, and later waits return at once', async () => {
    const notifications = createAttemptNotifications();
    const [one, other] = [notifications.subscribe('one'), notifications.subscribe('other')];
    const waits = [wait(one, 10_000), wait(other, 10_000)];
    expect(notifications.isClosed()).toBe(false);
    notifications.close();
    await Promise.all(waits);
    await wait(one, 10_000);
    await wait(notifications.subscribe('late'), 10_000);
    expect(notifications.isClosed()).toBe(true);
  });
});

describe('shared notifications', () => {
  it('publish a change and notify local subscribers', async () => {
    const published: string[] = [];
    const local = createAttemptNotifications();
    const shared = shareAttemptNotifications(local, (attemptId) => published.push(attemptId));
    const waiting = wait(shared.subscribe('one'), 10_000);
    shared.notify('one');
    await waiting;
    expect(published).toEqual(['one']);
    expect(shared.hasSubscribers()).toBe(true);
  });
});
