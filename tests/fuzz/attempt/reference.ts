import type { PollOutcome } from '#lib/login/poll.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import type { Observation, Screen } from './observation.ts';

/**
 * The reference model of attempts, without a database, a vendor or a schedule: the observations so far
 * determine which answers are allowed next. Written from docs/decisions/0005 and the guarantees in
 * SECURITY.md, not from the code.
 */
export interface Reference {
  readonly now: number;
  readonly attempts: ReadonlyMap<string, ReferenceAttempt>;
  /** By vendor session: the first call that verified it; the start's answer may still be on its way. */
  readonly calls: ReadonlyMap<string, Call>;
  /** Since when the vendor has been failing; null while it works. */
  readonly troubleSince: number | null;
  readonly troubleEndedAt: number;
  readonly sessions: ReadonlyMap<string, ReferenceSession>;
}

interface Call {
  readonly at: number;
  /** The browser that the caller was looking at; null when unknown. */
  readonly meantFor: number | null;
  readonly dialed: PhoneNumber | null;
  /** Whether the vendor verified that browser's session too, and reports it when asked. */
  readonly isReported: boolean;
}

export interface ReferenceAttempt {
  readonly screen: Screen;
  readonly browser: number;
  /** The browser identity: see `identityOf`. */
  readonly identity: string;
  /** The browser token, which identifies the browser at its next start. */
  readonly issued: string;
  /** Whether its browser has sent its cookie. */
  readonly isConfirmed: boolean;
  readonly verifiedAt: number | null;
  /** Null while it is live. */
  readonly end: End | null;
  /** A rival was contested because of it, but maybe after this attempt had expired. */
  readonly maybeContested: boolean;
  readonly lastAskedAt: number;
  /** A callback caused a check since, with an unknown result. */
  readonly touched: { at: number; isCertain: boolean } | null;
  /** The browser that the verifying call was meant for; null when unknown. */
  readonly meantFor: number | null;
  readonly sessionToken: string | null;
}

interface End {
  readonly state: PollOutcome['status'];
  readonly at: number;
  /** False when it may have ended differently before, unobserved. */
  readonly isCertain: boolean;
}

interface ReferenceSession {
  readonly attemptId: string;
  readonly isUsed: boolean;
  readonly isEnded: boolean;
}

const TTL_MS = 300_000;
/** How long after its expiry an attempt can still complete by a call in the last moment. */
export const GRACE_MS = 130_000;
const LONGEST_PAUSE_MS = 15_000;

export function begin(now: number): Reference {
  return {
    now,
    attempts: new Map(),
    calls: new Map(),
    troubleSince: null,
    troubleEndedAt: Number.NEGATIVE_INFINITY,
    sessions: new Map(),
  };
}

/** Whether a person who saw an attempt may still call for it: not after it has completed. */
function mayBeCalled({ screen, end }: ReferenceAttempt, now: number): boolean {
  // A page counts down by itself, however late it learns of the end.
  const overAt = Math.min(end?.at ?? screen.expiresAt, screen.expiresAt + GRACE_MS);
  return end?.state !== 'completed' && overAt >= now - TTL_MS;
}

/** Whether the vendor fails, or did so recently enough that pauses after failures still last. */
export function isTroubled({ now, troubleSince, troubleEndedAt }: Reference): boolean {
  return troubleSince !== null || now - troubleEndedAt <= LONGEST_PAUSE_MS;
}

/**
 * Other attempts the call could have been meant for: those of other browsers with the same phone number
 * that show the same number to call, or that the vendor verified by the same call.
 */
export function rivalsOf(reference: Reference, attempt: ReferenceAttempt) {
  const others = [...reference.attempts.values()].filter(
    (other) => other.identity !== attempt.identity && other.screen.person === attempt.screen.person,
  );
  const isMeant = (other: ReferenceAttempt) =>
    other.screen.callNumber === attempt.screen.callNumber || other.verifiedAt !== null;
  return {
    certain: others.filter((other) => isMeant(other) && counts(attempt, other, 0)),
    // Whether a verified attempt got its grace period shows only later; a failing vendor may say anything.
    possible: others.filter(
      (other) => (isMeant(other) || isTroubled(reference)) && counts(attempt, other, GRACE_MS),
    ),
  };
}

