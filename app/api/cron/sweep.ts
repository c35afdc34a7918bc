import * as z from 'zod/mini';
import { noBody } from '#lib/http/body.ts';
import { json } from '#lib/http/responses.ts';
import { route } from '#lib/http/route.ts';
import { sendAllDue } from '#lib/notify/webhook.ts';
import { succeed } from '#lib/shared/result.ts';
import { keepMsOf, sweep } from '#lib/store/sweep.ts';

const count = z.number();

const sweptReplySchema = z.object({
  attempts: count,
  sessions: count,
  events: count,
  limits: count,
  outbox: count,
});

/** Less than `maxDuration` in vercel.json. The next run does what is left. */
const MAX_SWEEP_MS = 60_000;

/**
 * For hosts that suspend a process between requests, where `keepSweeping` and `keepSending` seldom run: sends the events
 * that wait for the webhook, and deletes old rows.
 */
export const cronSweep = route({
  path: '/api/cron/sweep',
  methods: ['GET'],
  access: 'cron',
  summary:
    'Sends the events that wait for the webhook, deletes what is past its retention, and says how many rows of each table.',
  replies: { 200: sweptReplySchema },
  refuses: ['store_unavailable'],
  body: noBody,
  async handle({ services, log }) {
    const { store, config, login, shutdown, throttledLog } = services;
    const keepMs = keepMsOf(config.retention);
    const signal = AbortSignal.any([shutdown.signal, AbortSignal.timeout(MAX_SWEEP_MS)]);
    if (config.webhook !== null) {
      await sendAllDue({ store, clock: login.clock, log, throttledLog }, config.webhook, signal);
    }
    const deleted = await sweep({ store, clock: login.clock, keepMs }, signal);
    log.info({ event: 'swept', ...deleted }, 'old rows deleted');
    return succeed(json(deleted));
  },
});
