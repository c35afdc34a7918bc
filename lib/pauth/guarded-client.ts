import 'server-only';
import { createSemaphore } from '../limits/semaphore.ts';
import { measure, type VendorOutcome } from '../observe/metrics.ts';
import { traced } from '../observe/trace.ts';
import { fail, type Result } from '../shared/result.ts';
import { type CircuitBreakerRules, createCircuitBreaker } from './circuit-breaker.ts';
import type { PauthClient } from './client.ts';
import type { PauthError } from './errors.ts';

export interface GuardedPauthClient extends PauthClient {
  /** For how long requests would be rejected because the vendor is failing; 0 when they are sent. */
  pausedForMs(): number;
}

interface GuardOptions {
  breaker: CircuitBreakerRules;
  /** The most requests this process has in flight to the vendor. */
  maxInFlight: number;
  /** The vendor client's timeout. */
  timeoutMs: number;
  /** See `createCircuitBreaker`. */
  monotonicMs?: () => number;
}

/**
 * How long a request waits for a permit before it is rejected unsent. Checks are repeated anyway. A rejected
 * start makes a person try again, so it waits longer, but no longer than the vendor's timeout: waiting and
 * request together must end before the attempt counts as abandoned.
 */
export const CHECK_QUEUE_MS = 1_000;
const CREATE_QUEUE_MS = 5_000;

/** The error of a request that is not sent because the vendor is failing. */
export function circuitOpen(retryAfterMs: number): PauthError {
  return { kind: 'not_sent', reason: 'circuit_open', retryAfterMs };
}

/** When to retry after a rejection for too many requests. */
const RETRY_AFTER_MS = 1_000;

/**
 * Protects the vendor from this process's requests with a concurrency limit and a circuit breaker.
 * Requests that are not sent fail with the reason and a retry time.
 */
export function guardPauthClient(client: PauthClient, options: GuardOptions): GuardedPauthClient {
  const breaker = createCircuitBreaker(options.breaker, options.monotonicMs);
  const semaphore = createSemaphore(options.maxInFlight);
  const createQueueMs = Math.min(CREATE_QUEUE_MS, options.timeoutMs);

  async function guard<T>(
    queueMs: number,
    send: () => Promise<Result<T, PauthError>>,
  ): Promise<Result<T, PauthError>> {
    const release = await semaphore.acquire(queueMs);
    if (release === null) {
      return fail({ kind: 'not_sent', reason: 'too_many_requests', retryAfterMs: RETRY_AFTER_MS });
    }
    try {
      const waitMs = breaker.tryAcquire();
      if (waitMs > 0) {
        return fail(circuitOpen(waitMs));
      }
      const reply = await send();
      if (reply.ok || !isVendorFailure(reply.error)) {
        breaker.recordSuccess();
      } else {
        breaker.recordFailure(retryAfterMsOf(reply.error));
      }
      return reply;
    } finally {
      release();
    }
  }

  /** Measures a request from when it is sent; one that is not sent, from when it was asked for. */
  async function observed<T>(
    operation: 'create' | 'check',
    queueMs: number,
    send: () => Promise<Result<T, PauthError>>,
  ): Promise<Result<T, PauthError>> {
    const outcomeOf = (reply: Result<T, PauthError>): VendorOutcome =>
      reply.ok ? 'ok' : reply.error.kind;
    let sinceMs = performance.now();
    const sendNow = async () => {
      sinceMs = performance.now();
      return await send();
    };
    const reply = await traced(
      `vendor.${operation}`,
      async () => await guard(queueMs, sendNow),
      outcomeOf,
    );
    const outcome = outcomeOf(reply);
    const seconds = (performance.now() - sinceMs) / 1_000;
    measure('call_login_vendor_request_seconds', seconds, { operation, outcome });
    return reply;
  }

  return {
    pausedForMs: breaker.waitMs,
    createSession: (phoneNumber, callbackUrl) =>
      observed('create', createQueueMs, () => client.createSession(phoneNumber, callbackUrl)),
    checkSession: (pauthSessionId) =>
      observed('check', CHECK_QUEUE_MS, () => client.checkSession(pauthSessionId)),
  };
}

/** Whether a failure is about the vendor as a whole, so that other requests are likely to fail too. */
function isVendorFailure(error: PauthError): boolean {
  if (error.kind !== 'refused') {
    return true;
  }
  // Any other 4xx is about the individual request.
  return error.status >= 500 || [401, 403, 408, 429].includes(error.status);
}

function retryAfterMsOf(error: PauthError): number | null {
  return error.kind === 'refused' && error.retryAfterSeconds !== null
    ? error.retryAfterSeconds * 1_000
    : null;
}
