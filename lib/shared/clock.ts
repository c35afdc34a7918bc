/** The source of time, injected so that tests can control it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. May jump when the system clock is set. */
  now(): number;
  /** Monotonic time in milliseconds since an arbitrary origin, for measuring durations. */
  elapsed(): number;
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() };
