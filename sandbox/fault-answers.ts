import { setTimeout as delay } from 'node:timers/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Fault } from './faults.ts';

const CHUNK_BYTES = 65_536;

/** Statuses for which HTTP allows no body, and `Response` throws if given one (Fetch standard). */
const NULL_BODY_STATUSES = new Set([204, 205, 304]);

/** What a fault can do with the vendor request it hits. */
interface FaultActions {
  /** Carries the request out and answers as the vendor would. */
  answer(): Response;
  /** The answer to a check whose session was verified for `phoneNumber`. */
  verifiedAs(phoneNumber: string): Response;
  /** Closes the connection without an answer. */
  hangUp(): void;
}

/** Answers one vendor request as its fault says. */
export async function answerWithFault(fault: Fault, actions: FaultActions): Promise<Response> {
  if (fault.kind === 'wrong_number') {
    const real = actions.answer();
    return real.ok ? actions.verifiedAs(fault.answered_phone_number) : real;
  }
  const real = fault.after ? actions.answer() : null;
  switch (fault.kind) {
    case 'delay':
      await delay(fault.delay_ms, undefined, { ref: false });
      return real ?? actions.answer();
    case 'reset':
      actions.hangUp();
      return RESPONSE_ALREADY_SENT;
    case 'status':
      return respond(
        fault.status,
        NULL_BODY_STATUSES.has(fault.status) ? null : fault.body,
        fault.retry_after_seconds === undefined
          ? {}
          : { 'retry-after': String(fault.retry_after_seconds) },
      );
    case 'malformed':
      return respond(200, fault.body);
    case 'slow_body':
      return respond(200, endlessBody(fault.interval_ms), { 'transfer-encoding': 'chunked' });
    case 'huge_body':
      return respond(200, paddedBody(fault.bytes, real ? await real.text() : '{}'));
    case 'redirect':
      return respond(307, null, { location: fault.location });
  }
}

function respond(
  status: number,
  body: string | ReadableStream | null,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** Sends one space, a valid beginning of JSON, per interval until the client disconnects. */
function endlessBody(intervalMs: number): ReadableStream {
  return new ReadableStream({
    async pull(controller) {
      await delay(intervalMs, undefined, { ref: false });
      controller.enqueue(new TextEncoder().encode(' '));
    },
  });
}

/** `text` after `bytes` spaces: still valid JSON, so that only its size is wrong. */
function paddedBody(bytes: number, text: string): ReadableStream {
  let bytesLeft = bytes;
  return new ReadableStream({
    pull(controller) {
      if (bytesLeft === 0) {
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
        return;
      }
      const size = Math.min(bytesLeft, CHUNK_BYTES);
      controller.enqueue(new Uint8Array(size).fill(0x20));
      bytesLeft -= size;
    },
  });
}
