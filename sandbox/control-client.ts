import * as z from 'zod';
import type { faultSchema } from './faults.ts';
import type { Switches } from './switches.ts';

const instantSchema = z.iso.datetime();
const verifiedSchema = z.array(z.object({ id: z.string(), phone_number: z.string() }));
const callReplySchema = z.object({ verified: verifiedSchema });
const sessionsSchema = z.object({
  sessions: z.array(
    z.object({
      id: z.string(),
      phone_number: z.string(),
      call_number: z.string(),
      status: z.enum(['pending', 'verified', 'expired']),
      callback_url: z.string(),
      callback: z
        .object({ status: z.number().nullable(), error: z.string().nullable() })
        .nullable(),
      created_at: instantSchema,
      expires_at: instantSchema,
      expires_in_seconds: z.number(),
    }),
  ),
});
const requestsSchema = z.object({
  requests: z.array(
    z.object({
      method: z.string(),
      path: z.string(),
      kind: z.enum(['create', 'check', 'other']),
      authorized: z.boolean(),
      status: z.number().nullable(),
      at: instantSchema,
      phone_number: z.string().nullable(),
      session_id: z.string().nullable(),
      body: z.unknown(),
    }),
  ),
});
const callsSchema = z.object({
  calls: z.array(
    z.object({
      from: z.string().nullable(),
      to: z.string(),
      at: instantSchema,
      verified: verifiedSchema,
    }),
  ),
});

/** Controls a running sandbox over HTTP, for tests. Every method throws when the sandbox refuses. */
export interface ControlClient {
  /** Places a call with a caller ID (null: withheld) and returns the sessions it verified. */
  call(from: string | null, to: string): Promise<z.infer<typeof verifiedSchema>>;
  addFault(fault: z.input<typeof faultSchema>): Promise<void>;
  /** Removes the faults of one phone number, or all. */
  clearFaults(phoneNumber?: string): Promise<void>;
  /** Advances the clock of one phone number, or of all. */
  advanceClock(seconds: number, phoneNumber?: string): Promise<void>;
  setOptions(options: Partial<Switches>): Promise<void>;
  sessions(phoneNumber?: string): Promise<z.infer<typeof sessionsSchema>['sessions']>;
  requests(phoneNumber?: string): Promise<z.infer<typeof requestsSchema>['requests']>;
  calls(from?: string): Promise<z.infer<typeof callsSchema>['calls']>;
  /** Restores the state at boot. */
  reset(): Promise<void>;
}

/** Creates a client of the sandbox whose origin is `url`. */
export function createControlClient(url: string): ControlClient {
  async function send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${url}/_sandbox/${path}`, {
      method,
      ...(body && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`sandbox: ${method} ${path}: ${response.status} ${text}`);
    }
    return text === '' ? undefined : JSON.parse(text);
  }
  const read = (path: string, phoneNumber?: string) => send('GET', withFilter(path, phoneNumber));

  return {
    async call(from, to) {
      return callReplySchema.parse(await send('POST', 'calls', { from, to })).verified;
    },
    async addFault(fault) {
      await send('POST', 'faults', fault);
    },
    async clearFaults(phoneNumber) {
      await send('DELETE', withFilter('faults', phoneNumber));
    },
    async advanceClock(seconds, phoneNumber) {
      await send('POST', 'clock', { advance_seconds: seconds, phone_number: phoneNumber });
    },
    async setOptions(options) {
      await send('PATCH', 'options', options);
    },
    async sessions(phoneNumber) {
      return sessionsSchema.parse(await read('sessions', phoneNumber)).sessions;
    },
    async requests(phoneNumber) {
      return requestsSchema.parse(await read('requests', phoneNumber)).requests;
    },
    async calls(from) {
      return callsSchema.parse(await read('calls', from)).calls;
    },
    async reset() {
      await send('DELETE', 'state');
    },
  };
}

function withFilter(path: string, phoneNumber: string | undefined): string {
  return phoneNumber === undefined
    ? path
    : `${path}?${new URLSearchParams({ phone_number: phoneNumber })}`;
}
