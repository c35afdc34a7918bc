import 'server-only';
import type { LoginRules } from './dependencies.ts';

/**
 * How long to wait between two checks of one attempt. Most people call within a minute, so the vendor
 * is asked often at first, then less and less. Where its callbacks reach us, checks only make up for a
 * lost one: two in a dial of 20 s, nine in five minutes.
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

/** How long a call can go unnoticed when its callback is lost and the person does not ask. */
const MAX_CHECK_INTERVAL_MS = 45_000;

/** How soon the vendor is asked at the latest when the person asks whether their call was seen. */
export const PROMPTED_CHECK_MS = 2_000;

const MAX_BACK_OFF_MS = 15_000;

/** Random part of a pause, as a fraction of it, so that attempts do not ask all at once. */
const JITTER = 0.25;

/**
 * The back-off after the vendor failed to answer a check.
 *
 * @param failures in a row, this one included.
 * @param retryAfterSeconds what the vendor asked for, limited by `failureOfPauth`.
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

/** From the start of one poll to the next where they are not held: at least, and as a part of the age. */
const MIN_POLL_INTERVAL_MS = 2_000;
const AGE_PER_POLL = 5;

/** The part of its polls that a page needs for a whole attempt; the rest is for lost ones. */
const PLANNED_POLLS = 0.9;

/**
 * How long the browser waits between the end of a poll and the next, so that its polls outlast the
 * attempt however long they are held. The 30 polls of the guide last for five minutes: two seconds
 * apart at first, growing apart, and without a pause where they are held for long enough.
 *
 * @param ageMs since the attempt was started.
 * @param holdMs how long its polls are held; 0 where they are not.
 */
export function pollPauseMs(ageMs: number, holdMs: number, rules: PollRules): number {
  const longestMs = longestIntervalMs(holdMs, rules);
  return Math.round(pollIntervalMs(ageMs, holdMs, longestMs) - holdMs);
}

function pollIntervalMs(ageMs: number, holdMs: number, longestMs: number): number {
  const shortestMs = Math.max(MIN_POLL_INTERVAL_MS, holdMs);
  return Math.max(shortestMs, Math.min(longestMs, ageMs / AGE_PER_POLL));
}

/** How far apart polls must be in the end for the planned ones to last. */
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
