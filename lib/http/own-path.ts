import 'server-only';
import { randomUUID } from 'node:crypto';

/** Addresses are resolved against it and must stay on it. Random, so that no input names it. */
const BASE = `https://${randomUUID()}.invalid`;

/**
 * The path of ours that a text from outside names, or `fallback` when it names another site or
 * nothing. It is parsed as a browser would, since `/\evil.example` and a tab between two slashes
 * pass for paths until a browser reads them.
 */
export function ownPath(text: string | undefined, fallback: string): string {
  if (text === undefined || !text.startsWith('/') || !URL.canParse(text, BASE)) {
    return fallback;
  }
  const url = new URL(text, BASE);
  const path = `${url.pathname}${url.search}${url.hash}`;
  // A path that begins with two slashes would be read as a host the next time.
  return url.origin === BASE && !path.startsWith('//') ? path : fallback;
}
