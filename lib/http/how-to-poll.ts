import 'server-only';
import type { Wait } from '../login/wait.ts';
import { PROMPTED_HEADER } from '../shared/prompted-header.ts';

/**
 * How a poll is to be answered, by its headers: held as long as the deployment holds polls, unless the
 * page prefers less, as where a proxy cuts longer ones (`Prefer: wait=8`, RFC 7240, 4.3).
 */
export function howToPoll(
  headers: Pick<Headers, 'get'>,
  { statusWaitSeconds }: { statusWaitSeconds: number },
): Pick<Wait, 'holdMs' | 'isPrompted'> {
  const [, preferred] = /^wait=([1-9]\d{0,2})$/.exec(headers.get('prefer') ?? '') ?? [];
  return {
    holdMs: Math.min(statusWaitSeconds, Number(preferred ?? statusWaitSeconds)) * 1_000,
    isPrompted: headers.get(PROMPTED_HEADER) !== null,
  };
}
