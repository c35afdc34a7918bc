import { randomUUID } from 'node:crypto';
import { firstFreeCallNumber } from './call-numbers.ts';
import { Clock } from './clock.ts';
import type { Switches } from './switches.ts';

export type SessionStatus = 'pending' | 'verified' | 'expired';

/** What became of the callback: the status it was answered with, or why it got no answer. */
export type CallbackResult = { status: number | null; error: string | null };

/** One session at the vendor. Instants are milliseconds since 1970 on the sandbox's clock. */
export type SandboxSession = {
  readonly id: string;
  readonly phoneNumber: string;
  readonly callNumber: string;
  readonly callbackUrl: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  verifiedAt: number | null;
  callback: CallbackResult | null;
};

/** One call. `from` is the caller ID, null when withheld. */
export type SandboxCall = {
  readonly from: string | null;
  readonly to: string;
  readonly at: number;
  readonly verified: readonly SandboxSession[];
};

/** Everything the vendor knows: sessions, calls, its clock and its switches. No HTTP. */
export class SandboxState {
  readonly clock = new Clock();
  readonly #bootSwitches: Switches;
  readonly #ttlSeconds: number;
  readonly #sessions = new Map<string, SandboxSession>();
  readonly #sessionsOf = new Map<string, SandboxSession[]>();
  readonly #calls: SandboxCall[] = [];
  switches: Switches;

  constructor(options: { switches: Switches; ttlSeconds: number }) {
    this.#bootSwitches = options.switches;
    this.#ttlSeconds = options.ttlSeconds;
    this.switches = options.switches;
  }

  /** Opens a session for a phone number in E.164; null when no call number is free. */
  createSession(phoneNumber: string, callbackUrl: string): SandboxSession | null {
    const sessionsOfNumber = this.#sessionsOf.get(phoneNumber) ?? [];
    const callNumber = this.#allocate(sessionsOfNumber);
    if (callNumber === null) return null;

    const createdAt = this.clock.now(phoneNumber);
    const session: SandboxSession = {
      id: randomUUID(),
      phoneNumber,
      callNumber,
      callbackUrl,
      createdAt,
      expiresAt: createdAt + this.#ttlSeconds * 1000,
      verifiedAt: null,
      callback: null,
    };
    this.#sessions.set(session.id, session);
    this.#sessionsOf.set(phoneNumber, [...sessionsOfNumber, session]);
    return session;
  }

  findSession(id: string): SandboxSession | null {
    return this.#sessions.get(id) ?? null;
  }

  /** Sessions, oldest first: all of them, or those of one phone number. */
  sessions(phoneNumber?: string): SandboxSession[] {
    if (phoneNumber !== undefined) return [...(this.#sessionsOf.get(phoneNumber) ?? [])];
    return [...this.#sessions.values()];
  }

  statusOf(session: SandboxSession): SessionStatus {
    if (session.verifiedAt !== null) return 'verified';
    return this.clock.now(session.phoneNumber) < session.expiresAt ? 'pending' : 'expired';
  }

  /** A call from a caller ID (null: withheld) to a call number. Returns whom it verified. */
  call(from: string | null, to: string): SandboxSession[] {
    const sessionsOfCaller = from === null ? [] : this.sessions(from);
    const verified = sessionsOfCaller.filter(
      (session) =>
        this.statusOf(session) === 'pending' &&
        (this.switches.match === 'caller' || session.callNumber === to),
    );
    for (const session of verified) session.verifiedAt = this.clock.now(session.phoneNumber);
    this.#calls.push({ from, to, at: this.clock.now(from ?? undefined), verified });
    return verified;
  }

  /** Calls, oldest first: all of them, or those with one caller ID. */
  calls(from?: string): SandboxCall[] {
    return this.#calls.filter((call) => from === undefined || call.from === from);
  }

  /** Back to the state at boot. */
  reset(): void {
    this.#sessions.clear();
    this.#sessionsOf.clear();
    this.#calls.length = 0;
    this.clock.reset();
    this.switches = this.#bootSwitches;
  }

  #allocate(sessionsOfNumber: readonly SandboxSession[]): string | null {
    if (this.switches.callNumbers === 'shared') return firstFreeCallNumber(new Set());
    const live = sessionsOfNumber.filter((session) => this.statusOf(session) === 'pending');
    return firstFreeCallNumber(new Set(live.map((session) => session.callNumber)));
  }
}
