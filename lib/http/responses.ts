import 'server-only';
import type { DoneReply } from '../shared/contract.ts';

/**
 * What a route answers, for its host to send. A Web `Response` takes eight microseconds to create and to read again
 * (measured), this a tenth of one.
 */
export interface RouteResponse {
  status: number;
  /** By their names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** The values of its `Set-Cookie` headers. */
  cookies: readonly string[];
  /** Null for none at all. */
  body: string | null;
}

/** Shorter answers fit into one packet uncompressed. */
export const MIN_COMPRESSED_LENGTH = 1_024;

/**
 * A JSON answer that no cache may keep. Short ones forbid transformation too: Next compresses answers
 * of any length otherwise, which cost a fifth of the CPU of `/api/health/live` (measured with and without).
 */
export function json(
  body: unknown,
  status = 200,
  headers: RouteResponse['headers'] = {},
): RouteResponse {
  const text = JSON.stringify(body);
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': text.length < MIN_COMPRESSED_LENGTH ? 'no-store, no-transform' : 'no-store',
      ...headers,
    },
    cookies: [],
    body: text,
  };
}

/** 204: done, without content. */
export function noContent(): RouteResponse {
  return { status: 204, headers: { 'cache-control': 'no-store' }, cookies: [], body: null };
}

/** 303: the browser loads `path` next, with GET. */
export function seeOther(path: string, cookies: readonly string[] = []): RouteResponse {
  const headers = { location: path, 'cache-control': 'no-store' };
  return { status: 303, headers, cookies, body: null };
}

/** The answer to a change that is done, by this request or an earlier one. */
export function done(): RouteResponse {
  const reply: DoneReply = { status: 'done' };
  return json(reply);
}
