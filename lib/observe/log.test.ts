import { describe, expect, it } from 'vitest';
import { phoneNumberSchema } from '../shared/contract.ts';
import { createLog, createPhoneNumberTags, type Log, referenceOf, withoutDetails } from './log.ts';

const phoneNumber = phoneNumberSchema.parse('+819012345678');

function linesOf(write: (log: Log) => void): string[] {
  const lines: string[] = [];
  write(createLog({ write: (line) => void lines.push(line) }));
  return lines;
}

describe('the log', () => {
  it('is one JSON line per entry, with its level and instant by name', () => {
    const lines = linesOf((log) => {
      log.info({ event: 'one' }, 'first\nline');
      log.error({ event: 'two' }, 'second');
    });
    expect(lines).toHaveLength(2);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        event: 'one',
        msg: 'first\nline',
      },
      { level: 'error', time: expect.any(String), event: 'two', msg: 'second' },
    ]);
    expect(lines.every((line) => line.trimEnd().split('\n').length === 1)).toBe(true);
  });

  it('tells of an error what it is and where it came from, and nothing it carries besides', () => {
    const error = Object.assign(new RangeError('boom', { cause: new Error('canary cause') }), {
      code: 'ERR_BOOM',
      request: { headers: { authorization: 'Bearer canary' } },
      phoneNumber,
    });
    const [line = ''] = linesOf((log) => log.error({ error }, 'failed'));
    expect(JSON.parse(line).error).toEqual({
      name: 'RangeError',
      code: 'ERR_BOOM',
      message: 'boom',
      stack: expect.arrayContaining([expect.stringMatching(/^at .*log\.test\.ts/)]),
    });
    expect(line).not.toContain('canary');
    expect(line).not.toContain(phoneNumber);
  });

  it('tells no stack that a message made up', () => {
    const error = new Error('boom\n    at canary (canary.ts:1:1)');
    const [line = ''] = linesOf((log) => log.error({ error }, 'failed'));
    expect(JSON.parse(line).error.stack.join()).not.toContain('canary');
  });

  it.each([
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'object'],
    [{ authorization: 'canary' }, 'object'],
  ])('tells of %j, thrown as an error, only what it is', (error, message) => {
    const [line = ''] = linesOf((log) => log.error({ error }, 'failed'));
    expect(line).not.toContain('canary');
    expect(JSON.parse(line).error?.message ?? 'undefined').toBe(message);
  });

  it('keeps what an error holds out also when the error is the entry itself', () => {
    const error = Object.assign(new Error('boom'), { authorization: 'canary' });
    expect(linesOf((log) => log.error(error, 'failed')).join('')).not.toContain('canary');
    expect(linesOf((log) => log.error({ err: error }, 'failed')).join('')).not.toContain('canary');
  });
});

describe('a text of somebody else’s in the log', () => {
  it.each([
    ['database or disk is full', 'database or disk is full'],
    ['no such column: attempts.stat', 'no such column: attempts.stat'],
    ["Cannot read properties of undefined (reading 'id')", undefined],
    [
      'Unexpected token \'c\', "canary +81" is not valid JSON',
      'Unexpected token \'c\', "…" is not valid JSON',
    ],
    ['no user +81 90-1234-5678 here', 'no user … here'],
    ['call (090) 1234 5678', 'call (…'],
    ['key Vq8nT2rXw5Zb7Lk0Jd3Gf6Hs9Pa1Yc4E leaked', 'key … leaked'],
    ['GET /a/%63anary?x', 'GET /a/…?x'],
    ['one\r\n\u001b[31mtwo', 'one [31mtwo'],
  ])('%j keeps its words and loses its details', (text, told = text) => {
    expect(withoutDetails(text)).toBe(told);
  });

  it('is cut where it is long', () => {
    expect(withoutDetails('word '.repeat(1_000)).length).toBeLessThanOrEqual(300);
  });
});

describe('how a phone number is written in the log', () => {
  const tagPhoneNumber = createPhoneNumberTags('a secret');

  it('is the same each time, ends in its last two digits and hides the rest', () => {
    const tag = tagPhoneNumber(phoneNumber);
    expect(tag).toMatch(/^[\w-]{12}…78$/);
    expect(tagPhoneNumber(phoneNumber)).toBe(tag);
    expect(createPhoneNumberTags('a secret')(phoneNumber)).toBe(tag);
    expect(tag).not.toContain('5678');
  });

  it('differs for another number and under another secret', () => {
    const other = phoneNumberSchema.parse('+819012345578');
    const tags = [
      tagPhoneNumber(phoneNumber),
      tagPhoneNumber(other),
      createPhoneNumberTags('another secret')(phoneNumber),
    ];
    expect(new Set(tags).size).toBe(3);
  });
});

it('an id is written in the log as a short reference, the same each time, that does not hold it', () => {
  const id = '5f0c8d1e-0000-4000-8000-000000000000';
  expect(referenceOf(id)).toMatch(/^[\w-]{12}$/);
  expect(referenceOf(id)).toBe(referenceOf(id));
  expect(referenceOf(id)).not.toBe(referenceOf(id.replace('5', '6')));
});
