import 'server-only';
import { readLimitedText } from '../limits/limited-text.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { PauthError } from './errors.ts';

/** Responses in the vendor's guide are a few hundred bytes long; longer ones than this are errors. */
const REPLY_MAX_BYTES = 64 * 1024;

/**
 * Sends one request to the vendor, a POST if it has a `body`, which is sent as JSON. Reads at most
 * `REPLY_MAX_BYTES` of the response body.
 *
 * `deadline.signal` covers the whole exchange up to the last byte of the body. Redirects are errors:
 * following one would disclose the API key or the phone number to its target.
 *
 * @returns the unparsed body of a 2xx response.
 */
export async function send(
  { url, apiKey, body }: { url: URL; apiKey: string; body?: unknown },
  deadline: { signal: AbortSignal; timeoutMs: number },
): Promise<Result<string, PauthError>> {
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        accept: 'application/json',
        // A compressed response could be small on the wire and huge in memory.
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      cache: 'no-store',
      signal: deadline.signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      return fail({
        kind: 'refused',
        status: response.status,
        retryAfterSeconds: retryAfterSeconds(response.headers.get('retry-after')),
      });
    }
    const encoding = response.headers.get('content-encoding');
    if (encoding !== null && encoding !== 'identity') {
      await response.body?.cancel();
      return fail({ kind: 'unexpected', detail: 'the response is compressed' });
    }
    const text = await readLimitedText(response.body, REPLY_MAX_BYTES);
    return text === null
      ? fail({ kind: 'unexpected', detail: `the response is over ${REPLY_MAX_BYTES} bytes` })
      : succeed(text);
  } catch (error) {
    if (deadline.signal.aborted) {
      return fail({ kind: 'timed_out', timeoutMs: deadline.timeoutMs });
    }
    // `fetch` throws a TypeError whose cause is the connection's error.
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const detail = cause instanceof Error ? cause.message : String(cause);
    return detail === 'unexpected redirect'
      ? fail({ kind: 'unexpected', detail: 'the vendor redirects' })
      : fail({ kind: 'unreachable', detail });
  }
}

/** Parses Retry-After, which is either seconds or a date (RFC 9110, 10.2.3). */
function retryAfterSeconds(header: string | null): number | null {
  if (header === null) {
    return null;
  }
  const seconds = /^\d+$/.test(header.trim())
    ? Number(header)
    : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}
