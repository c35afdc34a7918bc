import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { attemptViewSchema, errorReplySchema, statusReplySchema } from '#lib/shared/contract.ts';
import type { Answer, Browser } from './browser.ts';
import type { AppName } from './jobs.ts';

/** The requests of a page between the phone number typed and the login. */
export interface Page {
  /** Sends the phone number. @returns the number to call. */
  start(browser: Browser, phoneNumber: string): Promise<string>;
  /** Polls at the page's pace until the browser is logged in. @throws if the attempt ends otherwise. */
  waitForLogin(browser: Browser, signal?: AbortSignal): Promise<void>;
}

const POLL_LIMIT = 30;

/** As in components/login/status-polls.ts. */
const SHORTEST_PAUSE_MS = 250;

const callLogin: Page = {
  async start(browser, phoneNumber) {
    for (;;) {
      const answer = await browser.send('POST', '/api/auth/start', {
        body: { phone_number: phoneNumber },
      });
      if (!(await isRefused(browser, answer))) {
        return expectShape(attemptViewSchema, answer).call_number;
      }
    }
  },

  async waitForLogin(browser, signal) {
    for (let pending = 0; pending < POLL_LIMIT; ) {
      const answer = await browser.send('GET', '/api/auth/status', {
        headers: { prefer: 'wait=99' },
        ...signalOf(signal),
      });
      if (await isRefused(browser, answer, signal)) {
        continue;
      }
      const reply = expectShape(statusReplySchema, answer);
      if (reply.status === 'verified') {
        if (!browser.hasCookie('call-login-session')) {
          throw new Error('logged in without a session');
        }
        return;
      }
      if (reply.status !== 'pending') {
        throw new Error(`the attempt ended: ${reply.code}`);
      }
      pending += 1;
      await delay(Math.max(SHORTEST_PAUSE_MS, reply.poll_after_ms), null, signalOf(signal));
    }
    throw new Error('polled to the limit');
  },
};

/** Whether an answer refuses the request with a retry time. Waits for that time. */
async function isRefused(
  browser: Browser,
  { body }: Answer,
  signal?: AbortSignal,
): Promise<boolean> {
  const refusal = errorReplySchema.safeParse(body);
  if (!refusal.success || refusal.data.retry_after_seconds === undefined) {
    return false;
  }
  browser.refused += 1;
  await delay(refusal.data.retry_after_seconds * 1_000, null, signalOf(signal));
  return true;
}

const guideStartSchema = z.object({ call_number: z.string() });
const guideStatusSchema = z.object({ status: z.string() });
const GUIDE_INTERVAL_MS = 2_000;

/** As in bench/guide-port/app/login.tsx. */
const guidePort: Page = {
  async start(browser, phoneNumber) {
    const answer = await browser.send('POST', '/auth/start', {
      body: { phone_number: phoneNumber },
    });
    return expectShape(guideStartSchema, answer).call_number;
  },

  async waitForLogin(browser, signal) {
    for (let tries = 1; tries <= POLL_LIMIT; tries += 1) {
      const answer = await browser.send('GET', '/auth/status', signalOf(signal));
      const { status } = expectShape(guideStatusSchema, answer);
      if (status === 'verified') {
        return;
      }
      if (status === 'expired') {
        throw new Error('the attempt ended: expired');
      }
      await delay(GUIDE_INTERVAL_MS, null, signalOf(signal));
    }
    throw new Error('polled to the limit');
  },
};

/** The three requests of a login, to a route that does nothing: the cost of Next alone. */
const emptyApp: Page = {
  async start(browser, phoneNumber) {
    await browser.send('POST', '/api/empty', { body: { phone_number: phoneNumber } });
    return phoneNumber;
  },
  async waitForLogin(browser) {
    await browser.send('GET', '/api/empty');
    await browser.send('POST', '/api/empty', { body: {} });
  },
};

export const pages: Readonly<Record<AppName, Page>> = {
  'call-login': callLogin,
  'guide-port': guidePort,
  'empty-app': emptyApp,
};

function expectShape<T>(schema: z.core.$ZodType<T>, answer: Answer): T {
  const parsed = z.safeParse(schema, answer.body);
  if (!parsed.success) {
    throw new Error(`answered ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 200)}`);
  }
  return parsed.data;
}

function signalOf(signal: AbortSignal | undefined) {
  return signal === undefined ? {} : { signal };
}
