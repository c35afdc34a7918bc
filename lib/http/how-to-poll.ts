import 'server-only';
import * as z from 'zod';
import type { Wait } from '../login/wait.ts';
import { LONGEST_HOLD_HEADER, PROMPTED_HEADER } from '../shared/poll-headers.ts';

const longestHoldSchema = z
  .string()
  .regex(/^[1-9]\d{0,2}$/)
  .transform((seconds) => Number(seconds) * 1_000)
  .catch(Number.POSITIVE_INFINITY);

/**
 * How a poll is to be answered, by its headers: held as long as the deployment holds polls, unless the
 * page asks for less. What cannot be read asks for nothing.
 */
export function howToPoll(
  headers: Pick<Headers, 'get'>,
  { statusWaitSeconds }: { statusWaitSeconds: number },
): Pick<Wait, 'holdMs' | 'isPrompted'> {
  const longestMs = longestHoldSchema.parse(headers.get(LONGEST_HOLD_HEADER));
  return {
    holdMs: Math.min(statusWaitSeconds * 1_000, longestMs),
    isPrompted: headers.get(PROMPTED_HEADER) !== null,
  };
}
