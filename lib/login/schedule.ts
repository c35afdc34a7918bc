import 'server-only';
import type { LoginRules } from './dependencies.ts';

/** The longest that a call goes unnoticed if its callback is lost and the person does not ask. */
const MAX_CHECK_INTERVAL_MS = 45_000;

/**
 * The interval between two checks of an attempt. Most people call within a minute, so the vendor is asked
 * often at first, then less and less. If its callbacks arrive, checks only make up for a lost one: two
 * while a person dials for 20 s, nine in five minutes.
 *
 * @param ageMs since the attempt was started.
 */
export function checkIntervalMs(ageMs: number, doCallbacksReachUs: boolean): number {
  if (doCallbacksReachUs) {
    return Math.min(MAX_CHECK_INTERVAL_MS, Math.max(8_000, ageMs));
  }
  if (ageMs < 60_000) {
    return 2_000;
  }
  return ageMs < 120_000 ? 3_000 : 5_000;
}

/** The longest wait for a check when a person asks whether their call was seen. */
export const PROMPTED_CHECK_MS = 2_000;

const MAX_BACK_OFF_MS = 15_000;

/** Random extra delay as a fraction of the back-off, so that attempts are not all checked at once. */
const JITTER = 0.25;

/**
 * The back-off in milliseconds after the vendor failed to answer a check.
 *
 * @param failures consecutive, including this one.
 * @param retryAfterSeconds as limited by `failureOfPauth`.
 * @param chance from 0 to 1.
 */
export function backOffMs(
  failures: number,
  retryAfterSeconds: number | null,
  chance: number = Math.random(),
): number {
  const own = Math.min(MAX_BACK_OFF_MS, 1_000 * 2 ** Math.min(failures, 10));
  const asked = (retryAfterSeconds ?? 0) * 1_000;
  return Math.round(Math.max(own, asked) * (1 + JITTER * chance));
}

type PollRules = Pick<LoginRules, 'attemptTtlMs' | 'pollLimit'>;

/** The interval between polls that are not held: a part of the attempt's age, but at least this. */
const MIN_POLL_INTERVAL_MS = 2_000;
const AGE_PER_POLL = 5;

/** The share of the `pollLimit` polls that is planned for a whole attempt. The rest replaces lost ones. */
const PLANNED_POLLS = 0.9;

/**
 * How long the browser waits from the end of one poll to the next, such that `pollLimit` polls outlast the
 * attempt however long they are held. The guide's 30 polls last for five minutes: two seconds apart at
 * first, then further apart, without a pause if they are held for long enough.
 *
 * @param ageMs since the attempt was started.
 * @param holdMs how long its polls are held; 0 if not at all.
 */
export function pollPauseMs(ageMs: number, holdMs: number, rules: PollRules): number {
  const longestMs = longestIntervalMs(holdMs, rules);
  return Math.round(pollIntervalMs(ageMs, holdMs, longestMs) - holdMs);
}

function pollIntervalMs(ageMs: number, holdMs: number, longestMs: number): number {
  const shortestMs = Math.max(MIN_POLL_INTERVAL_MS, holdMs);
  return Math.max(shortestMs, Math.min(longestMs, ageMs / AGE_PER_POLL));
}

/** The least upper bound of the interval for which the planned polls outlast the attempt. */
function longestIntervalMs(holdMs: number, { attemptTtlMs, pollLimit }: PollRules): number {
  for (let longestMs = 1_000; longestMs < attemptTtlMs; longestMs += 1_000) {
    let polls = 0;
    for (let ageMs = 0; ageMs < attemptTtlMs; polls += 1) {
      ageMs += pollIntervalMs(ageMs, holdMs, longestMs);
    }
    if (polls <= pollLimit * PLANNED_POLLS) {
      return longestMs;
    }
  }
  return attemptTtlMs;
}
