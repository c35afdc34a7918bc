import { z } from 'zod';
import type { faultSchema } from './faults.ts';
import type { switchesWireSchema } from './switches.ts';

const verifiedSchema = z.array(z.object({ id: z.string(), phone_number: z.string() }));
const instantSchema = z.iso.datetime();
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

/** Drives a running sandbox from a test, over HTTP. Throws when the sandbox refuses. */
export class ControlClient {
  readonly #url: string;

  /** `url` is the origin of the sandbox. */
  constructor(url: string) {
    this.#url = url;
  }

  /** Places a call (`from` null: withheld) and returns whom it verified. */
  async call(from: string | null, to: string) {
    const answer = await this.#send('POST', 'calls', { from, to });
    return z.object({ verified: verifiedSchema }).parse(answer).verified;
  }

  async addFault(fault: z.input<typeof faultSchema>): Promise<void> {
    await this.#send('POST', 'faults', fault);
  }

  /** Removes the faults of one phone number, or all. */
  async clearFaults(phoneNumber?: string): Promise<void> {
    await this.#send('DELETE', withFilter('faults', phoneNumber));
  }

  /** Moves the clock for one phone number, or for all. */
  async advanceClock(seconds: number, phoneNumber?: string): Promise<void> {
    await this.#send('POST', 'clock', { advance_seconds: seconds, phone_number: phoneNumber });
  }

  async setOptions(options: Partial<z.infer<typeof switchesWireSchema>>): Promise<void> {
    await this.#send('PATCH', 'options', options);
  }

  async sessions(phoneNumber?: string) {
    return sessionsSchema.parse(await this.#send('GET', withFilter('sessions', phoneNumber)))
      .sessions;
  }

  async requests(phoneNumber?: string) {
    return requestsSchema.parse(await this.#send('GET', withFilter('requests', phoneNumber)))
      .requests;
  }

  async calls(from?: string) {
    return callsSchema.parse(await this.#send('GET', withFilter('calls', from))).calls;
  }

  /** Back to the state at boot. */
  async reset(): Promise<void> {
    await this.#send('DELETE', 'state');
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}/_sandbox/${path}`, {
      method,
      ...(body && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`sandbox: ${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}

function withFilter(path: string, phoneNumber: string | undefined): string {
  return phoneNumber === undefined
    ? path
    : `${path}?${new URLSearchParams({ phone_number: phoneNumber })}`;
}
