import 'server-only';
import type { HeaderReader } from './headers.ts';

/** What handlers read of a request. A Web `Request` has it; the Node host makes it of Node's. */
export interface RouteRequest {
  method: string;
  headers: HeaderReader;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
  /** A stream, or what the host has read of it: at least as much as shows that it is too long. */
  body: ReadableStream<Uint8Array> | Uint8Array | null;
}
