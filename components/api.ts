import type { AttemptView, NumberRequest, StartRequest } from '#lib/shared/contract.ts';
import type { Language } from '#lib/shared/language.ts';
import {
  type Guard,
  isAttemptView,
  isDoneReply,
  isErrorReply,
  isNumberReply,
  type Refusal,
} from './replies.ts';

/** The browser's client for the API. Nothing here throws: failures are part of the result. */

export type Answer<T> =
  | { kind: 'ok'; reply: T }
  | { kind: 'refused'; problem: Refusal }
  /** No readable reply: offline, a dropped connection, or a proxy answered instead of the app. */
  | { kind: 'no_answer' };

/** How long a request may take. On a phone that changes networks, its answer may never come. */
const TIME_LIMIT_MS = 10_000;
/** A start waits for it, and the attempt expires anyway. */
const CANCEL_TIME_LIMIT_MS = 3_000;

/**
 * Starts an attempt. While one is live in this browser for the same phone number, the server
 * returns that one.
 */
export async function startAttempt(wanted: StartRequest): Promise<Answer<AttemptView>> {
  return await request('/api/auth/start', isAttemptView, post(wanted));
}

/** Formats a number as its country writes it; empty while it is not a valid number. */
export async function formatNumber(typed: NumberRequest): Promise<string> {
  const answer = await request('/api/auth/number', isNumberReply, post(typed));
  return answer.kind === 'ok' ? answer.reply.phone_number_text : '';
}

/** Cancels the attempt. If the request is lost, the attempt expires or the next start ends it. */
export async function cancelAttempt(): Promise<void> {
  await request('/api/auth/cancel', isDoneReply, {
    method: 'POST',
    timeLimitMs: CANCEL_TIME_LIMIT_MS,
  });
}

/** Stores the language of the pages in a cookie. Returns whether the server answered. */
export async function changeLanguage(language: Language): Promise<boolean> {
  const body = new URLSearchParams({ language });
  try {
    // The redirect leads back to this page: no need to follow it.
    await fetch('/api/language', { method: 'POST', body, redirect: 'manual' });
    return true;
  } catch {
    return false;
  }
}

/** A POST of JSON. */
export function post(body: object): RequestInit {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

/** Sends a request and reads its JSON as the reply or an error reply, whatever its HTTP status. */
export async function request<T>(
  path: string,
  isReply: Guard<T>,
  { timeLimitMs = TIME_LIMIT_MS, signal, ...init }: RequestInit & { timeLimitMs?: number },
): Promise<Answer<T>> {
  const headers = new Headers(init.headers);
  // For browsers without Fetch Metadata: see lib/http/same-origin.ts.
  headers.set('x-requested-with', 'fetch');
  // AbortSignal.any and AbortSignal.timeout are too new for some phones.
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, timeLimitMs);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) {
    abort();
  }
  try {
    const response = await fetch(path, {
      ...init,
      headers,
      cache: 'no-store',
      signal: controller.signal,
    });
    return answerOf(await response.json(), isReply);
  } catch {
    return { kind: 'no_answer' };
  } finally {
    clearTimeout(timer);
  }
}

/** Reads JSON as the reply or an error reply. */
export function answerOf<T>(body: unknown, isReply: Guard<T>): Answer<T> {
  if (isReply(body)) {
    return { kind: 'ok', reply: body };
  }
  return isErrorReply(body) ? { kind: 'refused', problem: body } : { kind: 'no_answer' };
}
