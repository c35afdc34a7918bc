import 'server-only';
import { createSemaphore } from '../limits/semaphore.ts';
import { fail, type Result } from '../shared/result.ts';
import { type CircuitBreakerRules, createCircuitBreaker } from './circuit-breaker.ts';
import type { PauthClient } from './client.ts';
import type { PauthError } from './errors.ts';

export interface GuardOptions {
  breaker: CircuitBreakerRules;
  /** How many requests of this process the vendor has to answer at once. */
  maxInFlight: number;
  /** How long the vendor has for an answer. */
  timeoutMs: number;
  /** See `createCircuitBreaker`. */
  monotonicMs?: () => number;
}

/**
 * How long a request waits for others to end before it is given up, unsent. A check comes again by
 * itself; a start that is given up is a person who has to ask again, so it waits longer, but not
 * longer than an answer may take: with both it must be over before it counts as abandoned.
 */
export const CHECK_QUEUE_MS = 1_000;
const CREATE_QUEUE_MS = 5_000;

/** When it is worth asking again, where too many were under way. */
const AGAIN_MS = 1_000;

/**
 * Stands between all attempts of this process and the vendor: however many wait, the vendor has few
 * requests at once, and while it fails next to none. One that is not sent says so at once.
 */
export function guardPauthClient(client: PauthClient, options: GuardOptions): PauthClient {
  const breaker = createCircuitBreaker(options.breaker, options.monotonicMs);
  const slots = createSemaphore(options.maxInFlight);
  const createQueueMs = Math.min(CREATE_QUEUE_MS, options.timeoutMs);

  async function ask<T>(
    queueMs: number,
    send: () => Promise<Result<T, PauthError>>,
  ): Promise<Result<T, PauthError>> {
    const giveBack = await slots.take(queueMs);
    if (giveBack === null) {
      return fail({ kind: 'held_back', why: 'too_many_at_once', retryAfterMs: AGAIN_MS });
    }
    try {
      const waitMs = breaker.admit();
      if (waitMs > 0) {
        return fail({ kind: 'held_back', why: 'vendor_failing', retryAfterMs: waitMs });
      }
      const reply = await send();
      if (reply.ok || !isTheVendors(reply.error)) {
        breaker.answered();
      } else {
        breaker.failed(retryAfterMsOf(reply.error));
      }
      return reply;
    } finally {
      giveBack();
    }
  }

  return {
    createSession: (phoneNumber, callbackUrl) =>
      ask(createQueueMs, () => client.createSession(phoneNumber, callbackUrl)),
    checkSession: (pauthSessionId) =>
      ask(CHECK_QUEUE_MS, () => client.checkSession(pauthSessionId)),
  };
}

/** Whether a failure says that the next request will fail as well, whatever it asks. */
function isTheVendors(error: PauthError): boolean {
  if (error.kind !== 'refused') {
    return true;
  }
  // Everything else from 400 on is about what was asked.
  return error.status >= 500 || [401, 403, 408, 429].includes(error.status);
}

function retryAfterMsOf(error: PauthError): number | null {
  return error.kind === 'refused' && error.retryAfterSeconds !== null
    ? error.retryAfterSeconds * 1_000
    : null;
}
