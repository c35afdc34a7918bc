import 'server-only';

/** The headers of a request, however its host keeps them. */
export type HeaderReader = Pick<Headers, 'get'>;

/** What handlers read of a request. A Web `Request` is one; the Node host builds one from Node's. */
export interface RouteRequest {
  method: string;
  headers: HeaderReader;
  /** A stream, or what the host has read of it: enough to show that a body is too long. */
  body: ReadableStream<Uint8Array> | Uint8Array | null;
}
