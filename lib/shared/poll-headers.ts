/*
 * What a page may say with a `GET /api/auth/status`. Not in `contract.ts`, of which the browser may have
 * the types alone.
 */

/**
 * Sent as `1` with a poll that a person asks for, who has called or is back from the dialler: the vendor
 * is then asked soon, also where its callbacks would tell of the call.
 */
export const PROMPTED_HEADER = 'x-prompted';

/** For how many whole seconds a poll is to be held at most, where what is in between cuts longer ones. */
export const LONGEST_HOLD_HEADER = 'x-longest-hold';