function counts(attempt: ReferenceAttempt, other: ReferenceAttempt, slackMs: number): boolean {
  if (other.end === null) {
    const endedAt = Math.max(other.screen.expiresAt, slackMs === 0 ? 0 : (other.touched?.at ?? 0));
    return endedAt + slackMs >= attempt.screen.startedAt - TTL_MS;
  }
  return other.end.state === 'completed'
    ? other.end.at > attempt.screen.startedAt
    : other.end.at >= attempt.screen.startedAt - TTL_MS;
}

/** The reference after an observation. */
export function follow(reference: Reference, seen: Observation): Reference {
  const { now } = reference;
  switch (seen.kind) {
    case 'advanced':
      return { ...reference, now: now + seen.ms };
    case 'trouble':
      return seen.isOver
        ? {
            ...reference,
            troubleSince: null,
            troubleEndedAt: reference.troubleSince === null ? reference.troubleEndedAt : now,
          }
        : { ...reference, troubleSince: reference.troubleSince ?? now };
    case 'started':
      return started(reference, seen);
    case 'not_started':
      return endLiveOf(reference, identityOf(reference, seen.presented), null);
    case 'cancelled':
      return change(reference, seen.attemptId, (attempt) =>
        attempt.end === null ? { ...attempt, end: endUnseen(attempt, 'cancelled', now) } : attempt,
      );
    case 'called': {
      const looked = reference.attempts.get(seen.attemptId);
      const isMeant = seen.isOwn && looked?.isConfirmed && mayBeCalled(looked, now);
      const news = seen.verified.filter((id) => !reference.calls.has(id));
      const call: Call = {
        at: now,
        meantFor: isMeant ? looked.browser : null,
        dialed: looked?.screen.callNumber ?? null,
        isReported: [...reference.calls.keys(), ...news].includes(looked?.screen.vendorId ?? ''),
      };
      const calls = new Map([...reference.calls, ...news.map((id) => [id, call] as const)]);
      return [...reference.attempts.values()]
        .filter(({ screen }) => news.includes(screen.vendorId))
        .reduce<Reference>(
          (so, { screen }) =>
            change(so, screen.attemptId, (attempt) => ({
              ...attempt,
              verifiedAt: now,
              meantFor: meantForOf(call, screen),
            })),
          { ...reference, calls },
        );
    }
    case 'called_back':
      return change(reference, seen.attemptId, (attempt) => ({
        ...attempt,
        lastAskedAt: now,
        touched: {
          at: now,
          isCertain:
            now < attempt.screen.expiresAt &&
            !isTroubled(reference) &&
            attempt.touched?.isCertain !== false,
        },
      }));
    case 'polled':
      return polled(
        change(reference, seen.attemptId, (attempt) => ({ ...attempt, isConfirmed: true })),
        seen.attemptId,
        seen.outcome,
      );
    case 'session_used':
      return changeSession(reference, seen.sessionToken, { isUsed: true });
    case 'logged_out':
      return changeSession(reference, seen.sessionToken, { isEnded: true });
  }
}

/**
 * The identity of the browser that starts an attempt: attempts of one identity are not rivals, and only one
 * of them is live at a time. A token of an earlier attempt identifies its browser until that has sent a
 * later one (decision 7). @returns null for an unknown browser.
 */
function identityOf(reference: Reference, presented: string | null): string | null {
  const attempts = [...reference.attempts.values()];
  const index = attempts.findIndex(({ issued }) => issued === presented);
  const identity = attempts[index]?.identity ?? null;
  const hasMovedOn = attempts
    .slice(index + 1)
    .some((later) => later.identity === identity && later.isConfirmed);
  return hasMovedOn ? null : identity;
}

