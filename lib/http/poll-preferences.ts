import 'server-only';
import type { Poll } from '../login/poll.ts';
import { PROMPTED_HEADER } from '../shared/prompted-header.ts';
import type { HeaderReader } from './route-request.ts';

/**
 * How a poll wants to be answered, by its headers: held for as long as the deployment holds polls,
 * unless the page prefers less (`Prefer: wait=8`, RFC 7240, 4.3): behind a proxy that cuts longer ones, or
 * not at all after a lost connection, to learn at once whether the server is back.
 */
export function readPollPreferences(
  headers: HeaderReader,
  { statusWaitSeconds }: { statusWaitSeconds: number },
): Pick<Poll, 'holdMs' | 'isPrompted'> {
  const [, preferred] = /^wait=(0|[1-9]\d{0,2})$/.exec(headers.get('prefer') ?? '') ?? [];
  return {
    holdMs: Math.min(statusWaitSeconds, Number(preferred ?? statusWaitSeconds)) * 1_000,
    isPrompted: headers.get(PROMPTED_HEADER) !== null,
  };
}
