import 'server-only';

/**
 * How long to wait between two checks of one attempt. Most people call within a minute, so the
 * vendor is asked often at first and less and less while nobody calls. Where its callbacks reach us,
 * asking is only for the one that is lost: twice in a dial of 20 s, ten times in five minutes.
 *
 * @param ageMs since the attempt was started.
 */
export function checkIntervalMs(ageMs: number, doCallbacksReachUs: boolean): number {
  if (doCallbacksReachUs) {
    return Math.min(LONGEST_CHECK_INTERVAL_MS, Math.max(8_000, ageMs / 2));
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
const LONGEST_RETRY_AFTER_MS = 30_000;

/** By how much of itself a pause is longer by chance, so that attempts do not ask all at once. */
const JITTER = 0.25;

/**
 * How long to leave the vendor alone after it failed to answer a check.
 *
 * @param failures in a row, this one included.
 * @param retryAfterSeconds what the vendor asked for, if it did.
 * @param chance from 0 to 1.
 */
export function backOffMs(
  failures: number,
  retryAfterSeconds: number | null,
  chance: number = Math.random(),
): number {
  const own = Math.min(LONGEST_BACK_OFF_MS, 1_000 * 2 ** Math.min(failures, 10));
  const asked = Math.min(LONGEST_RETRY_AFTER_MS, (retryAfterSeconds ?? 0) * 1_000);
  return Math.round(Math.max(own, asked) * (1 + JITTER * chance));
}

/**
 * How long the browser is to wait before its next poll where polls are not held. Grows with age so
 * that the 30 polls of the guide outlast an attempt of five minutes: five polls in the first ten
 * seconds, then each a fifth of the age apart, at most 25 s.
 */
export function pollIntervalMs(ageMs: number): number {
  return Math.round(Math.min(25_000, Math.max(2_000, ageMs / 5)));
}
