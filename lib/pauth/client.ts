import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import type { CountryCode } from '../phone/phone-number.ts';
import type { PhoneNumber } from '../shared/phone-number.ts';
import type { Result } from '../shared/result.ts';
import type { PauthError } from './errors.ts';
import {
  type PauthSession,
  type PauthSessionStatus,
  parseCheckReply,
  parseCreateReply,
} from './parse.ts';
import { type Deadline, send } from './send.ts';

/** The vendor's API as its guide describes it: https://api.pauth.me, two requests. */
export interface PauthClient {
  /**
   * Creates a pAuth session, which yields the number that `phoneNumber` is to call.
   *
   * Never retried: the vendor may have created the session although its response was lost.
   */
  createSession(
    phoneNumber: PhoneNumber,
    callbackUrl: URL,
  ): Promise<Result<PauthSession, PauthError>>;

  /** Reads the status of a pAuth session. Retried once after a transient failure. */
  checkSession(pauthSessionId: string): Promise<Result<PauthSessionStatus, PauthError>>;
}

interface PauthClientOptions {
  baseUrl: URL;
  apiKey: string;
  /** For one call of the client, including the retry and reading the whole body. */
  timeoutMs: number;
  /** The country of numbers without a country code in the vendor's responses. */
  country: CountryCode;
}

/** The upper bound of the random delay before the retry. */
const MAX_RETRY_DELAY_MS = 200;

export function createPauthClient(options: PauthClientOptions): PauthClient {
  const { apiKey, timeoutMs, country } = options;
  const base = options.baseUrl.href.replace(/\/$/, '');
  const sessionsUrl = new URL(`${base}/v1/auth/sessions`);
  const startDeadline = (): Deadline => ({ atMs: performance.now() + timeoutMs, timeoutMs });

  return {
    async createSession(phoneNumber, callbackUrl) {
      const reply = await send(
        {
          url: sessionsUrl,
          apiKey,
          body: { phone_number: phoneNumber, callback_url: callbackUrl.href },
        },
        startDeadline(),
      );
      return reply.ok ? parseCreateReply(reply.value, country) : reply;
    },

    async checkSession(pauthSessionId) {
      const url = new URL(`${sessionsUrl.href}/${encodeURIComponent(pauthSessionId)}`);
      const deadline = startDeadline();
      let reply = await send({ url, apiKey }, deadline);
      if (!reply.ok && isTransient(reply.error)) {
        const leftMs = Math.max(0, deadline.atMs - performance.now());
        await delay(Math.min(Math.random() * MAX_RETRY_DELAY_MS, leftMs));
        reply = await send({ url, apiKey }, deadline);
      }
      return reply.ok ? parseCheckReply(reply.value, country) : reply;
    },
  };
}

/** Whether an immediate retry is likely to help. */
function isTransient(error: PauthError): boolean {
  return (
    error.kind === 'unreachable' ||
    (error.kind === 'refused' && error.status >= 500 && error.retryAfterSeconds === null)
  );
}
