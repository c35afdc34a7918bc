import { createPauthClient, type PauthClient } from '#lib/pauth/client.ts';
import { parseCheckReply, parseCreateReply } from '#lib/pauth/parse.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import { fail } from '#lib/shared/result.ts';
import { createControlClient } from '#sandbox/control-client.ts';
import { startSandbox } from '#sandbox/server.ts';
import { createSandboxState } from '#sandbox/state.ts';
import { defaultSwitches, type Switches } from '#sandbox/switches.ts';

/** A vendor failure, which lasts until the next `setTrouble`. */
export type Trouble =
  | 'none'
  /** Answers 500 without doing anything. */
  | 'error'
  /** Executes the request and closes the connection without an answer. */
  | 'lost_answer'
  | 'malformed'
  /** Answers every check with verified and another number. */
  | 'wrong_number'
  /** Answers every check with 404. */
  | 'forgetful';

export const troubles: readonly Trouble[] = [
  'none',
  'error',
  'lost_answer',
  'malformed',
  'wrong_number',
  'forgetful',
];

/** The vendor of a sequence; `reset` prepares it for the next one. */
export interface Vendor {
  client: PauthClient;
  reset(switches: Switches): Promise<void>;
  /** Places a call. @returns the ids of the vendor sessions that it verified. */
  call(from: PhoneNumber | null, to: PhoneNumber): Promise<string[]>;
  advance(seconds: number): Promise<void>;
  setTrouble(trouble: Trouble): Promise<void>;
  close(): Promise<void>;
}

const OTHER_NUMBER = '+819099999999';
export const VENDOR_TIMEOUT_MS = 2_000;
export const VENDOR_TTL_SECONDS = 300;

/** The sandbox over HTTP, with the real client. */
export async function openSandboxVendor(): Promise<Vendor> {
  const sandbox = await startSandbox({ ttlSeconds: VENDOR_TTL_SECONDS });
  const control = createControlClient(sandbox.url);
  const client = createPauthClient({
    baseUrl: new URL(sandbox.url),
    apiKey: 'sandbox-key',
    // Long enough that a busy machine causes no timeout.
    timeoutMs: 10 * VENDOR_TIMEOUT_MS,
    country: 'JP',
  });
  let behindSeconds = 0;
  // The sandbox's clock is set only before a request, which saves most of the control requests.
  const syncClock = async () => {
    const seconds = behindSeconds;
    behindSeconds = 0;
    if (seconds > 0) {
      await control.advanceClock(seconds);
    }
  };
  return {
    client: {
      async createSession(phoneNumber, callbackUrl) {
        await syncClock();
        return await client.createSession(phoneNumber, callbackUrl);
      },
      async checkSession(id) {
        await syncClock();
        return await client.checkSession(id);
      },
    },
    async reset(switches) {
      behindSeconds = 0;
      await control.reset();
      await control.setOptions({ ...switches, callbacks: 'off' });
    },
    async call(from, to) {
      await syncClock();
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
          // With Retry-After, so that the client does not retry at once.
          return await control.addFault({ kind: 'status', status: 500, retry_after_seconds: 1 });
        case 'lost_answer':
          // Not for checks: the client retries those after a real delay, which would only take time.
          return await control.addFault({ kind: 'reset', match: 'create', after: true });
        case 'malformed':
          return await control.addFault({ kind: 'malformed' });
        case 'wrong_number':
          return await control.addFault({
            kind: 'wrong_number',
            answered_phone_number: OTHER_NUMBER,
          });
        case 'forgetful':
          return await control.addFault({ kind: 'status', match: 'check', status: 404 });
      }
    },
    close: () => sandbox.close(),
  };
}

/**
 * The sandbox's state without a network, so that the scheduler alone decides when a request and its answer
 * arrive: `barrier` is awaited before each of them.
 */
export function openDirectVendor(barrier: () => Promise<void>): Vendor {
  let state = createSandboxState({ switches: defaultSwitches, ttlSeconds: VENDOR_TTL_SECONDS });
  let trouble: Trouble = 'none';

  const faultFor = (kind: 'create' | 'check') => {
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
      const fault = faultFor('create');
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
      const fault = faultFor('check');
      const session = state.findSession(id);
      const reply =
        session === null
          ? null
          : trouble === 'wrong_number'
            ? { status: 'verified', phone_number: OTHER_NUMBER }
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
