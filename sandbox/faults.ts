import { z } from 'zod';
import { phoneNumberSchema } from './phone-number.ts';

const MAX_DELAY_MS = 600_000;

const scope = {
  /** Which requests it hits: both kinds when absent. */
  match: z.enum(['create', 'check']).optional(),
  /** How many requests it hits: until deleted when absent. */
  times: z.int().positive().optional(),
  /** Only requests about this phone number: all when absent. */
  phone_number: phoneNumberSchema.optional(),
};
/** True: the vendor does what it was asked, and only its answer goes wrong. */
const after = z.boolean().default(false);
const delayMs = z.int().nonnegative().max(MAX_DELAY_MS);

/** A fault as the control surface takes it. Unknown keys are refused. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    ...scope,
    after,
    status: z.int().min(200).max(599),
    body: z.string().default('{"error":"sandbox fault"}'),
    retry_after_seconds: z.int().nonnegative().optional(),
  }),
  z.strictObject({ kind: z.literal('delay'), ...scope, after, delay_ms: delayMs }),
  z.strictObject({ kind: z.literal('reset'), ...scope, after }),
  z.strictObject({
    kind: z.literal('malformed'),
    ...scope,
    after,
    body: z.string().default('{"id":"5f0c'),
  }),
  z.strictObject({
    kind: z.literal('slow_body'),
    ...scope,
    after,
    interval_ms: delayMs.default(200),
  }),
  z.strictObject({
    kind: z.literal('huge_body'),
    ...scope,
    after,
    bytes: z.int().positive().max(1_000_000_000).default(10_000_000),
  }),
  z.strictObject({
    kind: z.literal('wrong_number'),
    ...scope,
    match: z.literal('check').default('check'),
    answered_phone_number: phoneNumberSchema.default('+819099999999'),
  }),
  z.strictObject({ kind: z.literal('redirect'), ...scope, after, location: z.string().min(1) }),
]);

export type Fault = z.infer<typeof faultSchema>;
export type QueuedFault = { readonly id: number; readonly fault: Fault; timesLeft: number | null };

/** The faults in force, in the order they were added; the first that fits a request hits it. */
export class Faults {
  #queue: QueuedFault[] = [];
  #lastId = 0;

  add(fault: Fault): QueuedFault {
    this.#lastId += 1;
    const queued = { id: this.#lastId, fault, timesLeft: fault.times ?? null };
    this.#queue.push(queued);
    return queued;
  }

  list(): readonly QueuedFault[] {
    return this.#queue;
  }

  /** Removes all faults, or those added for one phone number. */
  clear(phoneNumber?: string): void {
    this.#queue = this.#queue.filter(
      ({ fault }) => phoneNumber !== undefined && fault.phone_number !== phoneNumber,
    );
  }

  /** Removes one fault. Returns whether there was one. */
  remove(id: number): boolean {
    const rest = this.#queue.filter((queued) => queued.id !== id);
    const isFound = rest.length < this.#queue.length;
    this.#queue = rest;
    return isFound;
  }

  /** The fault that hits a request about this phone number, counted down; null when none does. */
  take(kind: 'create' | 'check', phoneNumber: string | null): Fault | null {
    const queued = this.#queue.find(
      ({ fault }) =>
        (fault.match ?? kind) === kind && (fault.phone_number ?? phoneNumber) === phoneNumber,
    );
    if (!queued) return null;
    if (queued.timesLeft !== null) {
      queued.timesLeft -= 1;
      if (queued.timesLeft === 0) this.#queue = this.#queue.filter((other) => other !== queued);
    }
    return queued.fault;
  }
}
