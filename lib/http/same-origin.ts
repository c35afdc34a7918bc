import 'server-only';
import type { App } from '../services.ts';

/**
 * Whether a request that changes something was sent by a page of ours: by Fetch Metadata, or where
 * a browser does not send it (Safari before 16.4), by Origin.
 */
export function isSameOriginWrite(request: Request, { config }: App): boolean {
  const site = request.headers.get('sec-fetch-site');
  return site === null
    ? request.headers.get('origin') === config.app.origin.origin
    : site === 'same-origin';
}

/**
 * Whether a read that may log somebody in was made by a script of ours, and not by a link, an image
 * or another site. Browsers without Fetch Metadata prove it with a header that only a script of the
 * same origin can add without asking first (a CORS preflight, which we never grant).
 */
export function isSameOriginFetch(headers: Pick<Headers, 'get'>): boolean {
  const site = headers.get('sec-fetch-site');
  if (site === null) {
    return headers.get('x-requested-with') === 'fetch';
  }
  return (
    site === 'same-origin' &&
    headers.get('sec-fetch-mode') === 'cors' &&
    headers.get('sec-fetch-dest') === 'empty' &&
    // A browser that fetches ahead of a person: `<link rel=prefetch>` has no destination either.
    headers.get('sec-purpose') === null
  );
}
