import { type Observation, people } from './observation.ts';
import {
  GRACE_MS,
  isTroubled,
  type Reference,
  type ReferenceAttempt,
  rivalsOf,
} from './reference.ts';

const REDELIVERY_MS = 60_000;
/** The longest interval between two checks of an attempt while the vendor works. */
const LONGEST_INTERVAL_MS = 30_000;

/** Why an observation contradicts the reference, or null when it does not. */
export function whyWrong(reference: Reference, seen: Observation): string | null {
  switch (seen.kind) {
    case 'polled': {
      const attempt = reference.attempts.get(seen.attemptId);
      return attempt === undefined
        ? 'an answer about an attempt that never started'
        : (whyFalseLogin(reference, seen) ?? whyWrongAnswer(reference, attempt, seen));
    }
    case 'started': {
      const known = reference.attempts.get(seen.screen.attemptId);
      return known !== undefined && (known.end !== null || known.browser !== seen.browser)
        ? 'restarted an ended attempt, or another browser’s'
        : null;
    }
    case 'not_started':
      return isTroubled(reference) ? null : `did not start: ${seen.code}`;
    case 'session_used': {
      const session = reference.sessions.get(seen.sessionToken);
      const attempt = reference.attempts.get(session?.attemptId ?? '');
      const isOpen = session !== undefined && !session.isEnded;
      if (isOpen !== (seen.phoneNumber !== null)) {
        return isOpen ? 'a valid session was rejected' : 'an ended session was accepted';
      }
      const isOwn =
        attempt?.browser === seen.browser && people[attempt.screen.person] === seen.phoneNumber;
      return isOpen && !isOwn ? 'a session of another browser, or for another number' : null;
    }
    default:
      return null;
  }
}

/**
 * Why an observation is a false login, or null when it is not: the rules that do not depend on the order of
 * events, for overlapping requests, whose order is unknown.
 */
export function whyFalseLogin(reference: Reference, seen: Observation): string | null {
  if (seen.kind === 'session_used') {
    const session = reference.sessions.get(seen.sessionToken);
    const attempt = reference.attempts.get(session?.attemptId ?? '');
    return seen.phoneNumber !== null &&
      attempt !== undefined &&
      people[attempt.screen.person] !== seen.phoneNumber
      ? 'a session for another number'
      : null;
  }
  if (seen.kind !== 'polled' || seen.outcome.status !== 'completed') {
    return null;
  }
  const attempt = reference.attempts.get(seen.attemptId);
  if (attempt === undefined || attempt.verifiedAt === null) {
    return 'logged in without a call';
  }
  if (attempt.verifiedAt < attempt.screen.startedAt) {
    return 'logged in by an earlier call';
  }
  return attempt.meantFor !== null && attempt.meantFor !== attempt.browser
    ? 'logged in by a call that was meant for another browser'
    : null;
}

function whyWrongAnswer(
  reference: Reference,
  attempt: ReferenceAttempt,
  { outcome, isAlone }: Observation & { kind: 'polled' },
): string | null {
  const { now } = reference;
  const { end, verifiedAt } = attempt;
  if (end !== null && !end.isCertain) {
    return outcome.status === end.state ||
      outcome.status === 'failed' ||
      outcome.status === 'expired' ||
      (outcome.status === 'contested' && attempt.maybeContested)
      ? null
      : `${end.state} became ${outcome.status}`;
  }
  if (end !== null) {
    if (outcome.status !== end.state) {
      return `${end.state} became ${outcome.status}`;
    }
    return outcome.status === 'completed'
      ? whyWrongDelivery(reference, attempt, end.at, outcome.sessionToken)
      : null;
  }
  const expiresAt = attempt.screen.expiresAt;
  const rivals = rivalsOf(reference, attempt);
  switch (outcome.status) {
    case 'completed':
      if (now >= expiresAt + GRACE_MS) {
        return 'logged in long after its expiry';
      }
      if (rivals.certain.length > 0) {
        return 'logged in although contested';
      }
      return outcome.sessionToken === null ? 'logged in without a session' : null;
    case 'contested':
      return attempt.maybeContested || (verifiedAt !== null && rivals.possible.length > 0)
        ? null
        : 'contested without a rival';
    case 'expired':
      return now >= expiresAt ? null : 'expired too early';
    case 'pending':
      return whyStillPending(reference, attempt, isAlone);
    case 'trouble':
      return isTroubled(reference) ? null : 'trouble while the vendor works';
    case 'failed':
      return isTroubled(reference) || attempt.touched?.isCertain === false
        ? null
        : 'failed while the vendor works';
    case 'cancelled':
      return 'cancelled without a request';
    case 'missing':
      return 'is missing';
  }
}

function whyStillPending(
  reference: Reference,
  attempt: ReferenceAttempt,
  isAlone: boolean,
): string | null {
  const { now } = reference;
  if (now >= attempt.screen.expiresAt + GRACE_MS) {
    return 'pending long after its expiry';
  }
  const longest = isTroubled(reference) ? Number.POSITIVE_INFINITY : LONGEST_INTERVAL_MS;
  // A concurrent poll may report the state from before another one asked the vendor.
  const askedBefore = isAlone && attempt.lastAskedAt < now - longest;
  const calledBefore = attempt.verifiedAt !== null;
  return calledBefore && askedBefore ? 'pending although the vendor has seen the call' : null;
}

function whyWrongDelivery(
  reference: Reference,
  attempt: ReferenceAttempt,
  completedAt: number,
  sessionToken: string | null,
): string | null {
  const session = reference.sessions.get(attempt.sessionToken ?? '');
  const isOwed =
    session !== undefined &&
    !session.isUsed &&
    !session.isEnded &&
    reference.now - completedAt <= REDELIVERY_MS;
  if (isOwed) {
    return sessionToken === attempt.sessionToken ? null : 'a lost answer was not delivered again';
  }
  return sessionToken === null ? null : 'a session was delivered a second time';
}