function started(reference: Reference, seen: Observation & { kind: 'started' }): Reference {
  const { browser, screen, issued } = seen;
  if (reference.attempts.has(screen.attemptId)) {
    return reference;
  }
  const { now } = reference;
  const known = identityOf(reference, seen.presented);
  const identity = known ?? `stranger ${screen.attemptId}`;
  const ended = endLiveOf(reference, known, screen.attemptId);
  const call = reference.calls.get(screen.vendorId);
  const attempt: ReferenceAttempt = {
    screen,
    browser,
    identity,
    issued,
    isConfirmed: false,
    verifiedAt: call?.at ?? null,
    end: null,
    maybeContested: false,
    lastAskedAt: now,
    touched: null,
    meantFor: call === undefined ? null : meantForOf(call, screen),
    sessionToken: null,
  };
  return { ...ended, attempts: new Map(ended.attempts).set(screen.attemptId, attempt) };
}

/**
 * The browser a call was meant for, as far as it can be known. A person who dials the number of an attempt
 * that has ended at the vendor, while the vendor matches by caller ID and takes the call for another attempt
 * with another number to call, leaves no trace: the gap that decision 5 cannot close.
 */
function meantForOf(call: Call, { callNumber }: Screen): number | null {
  return call.isReported || call.dialed === callNumber ? call.meantFor : null;
}

/** An end not yet reported to its browser; a callback or a rival may have ended the attempt before. */
function endUnseen(attempt: ReferenceAttempt, state: End['state'], at: number): End {
  return { state, at, isCertain: attempt.touched?.isCertain !== false && !attempt.maybeContested };
}

/** A browser has one live attempt: starting another ends it, even if the new one fails to start. */
function endLiveOf(
  reference: Reference,
  identity: string | null,
  exceptId: string | null,
): Reference {
  const live = [...reference.attempts.values()].filter(
    (attempt) =>
      attempt.identity === identity &&
      attempt.end === null &&
      attempt.screen.attemptId !== exceptId,
  );
  return live.reduce(
    (so, { screen }) =>
      change(so, screen.attemptId, (attempt) => ({
        ...attempt,
        end: endUnseen(
          attempt,
          attempt.screen.expiresAt <= so.now ? 'expired' : 'cancelled',
          so.now,
        ),
      })),
    reference,
  );
}

function polled(reference: Reference, attemptId: string, outcome: PollOutcome): Reference {
  const { now } = reference;
  const before = reference.attempts.get(attemptId);
  if (before === undefined || before.end?.isCertain) {
    return reference;
  }
  if (outcome.status === 'pending' || outcome.status === 'trouble') {
    return change(reference, attemptId, (attempt) => ({ ...attempt, lastAskedAt: now }));
  }
  const end = { state: outcome.status, at: now, isCertain: true };
  const rivals = rivalsOf(reference, before);
  const sessionToken = outcome.status === 'completed' ? outcome.sessionToken : null;
  let after = change(reference, attemptId, (attempt) => ({ ...attempt, end, sessionToken }));
  if (sessionToken !== null) {
    const session = { attemptId, isUsed: false, isEnded: false };
    after = { ...after, sessions: new Map(after.sessions).set(sessionToken, session) };
  }
  if (outcome.status === 'contested') {
    for (const { screen } of rivals.possible) {
      const isCertain = rivals.certain.some(
        (other) =>
          other.screen === screen &&
          other.touched?.isCertain !== false &&
          // The vendor's answer matters only when the numbers to call differ.
          (screen.callNumber === before.screen.callNumber || !isTroubled(after)),
      );
      after = change(after, screen.attemptId, (other) => ({
        ...other,
        maybeContested: true,
        end: other.end ?? (isCertain ? end : null),
      }));
    }
  }
  return after;
}

function change(
  reference: Reference,
  attemptId: string,
  how: (attempt: ReferenceAttempt) => ReferenceAttempt,
): Reference {
  const attempt = reference.attempts.get(attemptId);
  return attempt === undefined
    ? reference
    : { ...reference, attempts: new Map(reference.attempts).set(attemptId, how(attempt)) };
}

function changeSession(
  reference: Reference,
  sessionToken: string,
  how: Partial<ReferenceSession>,
): Reference {
  const session = reference.sessions.get(sessionToken);
  return session === undefined
    ? reference
    : {
        ...reference,
        sessions: new Map(reference.sessions).set(sessionToken, { ...session, ...how }),
      };
}
