import { describe, expect, it } from 'vitest';
import { phoneNumberSchema } from '../shared/contract.ts';
import { createLog, createPhoneNumberTags, type Log, redact, referenceOf } from './log.ts';

const phoneNumber = phoneNumberSchema.parse('+819012345678');

function linesOf(write: (log: Log) => void): string[] {
  const lines: string[] = [];
  write(createLog({ write: (line) => void lines.push(line) }));
  return lines;
}

describe('the log', () => {
  it('writes one JSON line per entry, with the level as a name and the time in ISO 8601', () => {
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

  it('writes name, code, message and stack of an error, and none of its other properties', () => {
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

  it('does not take lines of the message for stack frames', () => {
    const error = new Error('boom\n    at canary (canary.ts:1:1)');
    const [line = ''] = linesOf((log) => log.error({ error }, 'failed'));
    expect(JSON.parse(line).error.stack.join()).not.toContain('canary');
  });

  it.each([
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'object'],
    [{ authorization: 'canary' }, 'object'],
  ])('writes only the type of %j, thrown as an error', (error, message) => {
    const [line = ''] = linesOf((log) => log.error({ error }, 'failed'));
    expect(line).not.toContain('canary');
    expect(JSON.parse(line).error?.message ?? 'undefined').toBe(message);
  });

  it('leaves out the properties of an error that is the entry itself', () => {
    const error = Object.assign(new Error('boom'), { authorization: 'canary' });
    expect(linesOf((log) => log.error(error, 'failed')).join('')).not.toContain('canary');
    expect(linesOf((log) => log.error({ err: error }, 'failed')).join('')).not.toContain('canary');
  });
});

describe('redacting a text', () => {
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
  ])('keeps the words of %j and removes the details', (text, redacted = text) => {
    expect(redact(text)).toBe(redacted);
  });

  it('truncates a long text', () => {
    expect(redact('word '.repeat(1_000)).length).toBeLessThanOrEqual(300);
  });
});

describe('a phone number tag', () => {
  const tagPhoneNumber = createPhoneNumberTags('a secret');

  it('is deterministic, ends in the last two digits and hides the rest', () => {
    const tag = tagPhoneNumber(phoneNumber);
    expect(tag).toMatch(/^[\w-]{12}…78$/);
    expect(tagPhoneNumber(phoneNumber)).toBe(tag);
    expect(createPhoneNumberTags('a secret')(phoneNumber)).toBe(tag);
    expect(tag).not.toContain('5678');
  });

  it('differs between numbers and between secrets', () => {
    const other = phoneNumberSchema.parse('+819012345578');
    const tags = [
      tagPhoneNumber(phoneNumber),
      tagPhoneNumber(other),
      createPhoneNumberTags('another secret')(phoneNumber),
    ];
    expect(new Set(tags).size).toBe(3);
  });
});

it('the log reference of an id is short, deterministic and different for another id', () => {
  const id = '5f0c8d1e-0000-4000-8000-000000000000';
  expect(referenceOf(id)).toMatch(/^[\w-]{12}$/);
  expect(referenceOf(id)).toBe(referenceOf(id));
  expect(referenceOf(id)).not.toBe(referenceOf(id.replace('5', '6')));
});
