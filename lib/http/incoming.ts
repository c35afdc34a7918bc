import 'server-only';
import type { IncomingMessage, Server } from 'node:http';
import { parseAndValidateFlightRouterState } from 'next/dist/server/app-render/parse-and-validate-flight-router-state.js';
import { atEachRequest } from '../request-start.ts';

/** A request's headers have this long to arrive, in milliseconds; all of it has as long again. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;

/** The methods that a page or a route can refuse by itself. */
const knownMethods: ReadonlySet<string | undefined> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/** What Next tells itself between its own parts; from outside it has been a way around them. */
const INTERNAL_HEADERS = /^x-(middleware|nextjs|invoke|matched|now|prerender|next)-/;

/** What a page of ours shows, as its script tells Next, which then renders only what is new. */
const ROUTER_STATE_HEADER = 'next-router-state-tree';

/** No page of ours has half as many parts. Next takes seconds over a thousand inside each other. */
const MOST_BRACKETS = 64;

/**
 * Puts right what reaches Next from outside and what it would answer with an error of its own, and
 * ends requests that never become whole.
 */
export function guardIncoming(): void {
  atEachRequest(({ request, server }) => {
    tidy(request);
    impatient(server);
  });
}

/** Changes a request into one that Next can answer, and that means the same or is refused. */
export function tidy(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): void {
  if (!knownMethods.has(request.method)) {
    // Next breaks on TRACE, which the Fetch standard forbids, and shows pages to PROPFIND.
    request.method = 'OPTIONS';
  }
  request.url = readablePath(request.url ?? '/');
  for (const name of Object.keys(request.headers)) {
    if (INTERNAL_HEADERS.test(name)) {
      delete request.headers[name];
    }
  }
  const routerState = request.headers[ROUTER_STATE_HEADER];
  if (routerState !== undefined && !canNextRead(routerState)) {
    delete request.headers[ROUTER_STATE_HEADER];
  }
}

/**
 * Whether Next reads a router state, and in no time. For one that it cannot read it answers 500; for
 * none, with the whole page.
 */
function canNextRead(routerState: unknown): boolean {
  if (typeof routerState !== 'string') {
    return false;
  }
  try {
    const brackets = decodeURIComponent(routerState).match(/[[{]/g) ?? [];
    if (brackets.length > MOST_BRACKETS) {
      return false;
    }
    // Its own reader, as what it reads differs from version to version.
    parseAndValidateFlightRouterState(routerState);
    return true;
  } catch {
    return false;
  }
}

/**
 * The path and query of a request's target (RFC 9112, 3.2). What stands for a host in it is not
 * looked at, and a per cent sign that encodes nothing is one that is meant.
 */
function readablePath(target: string): string {
  const path = target.startsWith('/')
    ? target
    : `/${target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*\/?|^\*$/i, '')}`;
  const [pathname = '', ...query] = path.split('?');
  return [canBeDecoded(pathname) ? pathname : pathname.replaceAll('%', '%25'), ...query].join('?');
}

function canBeDecoded(pathname: string): boolean {
  try {
    decodeURIComponent(pathname);
    return true;
  } catch {
    return false;
  }
}

function impatient(server: Server): void {
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
}
