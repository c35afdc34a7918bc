import 'server-only';
import type { DoneReply } from '../shared/contract.ts';

/** Shorter answers fit into one packet uncompressed. */
const MIN_COMPRESSED_LENGTH = 1_024;

/**
 * A JSON answer that no cache may keep. Short ones forbid transformation too: Next compresses answers
 * of any length otherwise, which cost a fifth of the CPU of `/api/health/live` (measured with and without).
 */
export function json(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const text = JSON.stringify(body);
  return new Response(text, {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': text.length < MIN_COMPRESSED_LENGTH ? 'no-store, no-transform' : 'no-store',
      ...headers,
    },
  });
}

/** 204: done, without content. */
export function noContent(): Response {
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } });
}

/** 303: the browser loads `path` next, with GET. */
export function seeOther(path: string): Response {
  return new Response(null, {
    status: 303,
    headers: { location: path, 'cache-control': 'no-store' },
  });
}

/** The answer to a change that is done, by this request or an earlier one. */
export function done(): Response {
  const reply: DoneReply = { status: 'done' };
  return json(reply);
}
