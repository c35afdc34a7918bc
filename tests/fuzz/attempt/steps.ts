import * as fc from 'fast-check';
import type { Switches } from '#sandbox/switches.ts';
import { type Trouble, troubles } from './vendor.ts';

/** One step of a sequence. Browsers, people and processes are numbered from 0. */
export type Step =
  | { kind: 'start'; browser: number; person: number; process: number }
  | { kind: 'poll'; browser: number; process: number; holdMs: number; isPrompted: boolean }
  /** Concurrent polls by several tabs, alternating between the processes. */
  | { kind: 'poll_in_parallel'; browser: number; times: number }
  | { kind: 'cancel'; browser: number; process: number }
  /** The person whose number a browser shows calls the number on it. */
  | { kind: 'call'; browser: number; times: number }
  /** Another person calls that number, or the caller ID is withheld. */
  | { kind: 'stray_call'; browser: number; person: number | null }
  /** The vendor's callback, or a forged one: for the browser's attempt, or with an unknown token. */
  | { kind: 'callback'; browser: number | null; process: number; times: number }
  | { kind: 'use_session'; browser: number; process: number }
  | { kind: 'log_out'; browser: number; process: number }
  /** A poll whose answer is lost, with its cookies. */
  | { kind: 'lose_answer'; browser: number; process: number }
  /** Another browser gets a copy of the cookie from before this one's latest start. */
  | { kind: 'copy_cookie'; from: number; to: number }
  | { kind: 'advance'; seconds: number }
  | { kind: 'trouble'; trouble: Trouble }
  | { kind: 'restart'; process: number };

export const BROWSERS = 3;
export const PEOPLE = 2;
export const PROCESSES = 2;

const browser = fc.nat(BROWSERS - 1);
const process = fc.nat(PROCESSES - 1);
// Most starts use the same number, so that attempts compete.
const person = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat(PEOPLE - 1) },
);
const holdMs = fc.constantFrom(0, 0, 5_000, 25_000);
const seconds = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(1, 2, 3, 5, 10, 30) },
  { weight: 2, arbitrary: fc.constantFrom(60, 61, 119, 121, 200) },
  { weight: 2, arbitrary: fc.constantFrom(289, 299, 301, 311, 600) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('start'), browser, person, process }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('poll'),
      browser,
      process,
      holdMs,
      isPrompted: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('poll_in_parallel'),
      browser,
      times: fc.integer({ min: 2, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel'), browser, process }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('call'), browser, times: fc.constantFrom(1, 1, 2) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('stray_call'),
      browser,
      person: fc.option(fc.nat(PEOPLE - 1)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('callback'),
      browser: fc.option(browser, { freq: 8 }),
      process,
      times: fc.constantFrom(1, 1, 3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('use_session'), browser, process }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('log_out'), browser, process }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose_answer'), browser, process }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('copy_cookie'), from: browser, to: browser }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance'), seconds }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('trouble'), trouble: fc.constantFrom(...troubles) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart'), process }) },
);

/** Sequences of steps. */
export function stepsOf(maxLength: number): fc.Arbitrary<Step[]> {
  return fc.array(step, { maxLength, size: 'max' });
}

/** Every combination of vendor behaviours. */
export const vendorSwitches: fc.Arbitrary<Switches> = fc.record({
  call_numbers: fc.constantFrom('distinct', 'shared'),
  match: fc.constantFrom('call_number', 'caller'),
  callbacks: fc.constant('off'),
  verified_phone_number_format: fc.constantFrom('e164', 'national', 'international'),
});
