import 'server-only';

/** Where "now" comes from, in milliseconds since 1970, so that a test can move it. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
