import { setTimeout as sleep } from 'node:timers/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Fault } from './faults.ts';

const CHUNK_BYTES = 65_536;
const BODILESS = new Set([204, 205, 304]);

/** One vendor request, for a fault to spoil. */
export type Answering = {
  /** Does what was asked and answers as the vendor would. */
  answer: () => Response;
  /** The answer to a check that finds the session verified for this phone number. */
  verifiedAs: (phoneNumber: string) => Response;
  /** Cuts the connection without an answer. */
  hangUp: () => void;
};

/** Answers one vendor request under a fault. */
export async function answerWithFault(fault: Fault, request: Answering): Promise<Response> {
  if (fault.kind === 'wrong_number') {
    const real = request.answer();
    return real.ok ? request.verifiedAs(fault.answered_phone_number) : real;
  }
  const real = fault.after ? request.answer() : null;
  switch (fault.kind) {
    case 'delay':
      await sleep(fault.delay_ms, undefined, { ref: false });
      return real ?? request.answer();
    case 'reset':
      request.hangUp();
      return RESPONSE_ALREADY_SENT;
    case 'status':
      return respond(fault.status, BODILESS.has(fault.status) ? null : fault.body, {
        ...(fault.retry_after_seconds !== undefined && {
          'retry-after': String(fault.retry_after_seconds),
        }),
      });
    case 'malformed':
      return respond(200, fault.body);
    case 'slow_body':
      return respond(200, drip(fault.interval_ms), { 'transfer-encoding': 'chunked' });
    case 'huge_body':
      return respond(200, spacesThen(fault.bytes, real ? await real.text() : '{}'));
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

/** One space (the start of any JSON) every interval, until the client goes away. */
function drip(intervalMs: number): ReadableStream {
  return new ReadableStream({
    async pull(controller) {
      await sleep(intervalMs, undefined, { ref: false });
      controller.enqueue(new TextEncoder().encode(' '));
    },
  });
}

/** So many spaces and then the text: still JSON, so nothing but its size speaks against it. */
function spacesThen(bytes: number, text: string): ReadableStream {
  let bytesLeft = bytes;
  return new ReadableStream({
    pull(controller) {
      if (bytesLeft > 0) {
        const size = Math.min(bytesLeft, CHUNK_BYTES);
        controller.enqueue(new Uint8Array(size).fill(0x20));
        bytesLeft -= size;
        return;
      }
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}
