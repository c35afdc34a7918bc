import * as z from 'zod';
import { phoneNumberSchema } from './phone-number.ts';

const delayMs = z.int().nonnegative().max(600_000);
const scope = {
  /** Which requests it hits. Default: both kinds. */
  match: z.enum(['create', 'check']).optional(),
  /** How many requests it hits. Default: all until it is deleted. */
  times: z.int().positive().optional(),
  /** Hits only requests about this phone number. Default: all. */
  phone_number: phoneNumberSchema.optional(),
};
const common = {
  ...scope,
  /** True: the vendor carries the request out, and only its answer is faulty. */
  after: z.boolean().default(false),
};

/** A fault as `POST /_sandbox/faults` takes it. Unknown keys are refused. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    ...common,
    status: z.int().min(200).max(599),
    body: z.string().default('{"error":"sandbox fault"}'),
    retry_after_seconds: z.int().nonnegative().optional(),
  }),
  z.strictObject({ kind: z.literal('delay'), ...common, delay_ms: delayMs }),
  z.strictObject({ kind: z.literal('reset'), ...common }),
  z.strictObject({
    kind: z.literal('malformed'),
    ...common,
    body: z.string().default('{"id":"5f0c'),
  }),
  z.strictObject({ kind: z.literal('slow_body'), ...common, interval_ms: delayMs.default(200) }),
  z.strictObject({
    kind: z.literal('huge_body'),
    ...common,
    bytes: z.int().positive().max(1_000_000_000).default(10_000_000),
  }),
  z.strictObject({
    kind: z.literal('wrong_number'),
    ...scope,
    match: z.literal('check').default('check'),
    answered_phone_number: phoneNumberSchema.default('+819099999999'),
  }),
  z.strictObject({ kind: z.literal('redirect'), ...common, location: z.string().min(1) }),
]);

export type Fault = z.infer<typeof faultSchema>;

export interface QueuedFault {
  readonly id: number;
  readonly fault: Fault;
  /** How many requests it will still hit; null means no limit. */
  timesLeft: number | null;
}

/** The active faults in the order they were added. A request is hit by the first that matches. */
export interface FaultQueue {
  add(fault: Fault): QueuedFault;
  list(): readonly QueuedFault[];
  /** Removes the faults of one phone number, or all. */
  clear(phoneNumber?: string): void;
  /** Removes one fault. Returns false if there is none with this id. */
  remove(id: number): boolean;
  /** The fault for a request about this phone number, counted as one hit; null if none matches. */
  take(kind: 'create' | 'check', phoneNumber: string | null): Fault | null;
}

/** Creates an empty queue. Ids start at 1 and are never reused. */
export function createFaultQueue(): FaultQueue {
  let queue: QueuedFault[] = [];
  let lastId = 0;

  const remove = (id: number) => {
    const { length } = queue;
    queue = queue.filter((queued) => queued.id !== id);
    return queue.length < length;
  };

  return {
    add(fault) {
      lastId += 1;
      const queued = { id: lastId, fault, timesLeft: fault.times ?? null };
      queue.push(queued);
      return queued;
    },

    list: () => queue,

    clear(phoneNumber) {
      queue = queue.filter(
        ({ fault }) => phoneNumber !== undefined && fault.phone_number !== phoneNumber,
      );
    },

    remove,

    take(kind, phoneNumber) {
      const queued = queue.find(
        ({ fault }) =>
          (fault.match ?? kind) === kind && (fault.phone_number ?? phoneNumber) === phoneNumber,
      );
      if (queued === undefined) {
        return null;
      }
      if (queued.timesLeft !== null) {
        queued.timesLeft -= 1;
        if (queued.timesLeft === 0) {
          remove(queued.id);
        }
      }
      return queued.fault;
    },
  };
}
