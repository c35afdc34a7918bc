import type {
  AttemptView,
  ErrorReply,
  NumberRequest,
  StartRequest,
  StatusReply,
} from '#lib/shared/contract.ts';
import type { Language } from '#lib/shared/language.ts';
import { PHONE_NUMBER_INPUT_MAX_LENGTH } from '#lib/shared/phone-number.ts';
import { PROMPTED_HEADER } from '#lib/shared/prompted-header.ts';
import {
  readAttemptView,
  readDoneReply,
  readErrorReply,
  readNumberReply,
  readStatusReply,
} from './replies.ts';

/** The browser's client for the API. Nothing here throws: failures are part of the result. */

/** No readable reply: offline, a dropped connection, or a proxy answered instead of the app. */
type NoAnswer = { kind: 'no_answer' };

type StartAnswer =
  | { kind: 'started'; attempt: AttemptView }
  | { kind: 'refused'; problem: ErrorReply }
  | NoAnswer;

/** The status of an attempt, in the words of `lib/shared/attempt-states.ts`. */
export type AttemptStatus = Exclude<StatusReply, { status: 'verified' }> | { status: 'completed' };

export type PollAnswer =
  | { kind: 'status'; attempt: AttemptStatus }
  | { kind: 'refused'; problem: ErrorReply }
  | NoAnswer;

/**
 * Starts an attempt. While one is live in this browser for the same phone number, the server
 * returns that one.
 */
export async function startAttempt(wanted: StartRequest): Promise<StartAnswer> {
  const body = await post('/api/auth/start', truncateInput(wanted));
  const attempt = readAttemptView(body);
  return attempt === null ? readRefusal(body) : { kind: 'started', attempt };
}

/** Formats a number as its country writes it; empty while it is not a valid number. */
export async function formatNumber(typed: NumberRequest): Promise<string> {
  const reply = readNumberReply(await post('/api/auth/number', truncateInput(typed)));
  return reply?.phone_number_text ?? '';
}

/** Keeps one character more than the limit, so that the server still answers "too long". */
function truncateInput<T extends object>(body: T): T {
  return 'phone_number' in body && typeof body.phone_number === 'string'
    ? { ...body, phone_number: body.phone_number.slice(0, PHONE_NUMBER_INPUT_MAX_LENGTH + 1) }
    : body;
}

/**
 * Polls the status of this browser's attempt. The server may hold the request until it changes.
 *
 * @param poll.isPrompted whether a person asked for this poll: the server then checks with the
 *   vendor soon.
 * @param poll.maxHoldSeconds the longest time the server may hold it, sent as `Prefer: wait` (RFC
 *   7240); the server may hold it for less.
 */
export async function pollStatus(poll: {
  isPrompted: boolean;
  maxHoldSeconds: number;
  signal: AbortSignal;
}): Promise<PollAnswer> {
  const headers: HeadersInit = {
    prefer: `wait=${poll.maxHoldSeconds}`,
    ...(poll.isPrompted && { [PROMPTED_HEADER]: '1' }),
  };
  const body = await request('/api/auth/status', { headers, signal: poll.signal });
  const reply = readStatusReply(body);
  return reply === null ? readRefusal(body) : { kind: 'status', attempt: attemptStatusOf(reply) };
}

/**
 * Translates the wire status. The vendor's guide calls a completed login `verified`; everywhere
 * else in the app a verified attempt is one whose login is not completed yet. Translated only here.
 */
function attemptStatusOf(reply: StatusReply): AttemptStatus {
  return reply.status === 'verified' ? { status: 'completed' } : reply;
}

/** Cancels the attempt. If the request is lost, the attempt expires or the next start ends it. */
export async function cancelAttempt(): Promise<void> {
  await request('/api/auth/cancel', { method: 'POST' });
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

/** Logs out. Returns whether the server confirmed it. */
export async function logOut(): Promise<boolean> {
  return readDoneReply(await request('/api/auth/logout', { method: 'POST' })) !== null;
}

export type DoneAnswer = { kind: 'done' } | { kind: 'refused'; problem: ErrorReply } | NoAnswer;

/** Ends another session of the same user. */
export async function endSession(id: string): Promise<DoneAnswer> {
  return readDone(
    await request(`/api/auth/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }),
  );
}

/** Ends every other session of the same user. */
export async function endOtherSessions(): Promise<DoneAnswer> {
  return readDone(await request('/api/auth/sessions', { method: 'DELETE' }));
}

/** Marks notices of new devices as read, up to and including the instant `until` (ISO 8601). */
export async function markNoticesSeen(until: string): Promise<DoneAnswer> {
  return readDone(await post('/api/auth/sessions/seen', { until }));
}

function readDone(body: unknown): DoneAnswer {
  return readDoneReply(body) === null ? readRefusal(body) : { kind: 'done' };
}

async function post(path: string, body: object): Promise<unknown> {
  return await request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Sends a request. Returns the response's JSON, whatever its status; null if there is none. */
async function request(path: string, init: RequestInit): Promise<unknown> {
  const headers = new Headers(init.headers);
  // For browsers without Fetch Metadata: see lib/http/same-origin.ts.
  headers.set('x-requested-with', 'fetch');
  try {
    const response = await fetch(path, { ...init, headers, cache: 'no-store' });
    const body: unknown = await response.json();
    return body;
  } catch {
    return null;
  }
}

function readRefusal(body: unknown): { kind: 'refused'; problem: ErrorReply } | NoAnswer {
  const problem = readErrorReply(body);
  return problem === null ? { kind: 'no_answer' } : { kind: 'refused', problem };
}
