/** The sandbox's time: the machine's, moved forward for everybody or for one phone number. */
export class Clock {
  #advancedMs = 0;
  readonly #advancedMsOf = new Map<string, number>();

  /** Milliseconds since 1970, as seen by sessions of this phone number. */
  now(phoneNumber?: string): number {
    return Date.now() + this.advancedMs(phoneNumber);
  }

  /** How far ahead of the machine's time the clock is, in milliseconds. */
  advancedMs(phoneNumber?: string): number {
    const own = phoneNumber === undefined ? 0 : (this.#advancedMsOf.get(phoneNumber) ?? 0);
    return this.#advancedMs + own;
  }

  advance(seconds: number, phoneNumber?: string): void {
    if (phoneNumber === undefined) {
      this.#advancedMs += seconds * 1000;
      return;
    }
    const own = this.#advancedMsOf.get(phoneNumber) ?? 0;
    this.#advancedMsOf.set(phoneNumber, own + seconds * 1000);
  }

  reset(): void {
    this.#advancedMs = 0;
    this.#advancedMsOf.clear();
  }
}
