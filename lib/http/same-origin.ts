import 'server-only';
import type { HeaderReader, RouteRequest } from './route-request.ts';

/**
 * Whether a request comes from a page of ours.
 *
 * A read may log somebody in, so it must come from a script of ours, and not from a link, an image or
 * another site. Browsers without Fetch Metadata (Safari before 16.4) prove a read with a header that
 * needs a CORS preflight, which we never grant, and a write with `Origin`.
 */
export function isSameOrigin({ method, headers }: RouteRequest, origin: URL): boolean {
  return method === 'GET' || method === 'HEAD'
    ? isSameOriginFetch(headers)
    : isSameOriginWrite(headers, origin);
}

function isSameOriginWrite(headers: HeaderReader, origin: URL): boolean {
  const site = headers.get('sec-fetch-site');
  return site === null ? headers.get('origin') === origin.origin : site === 'same-origin';
}

function isSameOriginFetch(headers: HeaderReader): boolean {
  const site = headers.get('sec-fetch-site');
  if (site === null) {
    return headers.get('x-requested-with') === 'fetch';
  }
  return (
    site === 'same-origin' &&
    headers.get('sec-fetch-mode') === 'cors' &&
    headers.get('sec-fetch-dest') === 'empty' &&
    // A speculative prefetch: `<link rel=prefetch>` has no destination either.
    headers.get('sec-purpose') === null
  );
}

/** The headers that show whether a request comes from our own pages. */
export interface RequestOrigins {
  /** `APP_ORIGIN`. */
  expected: string;
  /** `Origin` as `<scheme>://<host>:<port>`, or why it cannot be shown, such as `missing`. */
  origin: string;
  /** `Sec-Fetch-Site`. */
  site: string;
}

/** What is logged about a request from another site: normalized, never the text that was sent. */
export function describeOrigins({ headers }: RouteRequest, expected: URL): RequestOrigins {
  const site = headers.get('sec-fetch-site') ?? 'missing';
  return {
    expected: expected.origin,
    origin: describeOrigin(headers.get('origin')),
    site: ['missing', 'cross-site', 'same-site', 'same-origin', 'none'].includes(site)
      ? site
      : 'unreadable',
  };
}

const ORIGIN_MAX_LENGTH = 100;

function describeOrigin(header: string | null): string {
  if (header === null || header === 'null') {
    return header ?? 'missing';
  }
  const origin = URL.canParse(header) ? new URL(header).origin : 'unreadable';
  return origin.length > ORIGIN_MAX_LENGTH ? 'too long' : origin;
}
