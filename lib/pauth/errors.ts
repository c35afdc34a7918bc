import 'server-only';

/**
 * The ways in which a request to the vendor can fail, disjoint. `detail` is for the log alone: it says
 * what was wrong without quoting the answer, which may hold a phone number.
 */
export type PauthError =
  /** No connection, or one that broke before the answer was whole. */
  | { kind: 'unreachable'; detail: string }
  /** The deadline passed before the answer was whole. */
  | { kind: 'timed_out'; timeoutMs: number }
  /** The vendor answered with a status that is not a success. */
  | { kind: 'refused'; status: number; retryAfterSeconds: number | null }
  /** The vendor said it succeeded, in words the guide does not know; or it sent us elsewhere. */
  | { kind: 'unexpected'; detail: string }
  /** Not sent: the vendor has failed too often, or has too many of our requests to answer. */
  | { kind: 'held_back'; why: 'vendor_failing' | 'too_many_at_once'; retryAfterMs: number };
