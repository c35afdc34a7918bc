import 'server-only';
import type { LoginRules } from './dependencies.ts';

/**
 * How long to wait between two checks of one attempt. Most people call within a minute, so the
 * vendor is asked often at first and less and less while nobody calls. Where its callbacks reach us,
 * asking is only for the one that is lost: twice in a dial of 20 s, nine times in five minutes.
 *
 * @param ageMs since the attempt was started.
 */
export function checkIntervalMs(ageMs: number, doCallbacksReachUs: boolean): number {
  if (doCallbacksReachUs) {
    return Math.min(LONGEST_CHECK_INTERVAL_MS, Math.max(8_000, ageMs));
  }
  if (ageMs < 60_000) {
    return 2_000;
  }
  return ageMs < 120_000 ? 3_000 : 5_000;
}

/** The most that a call goes unnoticed when its callback is lost and nobody asks for it. */
export const LONGEST_CHECK_INTERVAL_MS = 45_000;

/** How soon the vendor is asked, at the latest, when the person asks whether their call was seen. */
export const PROMPTED_CHECK_MS = 2_000;

const LONGEST_BACK_OFF_MS = 15_000;

/** By how much of itself a pause is longer by chance, so that attempts do not ask all at once. */
const JITTER = 0.25;

/**
 * How long to leave the vendor alone after it failed to answer a check.
 *
 * @param failures in a row, this one included.
 * @param retryAfterSeconds what the vendor asked for, if it did, within what `failureOfPauth` lets it ask.
 * @param chance from 0 to 1.
 */
export function backOffMs(
  failures: number,
  retryAfterSeconds: number | null,
  chance: number = Math.random(),
): number {
  const own = Math.min(LONGEST_BACK_OFF_MS, 1_000 * 2 ** Math.min(failures, 10));
  const asked = (retryAfterSeconds ?? 0) * 1_000;
  return Math.round(Math.max(own, asked) * (1 + JITTER * chance));
}

type PollRules = Pick<LoginRules, 'attemptTtlMs' | 'pollLimit'>;

/** Between the beginnings of two polls that are not held, and by how much of the age they grow apart. */
const SHORTEST_POLL_INTERVAL_MS = 2_000;
const AGE_PER_POLL = 5;

/** The part of its polls that a page is to need for all of an attempt; the rest is for what goes wrong. */
const PLANNED_POLLS = 0.9;

/**
 * How long the browser is to wait between the end of a poll and its next one, so that its polls
 * outlast the attempt however long they are held: the 30 of the guide last for five minutes at two
 * seconds from each other in the beginning, growing apart, and at no pause at all where they are held for
 * longer than it takes.
 *
 * @param ageMs since the attempt was started.
 * @param holdMs how long its polls are held; 0 where they are not.
 */
export function pollPauseMs(ageMs: number, holdMs: number, rules: PollRules): number {
  const longestMs = longestIntervalMs(holdMs, rules);
  return Math.round(pollIntervalMs(ageMs, holdMs, longestMs) - holdMs);
}

function pollIntervalMs(ageMs: number, holdMs: number, longestMs: number): number {
  const shortestMs = Math.max(SHORTEST_POLL_INTERVAL_MS, holdMs);
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
