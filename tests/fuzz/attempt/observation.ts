import type { PollOutcome } from '#lib/login/poll.ts';
import { phoneNumberSchema } from '#lib/shared/contract.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import { PEOPLE } from './steps.ts';

/** The externally visible result of a step. */
export type Observation =
  /** `presented`: the browser token in the request, if any; `issued`: the one in the answer. */
  | {
      kind: 'started';
      browser: number;
      presented: string | null;
      issued: string;
      screen: Screen;
    }
  | { kind: 'not_started'; browser: number; presented: string | null; code: string }
  | { kind: 'polled'; attemptId: string; outcome: PollOutcome; isAlone: boolean }
  | { kind: 'cancelled'; browser: number; attemptId: string }
  /** `isOwn`: the caller was looking at this browser and called from the number it shows. */
  | { kind: 'called'; attemptId: string; isOwn: boolean; verified: readonly string[] }
  | { kind: 'called_back'; attemptId: string }
  | { kind: 'session_used'; browser: number; sessionToken: string; phoneNumber: string | null }
  | { kind: 'logged_out'; browser: number; sessionToken: string }
  | { kind: 'advanced'; ms: number }
  | { kind: 'trouble'; isOver: boolean };

/** What a browser shows: the attempt, its person and the number to call. */
export interface Screen {
  attemptId: string;
  person: number;
  callNumber: PhoneNumber;
  /** The id of the vendor's session. */
  vendorId: string;
  startedAt: number;
  expiresAt: number;
}

export const people: readonly PhoneNumber[] = Array.from({ length: PEOPLE }, (_, index) =>
  phoneNumberSchema.parse(`+8190100000${String(index).padStart(2, '0')}`),
);
