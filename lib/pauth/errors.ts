import 'server-only';

/**
 * The ways in which a request to the vendor can fail. `detail` is for the log: it never quotes the
 * response, which may contain a phone number.
 */
export type PauthError =
  /** No connection, or it broke before the response was complete. */
  | { kind: 'unreachable'; detail: string }
  /** The timeout passed before the response was complete. */
  | { kind: 'timed_out'; timeoutMs: number }
  /** The vendor responded with a status other than 2xx. */
  | { kind: 'refused'; status: number; retryAfterSeconds: number | null }
  /** A 2xx response that does not follow the guide, or a redirect. */
  | { kind: 'unexpected'; detail: string }
  /** Not sent by `guardPauthClient`: the circuit is open, or too many requests are in flight. */
  | { kind: 'not_sent'; reason: 'circuit_open' | 'too_many_requests'; retryAfterMs: number };
