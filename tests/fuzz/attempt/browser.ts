import type { CallableAttempt } from '#lib/login/attempt.ts';
import { hasLiveAttempt } from '#lib/login/browsers.ts';
import { cancelAttempt } from '#lib/login/cancel.ts';
import { untilAnswered } from '#lib/login/held-poll.ts';
import { type PollOutcome, pollAttempt } from '#lib/login/poll.ts';
import { startAttempt } from '#lib/login/start.ts';
import type { LoginFailure } from '#lib/login/vendor-failure.ts';
import { type LoggedIn, openSession } from '#lib/sessions/open.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import type { Result } from '#lib/shared/result.ts';
import { deleteSession } from '#lib/store/sessions.ts';
import type { Process } from './process.ts';

/** The content of a browser's cookies. */
export interface Cookies {
  attempt: { browserToken: string; attemptToken?: string } | null;
  session: string | null;
}

export const noCookies: Cookies = { attempt: null, session: null };

/**
 * A request's outcome, with the cookies after its answer: the steps of the routes in
 * `app/api/auth`, without HTTP.
 */
export interface Answered<Outcome> {
  outcome: Outcome;
  cookies: Cookies;
}

/** A browser's cookies after an answer: those that it did not set are as other answers left them. */
export function keep(held: Cookies, sent: Cookies, answered: Cookies): Cookies {
  return {
    attempt: answered.attempt === sent.attempt ? held.attempt : answered.attempt,
    session: answered.session === sent.session ? held.session : answered.session,
  };
}

export async function start(
  { login }: Process,
  cookies: Cookies,
  phoneNumber: PhoneNumber,
): Promise<Answered<Result<CallableAttempt, LoginFailure>>> {
  const started = await startAttempt(login, phoneNumber, {
    browserToken: cookies.attempt?.browserToken,
    attemptToken: cookies.attempt?.attemptToken,
    network: '192.0.2.1',
  });
  if (!started.ok) {
    return { outcome: started, cookies };
  }
  const { attempt, attemptToken, browserToken } = started.value;
  return {
    outcome: { ok: true, value: attempt },
    cookies: { ...cookies, attempt: { browserToken, attemptToken } },
  };
}

/** @returns null when the browser has no attempt. */
export async function poll(
  process: Process,
  cookies: Cookies,
  { holdMs, isPrompted }: { holdMs: number; isPrompted: boolean },
): Promise<Answered<PollOutcome> | null> {
  const held = cookies.attempt;
  if (held?.attemptToken === undefined) {
    return null;
  }
  const { attemptToken } = held;
  const client = { info: { device: 'Safari · iOS', network: '192.0.2.0/24' } };
  const outcome = await untilAnswered((known) =>
    pollAttempt(process.login, attemptToken, { holdMs, isPrompted, client }, known),
  );
  switch (outcome.status) {
    case 'pending':
    case 'trouble':
      return { outcome, cookies };
    case 'completed':
      return {
        outcome,
        cookies: { ...cookies, session: outcome.sessionToken ?? cookies.session },
      };
    default:
      return { outcome, cookies: { ...cookies, attempt: await forget(process, cookies) } };
  }
}

export async function cancel(process: Process, cookies: Cookies): Promise<Answered<void>> {
  const held = cookies.attempt;
  if (held?.attemptToken === undefined) {
    return { outcome: undefined, cookies };
  }
  await cancelAttempt(process.login, held.attemptToken);
  return {
    outcome: undefined,
    cookies: { ...cookies, attempt: await forget(process, cookies) },
  };
}

/** Requests a page that needs a session. */
export async function openPage(process: Process, cookies: Cookies): Promise<LoggedIn | null> {
  return cookies.session === null ? null : await openSession(process.sessions, cookies.session);
}

export async function logOut(process: Process, cookies: Cookies): Promise<Answered<void>> {
  const loggedIn = await openPage(process, cookies);
  if (loggedIn !== null) {
    await deleteSession(process.store, loggedIn.session.id_hash);
  }
  return { outcome: undefined, cookies: { ...cookies, session: null } };
}

async function forget({ login }: Process, cookies: Cookies): Promise<Cookies['attempt']> {
  const { attempt } = cookies;
  if (attempt === null || (await hasLiveAttempt(login, attempt.browserToken))) {
    return attempt;
  }
  return { browserToken: attempt.browserToken };
}
