import 'server-only';
import { randomUUID } from 'node:crypto';
import { atEachRequest } from './request-start.ts';

declare global {
  /** Next bundles the boot and the routes apart; both must know the one name. */
  var callLoginRequestIdHeader: string | undefined;
}

/** Short enough to be read aloud, random enough that two requests never share one. */
export function createRequestId(): string {
  // Node makes UUIDs in stock; their second half has 62 random bits.
  return randomUUID().replaceAll('-', '').slice(16);
}

/**
 * The header that carries a request's id inside this process. Its name is random, so that no client
 * can choose the id.
 */
export function requestIdHeader(): string {
  globalThis.callLoginRequestIdHeader ??= `x-request-${randomUUID()}`;
  return globalThis.callLoginRequestIdHeader;
}

/** Gives every request an id where pages, route handlers and Next's reports of errors can read it. */
export function noteRequestIds(): void {
  const header = requestIdHeader();
  atEachRequest(({ request }) => {
    request.headers[header] = createRequestId();
  });
}

/** The id of a request; a new one where the host serves requests without a server of Node's. */
export function requestIdOf(headers: Pick<Headers, 'get'>): string {
  return headers.get(requestIdHeader()) ?? createRequestId();
}
