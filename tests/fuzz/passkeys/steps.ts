import * as fc from 'fast-check';
import { PEOPLE } from '../attempt/steps.ts';

/** One step of a sequence. Browsers and people are numbered from 0, passkeys in the order of their making. */
export type Step =
  | { kind: 'call'; browser: number; person: number }
  /** A browser asks for a new passkey; its answer comes after a while, maybe again, maybe in another browser. */
  | { kind: 'enrol'; browser: number; answeredIn: number; pauseMs: number; times: number }
  | { kind: 'log_in'; browser: number; passkey: number; pauseMs: number; times: number }
  | { kind: 'confirm'; browser: number; passkey: number; pauseMs: number; times: number }
  | { kind: 'remove'; browser: number; passkey: number }
  | { kind: 'end_session'; browser: number; of: number }
  | { kind: 'end_others'; browser: number }
  | { kind: 'log_out'; browser: number }
  | { kind: 'copy_cookie'; from: number; to: number }
  | { kind: 'advance'; ms: number }
  | { kind: 'vendor'; isDown: boolean };

export const BROWSERS = 3;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const browser = fc.nat(BROWSERS - 1);
const person = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat(PEOPLE - 1) },
);
const passkey = fc.constantFrom(0, 0, 0, 1, 2);
// Whole minutes, the accuracy with which the use of a session is recorded.
const pauseMs = fc.constantFrom(0, 0, 0, 4 * MINUTE_MS, 5 * MINUTE_MS);
const times = fc.constantFrom(1, 1, 1, 2);
const ms = fc.constantFrom(
  ...[MINUTE_MS, 4 * MINUTE_MS, 5 * MINUTE_MS, HOUR_MS],
  ...[23 * HOUR_MS, DAY_MS, 6 * DAY_MS, 200 * DAY_MS, 366 * DAY_MS],
);

const enrolling = fc
  .tuple(browser, fc.option(browser, { freq: 8 }))
  .map(([asking, other]) => ({ browser: asking, answeredIn: other ?? asking }));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('call'), browser, person }) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(enrolling, pauseMs, times)
      .map(
        ([who, pause, count]) => ({ kind: 'enrol', ...who, pauseMs: pause, times: count }) as const,
      ),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('log_in'), browser, passkey, pauseMs, times }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('confirm'), browser, passkey, pauseMs, times }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove'), browser, passkey }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end_session'), browser, of: browser }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end_others'), browser }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('log_out'), browser }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('copy_cookie'), from: browser, to: browser }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('advance'), ms }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('vendor'), isDown: fc.boolean() }) },
);

/** What leads to where the rules differ, and single steps would seldom reach. */
const stories: fc.Arbitrary<Step[]> = fc
  .record({ browser, other: browser, passkey, person })
  .chain(({ browser, other, passkey, person }) => {
    const call: Step = { kind: 'call', browser, person };
    const enrol: Step = { kind: 'enrol', browser, answeredIn: browser, pauseMs: 0, times: 1 };
    const logIn: Step = { kind: 'log_in', browser: other, passkey, pauseMs: 0, times: 1 };
    const confirm: Step = { kind: 'confirm', browser, passkey, pauseMs: 0, times: 1 };
    const remove: Step = { kind: 'remove', browser: other, passkey };
    const wait = (days: number): Step => ({ kind: 'advance', ms: days * DAY_MS });
    return fc.constantFrom<Step[]>(
      [call, enrol],
      [call, enrol],
      [call, enrol, wait(200), logIn, wait(200), call],
      [call, confirm],
      [logIn, remove],
      [wait(366), call, logIn],
    );
  });

/** Sequences of steps. */
export function stepsOf(maxLength: number): fc.Arbitrary<Step[]> {
  const one = step.map((single) => [single]);
  return fc
    .array(fc.oneof({ weight: 2, arbitrary: one }, { weight: 1, arbitrary: stories }), {
      maxLength,
      size: 'max',
    })
    .map((parts) => parts.flat());
}
