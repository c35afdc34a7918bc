/** The sandbox's clock: the machine's time, advanced for all phone numbers or for one. */
export interface SandboxClock {
  /** Milliseconds since 1970, as the sessions of `phoneNumber` see them. */
  now(phoneNumber?: string): number;
  /** How far the clock is ahead of the machine's, in milliseconds. */
  advancedMs(phoneNumber?: string): number;
  /** Advances the clock of one phone number, or of all. */
  advance(seconds: number, phoneNumber?: string): void;
  reset(): void;
}

/** Creates a clock that shows the machine's time until it is advanced. */
export function createSandboxClock(): SandboxClock {
  let sharedMs = 0;
  const ownMs = new Map<string, number>();
  const advancedMs = (phoneNumber?: string) =>
    sharedMs + (phoneNumber === undefined ? 0 : (ownMs.get(phoneNumber) ?? 0));

  return {
    now: (phoneNumber) => Date.now() + advancedMs(phoneNumber),
    advancedMs,

    advance(seconds, phoneNumber) {
      if (phoneNumber === undefined) {
        sharedMs += seconds * 1_000;
      } else {
        ownMs.set(phoneNumber, (ownMs.get(phoneNumber) ?? 0) + seconds * 1_000);
      }
    },

    reset() {
      sharedMs = 0;
      ownMs.clear();
    },
  };
}
