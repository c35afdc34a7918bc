import { createPauthClient, type PauthClient } from '#lib/pauth/client.ts';
import { parseCheckReply, parseCreateReply } from '#lib/pauth/parse.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import { fail } from '#lib/shared/result.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { createSandboxState } from '#sandbox/state.ts';
import { defaultSwitches, type Switches, switchesToWire } from '#sandbox/switches.ts';

/** What goes wrong at the vendor, until it is put right. */
export type Trouble =
  | 'none'
  /** Answers 500, having done nothing. */
  | 'error'
  /** Does what it was asked and hangs up. */
  | 'lost_answer'
  | 'malformed'
  /** Says of every session that it was verified, for somebody else's number. */
  | 'wrong_number'
  /** Knows no session any more. */
  | 'forgetful';

export const troubles: readonly Trouble[] = [
  'none',
  'error',
  'lost_answer',
  'malformed',
  'wrong_number',
  'forgetful',
];

/** The vendor, for one sequence after another. */
export interface Vendor {
  client: PauthClient;
  reset(switches: Switches): Promise<void>;
  /** Whom the call verified, by their ids at the vendor. */
  call(from: PhoneNumber | null, to: PhoneNumber): Promise<string[]>;
  advance(seconds: number): Promise<void>;
  setTrouble(trouble: Trouble): Promise<void>;
  close(): Promise<void>;
}

const SOMEBODY_ELSE = '+819099999999';
export const VENDOR_TIMEOUT_MS = 2_000;
export const VENDOR_TTL_SECONDS = 300;

/** The sandbox over HTTP, asked by the real client. */
export async function openSandboxVendor(): Promise<Vendor> {
  const sandbox = await startSandbox({ ttlSeconds: VENDOR_TTL_SECONDS });
  const control = createControlClient(sandbox.url);
  const client = createPauthClient({
    baseUrl: new URL(sandbox.url),
    apiKey: 'sandbox-key',
    // A busy machine is no trouble of the vendor's.
    timeoutMs: 10 * VENDOR_TIMEOUT_MS,
    country: 'JP',
  });
  let behindSeconds = 0;
  // Told only when it matters, as most of the time passes while nobody asks it anything.
  const tellTime = async () => {
    const seconds = behindSeconds;
    behindSeconds = 0;
    if (seconds > 0) {
      await control.advanceClock(seconds);
    }
  };
  return {
    client: {
      async createSession(phoneNumber, callbackUrl) {
        await tellTime();
        return await client.createSession(phoneNumber, callbackUrl);
      },
      async checkSession(id) {
        await tellTime();
        return await client.checkSession(id);
      },
    },
    async reset(switches) {
      behindSeconds = 0;
      await control.reset();
      await control.setOptions({ ...switchesToWire(switches), callbacks: 'off' });
    },
    async call(from, to) {
      await tellTime();
      return (await control.call(from, to)).map(({ id }) => id);
    },
    advance: async (seconds) => {
      behindSeconds += seconds;
    },
    async setTrouble(trouble) {
      await control.clearFaults();
      switch (trouble) {
        case 'none':
          return;
        case 'error':
          // With a time to come back, so that nobody tries twice.
          return await control.addFault({ kind: 'status', status: 500, retry_after_seconds: 1 });
        case 'lost_answer':
          // A check that is cut off is tried again after a while, which would take time and show nothing.
          return await control.addFault({ kind: 'reset', match: 'create', after: true });
        case 'malformed':
          return await control.addFault({ kind: 'malformed' });
        case 'wrong_number':
          return await control.addFault({
            kind: 'wrong_number',
            answered_phone_number: SOMEBODY_ELSE,
          });
        case 'forgetful':
          return await control.addFault({ kind: 'status', match: 'check', status: 404 });
      }
    },
    close: () => sandbox.close(),
  };
}

/**
 * The sandbox's own state without the network between, so that a schedule alone decides when a
 * request arrives and when its answer does: `barrier` is passed on both ways.
 */
export function openDirectVendor(barrier: () => Promise<void>): Vendor {
  let state = createSandboxState({ switches: defaultSwitches, ttlSeconds: VENDOR_TTL_SECONDS });
  let trouble: Trouble = 'none';

  const spoiled = (kind: 'create' | 'check') => {
    switch (trouble) {
      case 'error':
        return { kind: 'refused', status: 500, retryAfterSeconds: 1 } as const;
      case 'lost_answer':
        return { kind: 'unreachable', detail: 'hung up' } as const;
      case 'malformed':
        return { kind: 'unexpected', detail: 'the answer is not JSON' } as const;
      case 'forgetful':
        return kind === 'check'
          ? ({ kind: 'refused', status: 404, retryAfterSeconds: null } as const)
          : null;
      default:
        return null;
    }
  };
  const client: PauthClient = {
    async createSession(phoneNumber, callbackUrl) {
      await barrier();
      const fault = spoiled('create');
      const session =
        trouble === 'error' ? null : state.createSession(phoneNumber, callbackUrl.href);
      await barrier();
      return fault === null
        ? parseCreateReply(
            JSON.stringify({ id: session?.id, call_number: session?.callNumber }),
            'JP',
          )
        : fail(fault);
    },
    async checkSession(id) {
      await barrier();
      const fault = spoiled('check');
      const session = state.findSession(id);
      const reply =
        session === null
          ? null
          : trouble === 'wrong_number'
            ? { status: 'verified', phone_number: SOMEBODY_ELSE }
            : { status: state.statusOf(session), phone_number: session.phoneNumber };
      await barrier();
      if (fault !== null || reply === null) {
        return fail(fault ?? { kind: 'refused', status: 404, retryAfterSeconds: null });
      }
      return parseCheckReply(JSON.stringify(reply), 'JP');
    },
  };
  return {
    client,
    async reset(switches) {
      state = createSandboxState({ switches, ttlSeconds: VENDOR_TTL_SECONDS });
      trouble = 'none';
    },
    call: async (from, to) => state.call(from, to).map(({ id }) => id),
    advance: async (seconds) => state.clock.advance(seconds),
    async setTrouble(next) {
      trouble = next;
    },
    close: async () => {},
  };
}
