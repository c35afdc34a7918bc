import { describe, expect, it, onTestFinished } from 'vitest';
import { waitUntilBlocked } from '#tests/support/blocked.ts';
import { openTestStore } from '#tests/support/stores.ts';
import { createTestClock } from '#tests/support/test-login.ts';
import { isSigned, startReceiver, WEBHOOK_SECRET } from '#tests/support/webhook-receiver.ts';
import { createLog, referenceOf } from '../observe/log.ts';
import { createThrottledLog } from '../observe/throttled-log.ts';
import { auditedTransaction } from '../store/audit.ts';
import { claimMessages, setOutboxUsed } from '../store/outbox.ts';
import { sendAllDue, sendDue, type Webhook } from './webhook.ts';

const OTHER_SECRET = 'whsec_b3RoZXIgc2VjcmV0IHRoYXQgd2FzIHVzZWQgYmVmb3Jl';

const keyOf = (secret: string) => Buffer.from(secret.slice('whsec_'.length), 'base64');

async function open() {
  const store = await openTestStore();
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  const clock = createTestClock();
  // The library refuses times that are not about now.
  clock.advance(Date.now() - clock.now());
  const deps = { store, clock, log, throttledLog: createThrottledLog(clock) };
  setOutboxUsed(true);
  onTestFinished(() => setOutboxUsed(false));
  return {
    deps,
    clock,
    lines: () => lines.join(''),
    record: async (count = 1) =>
      await auditedTransaction(deps, async ({ record }) => {
        for (let recorded = 0; recorded < count; recorded += 1) {
          record({
            at: clock.now(),
            type: 'attempt_completed',
            attemptId: 'an-attempt',
            userId: 'a-user',
            client: { device: 'Safari · iOS', network: '192.0.2.0/24' },
          });
        }
      }),
    countMessages: async () => (await store.selectFrom('outbox').selectAll().execute()).length,
  };
}

const webhookAt = (url: URL): Webhook => ({ url, keys: [keyOf(WEBHOOK_SECRET)] });

