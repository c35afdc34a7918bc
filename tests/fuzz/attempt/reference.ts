import type { PollOutcome } from '#lib/login/poll.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import type { Observation, Screen } from './observation.ts';

/**
 * The attempt as the design tells it, without a database, a vendor or a schedule: what was seen so
 * far, and which answers are right next. Written from docs/decisions/0005 and the guarantees in
 * SECURITY.md, not from the code.
 */
export interface Reference {
  readonly now: number;
  readonly attempts: ReadonlyMap<string, ReferenceAttempt>;
  /** The first call that the vendor took for each of its sessions: its answer may be still under way to us. */
  readonly calls: ReadonlyMap<string, Call>;
  /** Since when the vendor has been in trouble; null when it is well. */
  readonly troubleSince: number | null;
  readonly troubleEndedAt: number;
  readonly sessions: ReadonlyMap<string, ReferenceSession>;
}

interface Call {
  readonly at: number;
  /** The browser that whoever called was looking at; null when that cannot be told. */
  readonly meantFor: number | null;
  readonly dialled: PhoneNumber | null;
  /** Whether the vendor took it for that browser's session as well, and says so when asked. */
  readonly isTold: boolean;
}

export interface ReferenceAttempt {
  readonly screen: Screen;
  readonly browser: number;
  /** Who it counts as: see `identityOf`. */
  readonly identity: string;
  /** By presenting it the browser's next attempt is known as its own. */
  readonly issued: string;
  /** Whether its browser has come back with its cookie. */
  readonly isConfirmed: boolean;
  readonly verifiedAt: number | null;
  /** Null while it lives. */
  readonly end: End | null;
  /** A rival was found contested with it, but maybe after it had run out. */
  readonly maybeContested: boolean;
  readonly lastAskedAt: number;
  /** A callback had it looked at since, with whatever came of it. */
  readonly touched: { at: number; isCertain: boolean } | null;
  /** For which browser the call was that verified it; null when that cannot be told. */
  readonly meantFor: number | null;
  readonly sessionToken: string | null;
}

interface End {
  readonly state: PollOutcome['status'];
  readonly at: number;
  /** False where it may have ended otherwise before, with nobody looking. */
  readonly isCertain: boolean;
}

interface ReferenceSession {
  readonly attemptId: string;
  readonly isUsed: boolean;
  readonly isEnded: boolean;
}

const TTL_MS = 300_000;
/** How long after its time a call in the last moment can still be found, and fetched. */
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

/** Whether whoever looked at an attempt may still be dialling for it: not once it has had its login. */
function mayBeCalled({ screen, end }: ReferenceAttempt, now: number): boolean {
  // A page counts its time down by itself, however late it is told that it is over.
  const overAt = Math.min(end?.at ?? screen.expiresAt, screen.expiresAt + GRACE_MS);
  return end?.state !== 'completed' && overAt >= now - TTL_MS;
}

/** Trouble goes on for a while after it ends, in the pauses it made us keep. */
export function isTroubled({ now, troubleSince, troubleEndedAt }: Reference): boolean {
  return troubleSince !== null || now - troubleEndedAt <= LONGEST_PAUSE_MS;
}

/**
 * Whom the call could have been meant for besides: attempts of other browsers with the same phone
 * number that show the same number to call, or that the vendor takes the call for as well.
 */
export function rivalsOf(reference: Reference, attempt: ReferenceAttempt) {
  const others = [...reference.attempts.values()].filter(
    (other) => other.identity !== attempt.identity && other.screen.person === attempt.screen.person,
  );
  const isMeant = (other: ReferenceAttempt) =>
    other.screen.callNumber === attempt.screen.callNumber || other.verifiedAt !== null;
  return {
    certain: others.filter((other) => isMeant(other) && counts(attempt, other, 0)),
    // Whether a verified attempt got its grace shows only later; a vendor in trouble says anything.
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

/** What is known after an observation. */
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
        dialled: looked?.screen.callNumber ?? null,
        isTold: [...reference.calls.keys(), ...news].includes(looked?.screen.vendorId ?? ''),
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
 * Who starts an attempt, as far as the rules go: attempts of one identity are no rivals, and only one
 * of them lives at a time. A token of an earlier attempt tells whose it is until its browser has come
 * back with a later one (decision 7); null for a stranger.
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
 * For which browser a call was, as far as anybody but the caller can know. Whoever dials the number of
 * an attempt that is over at the vendor, while that goes by the caller alone and takes the call for
 * another with another number, leaves no trace of it: what decision 5 cannot close.
 */
function meantForOf(call: Call, { callNumber }: Screen): number | null {
  return call.isTold || call.dialled === callNumber ? call.meantFor : null;
}

/** An end that nobody was told of yet, of an attempt that a callback or a rival may have ended before. */
function endUnseen(attempt: ReferenceAttempt, state: End['state'], at: number): End {
  return { state, at, isCertain: attempt.touched?.isCertain !== false && !attempt.maybeContested };
}

/** A browser has one attempt: starting another ends it, whether or not the new one comes about. */
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
          // What the vendor says matters only where the numbers to call differ.
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
