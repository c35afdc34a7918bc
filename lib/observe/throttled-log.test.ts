import { expect, it } from 'vitest';
import { createTestClock } from '#tests/support/test-login.ts';
import { createLog } from './log.ts';
import { createThrottledLog, LINES_PER_MINUTE } from './throttled-log.ts';

function open() {
  const lines: string[] = [];
  const log = createLog({ write: (line) => void lines.push(line) });
  const clock = createTestClock();
  const throttledLog = createThrottledLog(clock);
  const write = (kind: string, limit: { maxPerMinute?: number; isOnce?: true } = {}) =>
    throttledLog(log, 'warn', { kind, entry: { event: kind }, message: 'again', ...limit });
  return { clock, write, lines: () => lines.map((line): unknown => JSON.parse(line)) };
}

it('suppresses and counts lines of a kind beyond the limit, but not of other kinds', () => {
  const { clock, write, lines } = open();
  for (let count = 0; count < LINES_PER_MINUTE + 40; count += 1) {
    write('flood');
  }
  write('rare');
  expect(lines()).toHaveLength(LINES_PER_MINUTE + 1);
  expect(lines().at(-1)).toMatchObject({ event: 'rare' });

  clock.advance(60_000);
  write('flood');
  expect(lines().at(-1)).toMatchObject({ event: 'flood', suppressed: 40 });
  write('flood');
  expect(lines().at(-1)).not.toHaveProperty('suppressed');
});

it('keeps writing after the clock is set back', () => {
  const { clock, write, lines } = open();
  for (let count = 0; count < LINES_PER_MINUTE; count += 1) {
    write('flood');
  }
  clock.advance(-3_600_000);
  write('flood');
  expect(lines()).toHaveLength(LINES_PER_MINUTE + 1);
});

it('honors a lower limit for a kind', () => {
  const { clock, write, lines } = open();
  const writeAlarm = () => write('alarm', { maxPerMinute: 1 });
  writeAlarm();
  writeAlarm();
  clock.advance(59_999);
  writeAlarm();
  expect(lines()).toEqual([expect.objectContaining({ event: 'alarm' })]);
  clock.advance(1);
  writeAlarm();
  expect(lines()).toHaveLength(2);
  expect(lines().at(-1)).toMatchObject({ event: 'alarm', suppressed: 2 });
});

it('writes a line that is to be written once only once, however much time passes', () => {
  const { clock, write, lines } = open();
  for (let hour = 0; hour < 3; hour += 1) {
    write('hint', { isOnce: true });
    clock.advance(3_600_000);
  }
  expect(lines()).toEqual([expect.objectContaining({ event: 'hint' })]);
});
