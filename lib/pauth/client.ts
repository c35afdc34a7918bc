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
import { type PauthRequest, send } from './send.ts';

/** The vendor, as its guide describes it: https://api.pauth.me, two requests. */
export interface PauthClient {
  /**
   * Asks for a pAuth session: a number that `phoneNumber` is to call.
   *
   * Sent once and never again: the vendor may have made the session although its answer was lost.
   */
  createSession(
    phoneNumber: PhoneNumber,
    callbackUrl: URL,
  ): Promise<Result<PauthSession, PauthError>>;

  /** Asks what became of a pAuth session. Tried a second time when the vendor stumbles. */
  checkSession(pauthSessionId: string): Promise<Result<PauthSessionStatus, PauthError>>;
}

export interface PauthClientOptions {
  baseUrl: URL;
  apiKey: string;
  /** For one call of the client, its second try and the whole body included. */
  timeoutMs: number;
  /** Whose national spelling a number without country code is in. */
  country: CountryCode;
}

/** The longest wait before the second try of a check; the wait itself is random below it. */
const RETRY_DELAY_MS = 200;

export function createPauthClient(options: PauthClientOptions): PauthClient {
  const { apiKey, timeoutMs, country } = options;
  const base = options.baseUrl.href.replace(/\/$/, '');
  const sessionsUrl = new URL(`${base}/v1/auth/sessions`);
  const startDeadline = () => ({ signal: AbortSignal.timeout(timeoutMs), timeoutMs });

  return {
    async createSession(phoneNumber, callbackUrl) {
      const reply = await send(
        {
          method: 'POST',
          url: sessionsUrl,
          apiKey,
          body: { phone_number: phoneNumber, callback_url: callbackUrl.href },
        },
        startDeadline(),
      );
      return reply.ok ? parseCreateReply(reply.value, country) : reply;
    },

    async checkSession(pauthSessionId) {
      const request: PauthRequest = {
        method: 'GET',
        url: new URL(`${sessionsUrl.href}/${encodeURIComponent(pauthSessionId)}`),
        apiKey,
      };
      const deadline = startDeadline();
      let reply = await send(request, deadline);
      if (!reply.ok && isPassing(reply.error)) {
        await delay(Math.random() * RETRY_DELAY_MS, null, { signal: deadline.signal }).catch(
          () => {},
        );
        reply = await send(request, deadline);
      }
      return reply.ok ? parseCheckReply(reply.value, country) : reply;
    },
  };
}

/** Whether asking once more, at once, may well help. */
function isPassing(error: PauthError): boolean {
  return (
    error.kind === 'unreachable' ||
    (error.kind === 'refused' && error.status >= 500 && error.retryAfterSeconds === null)
  );
}
