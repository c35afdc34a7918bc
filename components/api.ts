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

/** The browser's side of the API. Nothing here throws: what went wrong is part of the answer. */

/** No readable answer: offline, a cut connection, or something between us and the server spoke. */
export type NoAnswer = { kind: 'no_answer' };

export type StartAnswer =
  | { kind: 'started'; attempt: AttemptView }
  | { kind: 'refused'; problem: ErrorReply }
  | NoAnswer;

export type PollAnswer =
  | { kind: 'status'; reply: StatusReply }
  | { kind: 'refused'; problem: ErrorReply }
  | NoAnswer;

/** Asks for a number to call, or for the one this browser was given for the same number. */
export async function startAttempt(wanted: StartRequest): Promise<StartAnswer> {
  const body = await post('/api/auth/start', cut(wanted));
  const attempt = readAttemptView(body);
  return attempt === null ? readRefusal(body) : { kind: 'started', attempt };
}

/** A number as its country writes it, or nothing where it is none yet. */
export async function formatNumber(typed: NumberRequest): Promise<string> {
  const reply = readNumberReply(await post('/api/auth/number', cut(typed)));
  return reply?.phone_number_text ?? '';
}

/** One more than is accepted is enough to be told that it is too long. */
function cut<T extends object>(body: T): T {
  return 'phone_number' in body && typeof body.phone_number === 'string'
    ? { ...body, phone_number: body.phone_number.slice(0, PHONE_NUMBER_INPUT_MAX_LENGTH + 1) }
    : body;
}

/**
 * Asks what became of the attempt. The server may hold the answer until something happens.
 *
 * @param poll.isPrompted by a person, who thinks that there is something to be seen.
 * @param poll.longestHoldSeconds for how long it may be held at most; the server may do so for less.
 */
export async function pollStatus(poll: {
  isPrompted: boolean;
  longestHoldSeconds: number;
  signal: AbortSignal;
}): Promise<PollAnswer> {
  const headers: HeadersInit = {
    prefer: `wait=${poll.longestHoldSeconds}`,
    ...(poll.isPrompted && { [PROMPTED_HEADER]: '1' }),
  };
  const body = await request('/api/auth/status', { headers, signal: poll.signal });
  const reply = readStatusReply(body);
  return reply === null ? readRefusal(body) : { kind: 'status', reply };
}

/** Ends the attempt. Without an answer it ends by itself, or with the next start. */
export async function cancelAttempt(): Promise<void> {
  await request('/api/auth/cancel', { method: 'POST' });
}

/** Remembers the language of the pages. Returns whether the server has taken it. */
export async function changeLanguage(language: Language): Promise<boolean> {
  const body = new URLSearchParams({ language });
  try {
    // It answers with a way back to the page, which is where we are.
    await fetch('/api/language', { method: 'POST', body, redirect: 'manual' });
    return true;
  } catch {
    return false;
  }
}

/** Ends the session. Returns whether the server has confirmed it. */
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

/** Takes the notices of new devices up to an instant, ISO 8601, for read. */
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

/** The JSON of an answer, whatever its status; null when there is none. */
async function request(path: string, init: RequestInit): Promise<unknown> {
  const headers = new Headers(init.headers);
  // Proves to the server that a script of this site asks: see lib/http/same-origin.ts.
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