describe('the webhook', () => {
  it('sends an event once, signed as the library of Standard Webhooks expects', async () => {
    const { deps, clock, record, countMessages } = await open();
    const { url, received } = await startReceiver();
    await record();
    expect(await sendDue(deps, webhookAt(url))).toBe(1);
    expect(received).toMatchObject([
      {
        event: {
          type: 'attempt_completed',
          timestamp: new Date(clock.now()).toISOString(),
          data: {
            attempt: referenceOf('an-attempt'),
            user_id: 'a-user',
            reason: null,
            device: 'Safari · iOS',
            network: '192.0.2.0/24',
          },
        },
      },
    ]);
    expect(received.map((each) => isSigned(each))).toEqual([true]);
    expect(received.map((each) => isSigned(each, OTHER_SECRET))).toEqual([false]);
    expect(await countMessages()).toBe(0);
    expect(await sendDue(deps, webhookAt(url))).toBe(0);
  });

  it('sends all that waits, without waiting for what failed', async () => {
    const { deps, record, countMessages } = await open();
    const { url, received } = await startReceiver((tries) => (tries === 1 ? 503 : 200));
    await record(25);
    await sendAllDue(deps, webhookAt(url), new AbortController().signal);
    expect(received).toHaveLength(25);
    expect(await countMessages()).toBe(1);
  });

  it('signs with every secret while one is changed for another', async () => {
    const { deps, record } = await open();
    const { url, received } = await startReceiver();
    await record();
    await sendDue(deps, { url, keys: [keyOf(OTHER_SECRET), keyOf(WEBHOOK_SECRET)] });
    expect(received.flatMap((each) => [isSigned(each), isSigned(each, OTHER_SECRET)])).toEqual([
      true,
      true,
    ]);
  });

  it('is told nothing of a change that is rolled back, or while it is off', async () => {
    const { deps, clock, record, countMessages } = await open();
    const failing = auditedTransaction(deps, async ({ record }) => {
      record({ at: clock.now(), type: 'logged_out', userId: 'a-user' });
      throw new Error('the next step failed');
    });
    await expect(failing).rejects.toThrow('the next step failed');
    setOutboxUsed(false);
    await record();
    expect(await countMessages()).toBe(0);
  });

  it('tries again with the same id after 5 s, 5 min and so on, until the receiver is repaired', async () => {
    const { deps, clock, record, lines } = await open();
    const { url, received } = await startReceiver((tries) => (tries < 3 ? 503 : 200));
    await record();
    await sendDue(deps, webhookAt(url));
    expect(lines()).toMatch(/"event":"webhook_failed",.*"tries":1,"status":503/);
    clock.advance(4_000);
    expect(await sendDue(deps, webhookAt(url))).toBe(0);
    clock.advance(2_000);
    expect(await sendDue(deps, webhookAt(url))).toBe(1);
    clock.advance(290_000);
    expect(await sendDue(deps, webhookAt(url))).toBe(0);
    clock.advance(60_000);
    expect(await sendDue(deps, webhookAt(url))).toBe(1);
    clock.advance(86_400_000);
    expect(await sendDue(deps, webhookAt(url))).toBe(0);
    expect(new Set(received.map(({ id }) => id)).size).toBe(1);
  });

  it('gives an event up after three days and says so', async () => {
    const { deps, clock, record, lines, countMessages } = await open();
    const { url, received } = await startReceiver(() => 500);
    await record();
    const since = clock.now();
    let lastTryMs = 0;
    while ((await countMessages()) > 0) {
      lastTryMs = clock.now() - since;
      await sendDue(deps, webhookAt(url));
      clock.advance(3_600_000);
    }
    expect(received).toHaveLength(10);
    expect(lastTryMs / 86_400_000).toBeGreaterThan(3);
    expect(lastTryMs / 86_400_000).toBeLessThan(4);
    expect(lines()).toContain('"event":"webhook_given_up"');
  });

  it('does not follow a redirect, which would take the event elsewhere', async () => {
    const { deps, record, countMessages } = await open();
    const elsewhere = await startReceiver();
    const { url } = await startReceiver(() => elsewhere.url.href);
    await record();
    await sendDue(deps, webhookAt(url));
    expect(elsewhere.received).toEqual([]);
    expect(await countMessages()).toBe(1);
  });

  it('is sent each event by one of several processes, in batches', async () => {
    const { deps, record, countMessages } = await open();
    const { url, received } = await startReceiver();
    await record(35);
    const sendAll = async () => {
      while ((await sendDue(deps, webhookAt(url))) > 0);
    };
    await Promise.all([sendAll(), sendAll(), sendAll(), sendAll()]);
    expect(received).toHaveLength(35);
    expect(new Set(received.map(({ id }) => id)).size).toBe(35);
    expect(await countMessages()).toBe(0);
  });

  it('is not sent an event by a process that waited while another one claimed it', async () => {
    const { deps, clock, record } = await open();
    await record(3);
    const claim = { now: clock.now(), claimedUntil: clock.now() + 30_000, limit: 10 };
    const { first, second } = await deps.store.transaction().execute(async (transaction) => {
      const first = await claimMessages(transaction, claim);
      const second = claimMessages(deps.store, claim);
      await waitUntilBlocked(deps.store);
      return { first, second };
    });
    expect(first).toHaveLength(3);
    expect(await second).toEqual([]);
  });

  it('is sent what a process had claimed when it died, half a minute later', async () => {
    const { deps, clock, record } = await open();
    const { url, received } = await startReceiver();
    await record();
    await deps.store
      .updateTable('outbox')
      .set({ next_at: clock.now() + 30_000, tries: 1 })
      .execute();
    expect(await sendDue(deps, webhookAt(url))).toBe(0);
    clock.advance(30_000);
    expect(await sendDue(deps, webhookAt(url))).toBe(1);
    expect(received).toHaveLength(1);
  });
});
