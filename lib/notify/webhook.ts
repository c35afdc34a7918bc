import 'server-only';
import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';
import type { ThrottledLog } from '../observe/throttled-log.ts';
import type { Clock } from '../shared/clock.ts';
import { claimMessages, deleteMessage, postponeMessage } from '../store/outbox.ts';
import type { OutboxMessage, Store } from '../store/schema.ts';

/** Where the events are sent. */
export interface Webhook {
  url: URL;
  /** The keys that sign, newest first: a receiver needs one of them. */
  keys: readonly Buffer[];
}

interface WebhookDependencies {
  store: Store;
  clock: Clock;
  log: Log;
  throttledLog: ThrottledLog;
}

/**
 * The pauses after failures, in seconds, as https://www.standardwebhooks.com proposes: within three days a
 * receiver is repaired. After the last of them a message is given up.
 */
const PAUSES_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** Random extra time as a fraction of the pause, so that messages that failed together are not sent together again. */
const JITTER = 0.1;

const TIMEOUT_MS = 10_000;

/** How long a message stays claimed by a process that has died. */
const CLAIM_MS = 30_000;

/** How many messages are sent at a time. */
const BATCH = 10;

/** How often a process looks for messages. */
const INTERVAL_MS = 1_000;

/** Sends messages of the outbox until aborted. Any number of processes may do so. */
export function keepSending(
  deps: WebhookDependencies,
  webhook: Webhook,
  signal: AbortSignal,
): void {
  void (async () => {
    while (!signal.aborted) {
      const sent = await sendDue(deps, webhook).catch((error: unknown) => {
        deps.throttledLog(deps.log, 'warn', {
          kind: 'outbox',
          entry: { event: 'webhook_failed', error },
          message: 'the events to send could not be read or updated',
          maxPerMinute: 1,
        });
        return 0;
      });
      if (sent < BATCH) {
        await delay(INTERVAL_MS, null, { signal, ref: false }).catch(() => {});
      }
    }
  })();
}

/** Sends messages until none is due, or until aborted. */
export async function sendAllDue(
  deps: WebhookDependencies,
  webhook: Webhook,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && (await sendDue(deps, webhook)) > 0) {
    // What failed is due later.
  }
}

/** Sends the messages that are due, a batch at most. @returns how many it tried. */
export async function sendDue(deps: WebhookDependencies, webhook: Webhook): Promise<number> {
  const now = deps.clock.now();
  const claim = { now, claimedUntil: now + CLAIM_MS, limit: BATCH };
  const messages = await claimMessages(deps.store, claim);
  await Promise.all(messages.map((message) => sendOne(deps, webhook, message)));
  return messages.length;
}

async function sendOne(
  deps: WebhookDependencies,
  webhook: Webhook,
  message: OutboxMessage,
): Promise<void> {
  const failure = await post(deps, webhook, message);
  if (failure === null) {
    await deleteMessage(deps.store, message.id);
    return;
  }
  const pauseSeconds = PAUSES_SECONDS[message.tries - 1];
  const entry = { event: 'webhook_failed', message: message.id, tries: message.tries, ...failure };
  if (pauseSeconds === undefined) {
    await deleteMessage(deps.store, message.id);
    deps.log.error(
      { ...entry, event: 'webhook_given_up' },
      'an event could not be sent and is not tried again',
    );
    return;
  }
  const pauseMs = Math.round(pauseSeconds * 1_000 * (1 + JITTER * Math.random()));
  await postponeMessage(deps.store, message.id, deps.clock.now() + pauseMs);
  deps.throttledLog(deps.log, 'warn', {
    kind: 'webhook',
    entry,
    message: 'WEBHOOK_URL did not accept an event: it is tried again later',
    maxPerMinute: 1,
  });
}

/** @returns null if the receiver accepted it, else what is logged. */
async function post(
  { clock }: WebhookDependencies,
  { url, keys }: Webhook,
  { id, payload }: OutboxMessage,
): Promise<{ status: number } | { error: unknown } | null> {
  const timestamp = Math.floor(clock.now() / 1_000);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': keys
          .map((key) => sign(key, `${id}.${timestamp}.${payload}`))
          .join(' '),
      },
      body: payload,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok ? null : { status: response.status };
  } catch (error) {
    return { error };
  }
}

/** A signature of https://www.standardwebhooks.com, version 1. */
function sign(key: Buffer, content: string): string {
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}
