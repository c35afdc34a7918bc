/** Where "now" comes from, so that a test can move it. */
export interface Clock {
  /** In milliseconds since 1970. May jump when somebody sets the machine's clock. */
  now(): number;
  /** In milliseconds since some beginning. Only ever goes on: for how long something takes. */
  elapsed(): number;
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() };
