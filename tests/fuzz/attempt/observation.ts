import type { PollOutcome } from '#lib/login/poll.ts';
import { phoneNumberSchema } from '#lib/shared/contract.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';
import { PEOPLE } from './steps.ts';

/** What came of a step, as far as anybody outside can see it. */
export type Observation =
  /** `presented`: the token by which the browser was known before, if it was; `issued`: its next one. */
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
  /** `isOwn`: whoever called looked at this browser and has the number that it is for. */
  | { kind: 'called'; attemptId: string; isOwn: boolean; verified: readonly string[] }
  | { kind: 'called_back'; attemptId: string }
  | { kind: 'session_used'; browser: number; sessionToken: string; phoneNumber: string | null }
  | { kind: 'logged_out'; browser: number; sessionToken: string }
  | { kind: 'advanced'; ms: number }
  | { kind: 'trouble'; isOver: boolean };

/** What a browser shows: which attempt, for whom, and the number to call. */
export interface Screen {
  attemptId: string;
  person: number;
  callNumber: PhoneNumber;
  /** The attempt's name at the vendor. */
  vendorId: string;
  startedAt: number;
  expiresAt: number;
}

export const people: readonly PhoneNumber[] = Array.from({ length: PEOPLE }, (_, index) =>
  phoneNumberSchema.parse(`+8190100000${String(index).padStart(2, '0')}`),
);
