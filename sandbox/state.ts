import { randomUUID } from 'node:crypto';
import { firstFreeCallNumber } from './call-numbers.ts';
import { createSandboxClock, type SandboxClock } from './clock.ts';
import type { Switches } from './switches.ts';

export type SessionStatus = 'pending' | 'verified' | 'expired';

/** A vendor session. Instants are milliseconds since 1970 on the sandbox's clock. */
export interface SandboxSession {
  readonly id: string;
  readonly phoneNumber: string;
  readonly callNumber: string;
  readonly callbackUrl: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  verifiedAt: number | null;
  /** The status the callback was answered with, or why it got no answer; null before that. */
  callback: { status: number | null; error: string | null } | null;
}

export interface SandboxCall {
  /** The caller ID, null when withheld. */
  readonly from: string | null;
  readonly to: string;
  readonly at: number;
  readonly verified: readonly SandboxSession[];
}

/** What the vendor knows: its sessions and calls, its clock and its switches. No HTTP. */
export interface SandboxState {
  readonly clock: SandboxClock;
  switches: Switches;
  /** Opens a session for an E.164 phone number; null when no call number is free. */
  createSession(phoneNumber: string, callbackUrl: string): SandboxSession | null;
  findSession(id: string): SandboxSession | null;
  /** All sessions, or those of one phone number; oldest first. */
  sessions(phoneNumber?: string): readonly SandboxSession[];
  statusOf(session: SandboxSession): SessionStatus;
  /** Places a call with a caller ID (null: withheld) and returns the sessions it verified. */
  call(from: string | null, to: string): readonly SandboxSession[];
  /** All calls, or those with one caller ID; oldest first. */
  calls(from?: string): readonly SandboxCall[];
  /** Restores the state at boot. */
  reset(): void;
}

/** Creates the state at boot. `ttlSeconds` is how long a session lives. */
export function createSandboxState(options: {
  switches: Switches;
  ttlSeconds: number;
}): SandboxState {
  const clock = createSandboxClock();
  const sessionsById = new Map<string, SandboxSession>();
  const sessionsByNumber = new Map<string, readonly SandboxSession[]>();
  const calls: SandboxCall[] = [];

  const sessionsOf = (phoneNumber: string) => sessionsByNumber.get(phoneNumber) ?? [];
  const statusOf = (session: SandboxSession): SessionStatus => {
    if (session.verifiedAt !== null) {
      return 'verified';
    }
    return clock.now(session.phoneNumber) < session.expiresAt ? 'pending' : 'expired';
  };
  const takenCallNumbers = (phoneNumber: string) =>
    state.switches.call_numbers === 'shared'
      ? []
      : sessionsOf(phoneNumber)
          .filter((session) => statusOf(session) === 'pending')
          .map((session) => session.callNumber);

  const state: SandboxState = {
    clock,
    switches: options.switches,

    createSession(phoneNumber, callbackUrl) {
      const callNumber = firstFreeCallNumber(new Set(takenCallNumbers(phoneNumber)));
      if (callNumber === null) {
        return null;
      }
      const createdAt = clock.now(phoneNumber);
      const session: SandboxSession = {
        id: randomUUID(),
        phoneNumber,
        callNumber,
        callbackUrl,
        createdAt,
        expiresAt: createdAt + options.ttlSeconds * 1_000,
        verifiedAt: null,
        callback: null,
      };
      sessionsById.set(session.id, session);
      sessionsByNumber.set(phoneNumber, [...sessionsOf(phoneNumber), session]);
      return session;
    },

    findSession: (id) => sessionsById.get(id) ?? null,

    sessions: (phoneNumber) =>
      phoneNumber === undefined ? [...sessionsById.values()] : sessionsOf(phoneNumber),

    statusOf,

    call(from, to) {
      const verified = (from === null ? [] : sessionsOf(from)).filter(
        (session) =>
          statusOf(session) === 'pending' &&
          (state.switches.match === 'caller' || session.callNumber === to),
      );
      for (const session of verified) {
        session.verifiedAt = clock.now(session.phoneNumber);
      }
      calls.push({ from, to, at: clock.now(from ?? undefined), verified });
      return verified;
    },

    calls: (from) => calls.filter((call) => from === undefined || call.from === from),

    reset() {
      sessionsById.clear();
      sessionsByNumber.clear();
      calls.length = 0;
      clock.reset();
      state.switches = options.switches;
    },
  };
  return state;
}
