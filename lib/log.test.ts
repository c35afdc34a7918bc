import { describe, expect, it } from 'vitest';
import { createLog, type Log, tagPhoneNumber } from './log.ts';
import { phoneNumberSchema } from './shared/contract.ts';

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

  it('tells of an error its name, message and stack, and nothing it carries besides', () => {
    const error = Object.assign(new RangeError('boom', { cause: new Error('canary cause') }), {
      request: { headers: { authorization: 'Bearer canary' } },
      phoneNumber,
    });
    const [line = ''] = linesOf((log) => log.error({ error }, 'failed'));
    expect(JSON.parse(line).error).toEqual({
      name: 'RangeError',
      message: 'boom',
      stack: expect.stringContaining('log.test.ts'),
    });
    expect(line).not.toContain('canary');
    expect(line).not.toContain(phoneNumber);
  });

  it.each([
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ authorization: 'canary' }, '[object Object]'],
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

describe('how a phone number is written in the log', () => {
  it('is the same each time, ends in its last two digits and hides the rest', () => {
    const tag = tagPhoneNumber(phoneNumber, 'key');
    expect(tag).toMatch(/^[\w-]{12}…78$/);
    expect(tagPhoneNumber(phoneNumber, 'key')).toBe(tag);
    expect(tag).not.toContain('5678');
  });

  it('differs for another number and under another key', () => {
    const other = phoneNumberSchema.parse('+819012345578');
    const tags = [
      tagPhoneNumber(phoneNumber, 'key'),
      tagPhoneNumber(other, 'key'),
      tagPhoneNumber(phoneNumber, 'other key'),
    ];
    expect(new Set(tags).size).toBe(3);
  });
});
