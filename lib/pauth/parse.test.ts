import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseAnySpelling } from '../phone/phone-number.ts';
import { parseCheckReply, parseCreateReply } from './parse.ts';

const PHONE_NUMBER = '+819012345678';
const replySchema = z.object({ status: z.string(), phone_number: z.string().default('') });
const created = { id: '5f0c', call_number: '+815098760001' };

const check = (reply: unknown) => parseCheckReply(JSON.stringify(reply) ?? '', 'JP');
const create = (reply: unknown) => parseCreateReply(JSON.stringify(reply) ?? '', 'JP');

describe('parseCheckReply', () => {
  it('returns verified for that exact status with a readable phone number', () => {
    expect(check({ status: 'verified', phone_number: '090-1234-5678' })).toEqual({
      ok: true,
      value: { status: 'verified', phoneNumber: PHONE_NUMBER },
    });
  });

  it.each([
    'VERIFIED',
    'Verified',
    ' verified',
    'verified ',
    'verified\u0000',
    'ｖｅｒｉｆｉｅｄ',
    'unverified',
    'not_verified',
    '',
    'true',
    'EXPIRED',
    '__proto__',
  ])('returns pending for the status %j', (status) => {
    expect(check({ status, phone_number: PHONE_NUMBER })).toEqual({
      ok: true,
      value: { status: 'pending', unknownStatus: status },
    });
  });

  it.each([819012345678, 9012345678, [PHONE_NUMBER], { number: PHONE_NUMBER }, true])(
    'rejects verified with the phone number %j',
    (phone_number) => {
      expect(check({ status: 'verified', phone_number })).toMatchObject({
        ok: false,
        error: { kind: 'unexpected' },
      });
    },
  );

  it.each([undefined, null, '', 'withheld', 'anonymous', 'Restricted', 'sip:09012345678@host'])(
    'returns verified by nobody with the phone number %j',
    (phone_number) => {
      expect(check({ status: 'verified', phone_number })).toEqual({
        ok: true,
        value: { status: 'verified', phoneNumber: null },
      });
    },
  );

  it.each([
    undefined,
    null,
    true,
    1,
    'verified',
    ['verified'],
    [],
    {},
    [{ status: 'verified', phone_number: PHONE_NUMBER }],
    { data: { status: 'verified', phone_number: PHONE_NUMBER } },
    { Status: 'verified', phone_number: PHONE_NUMBER },
    { status: ['verified'], phone_number: PHONE_NUMBER },
    { status: true, phone_number: PHONE_NUMBER },
    { status: { toString: 'verified' }, phone_number: PHONE_NUMBER },
    { status: null, phone_number: PHONE_NUMBER },
    { status: 'v'.repeat(65), phone_number: PHONE_NUMBER },
    { phone_number: PHONE_NUMBER, verified: true },
  ])('rejects %j', (reply) => {
    expect(check(reply)).toMatchObject({ ok: false, error: { kind: 'unexpected' } });
  });

  it.each(['', '{', '{"status":"verified","phone_number":"+819012345678"', 'verified', '<html>'])(
    'rejects the text %j',
    (text) => {
      expect(parseCheckReply(text, 'JP')).toMatchObject({ ok: false });
    },
  );

  it('returns a verified number only for the status verified with a string as the phone number', () => {
    const field = fc.oneof(
      fc.constantFrom('verified', 'expired', PHONE_NUMBER, '09012345678', 'phone_number', 'status'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('status', 'phone_number', 'id'), field),
        (reply) => {
          const checked = check(reply);
          if (checked.ok && checked.value.status === 'verified' && checked.value.phoneNumber) {
            expect(reply.status).toBe('verified');
            expect(reply.phone_number).toBeTypeOf('string');
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('returns verified for a mutated reply only if the reply still says so', () => {
    const reply = JSON.stringify({ status: 'verified', phone_number: PHONE_NUMBER });
    const change = fc.tuple(fc.nat(reply.length - 1), fc.string({ unit: 'binary', maxLength: 2 }));
    fc.assert(
      fc.property(change, ([at, text]) => {
        const mutated = reply.slice(0, at) + text + reply.slice(at + 1);
        const checked = parseCheckReply(mutated, 'JP');
        if (checked.ok && checked.value.status === 'verified') {
          const { status, phone_number } = replySchema.parse(JSON.parse(mutated));
          expect(status).toBe('verified');
          expect(parseAnySpelling(phone_number, 'JP')).toBe(checked.value.phoneNumber);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseCheckReply(text, 'JP');
        parseCreateReply(text, 'JP');
      }),
    );
  });
});

describe('parseCreateReply', () => {
  it.each([
    ['5f0c', '5f0c'],
    ['5f0c8a52-7c1e-4a0e-9d1c-2f0f3c1f7b11', '5f0c8a52-7c1e-4a0e-9d1c-2f0f3c1f7b11'],
    ['_a.b~c-d', '_a.b~c-d'],
    ['-', '-'],
    [0, '0'],
    [9_007_199_254_740_991, '9007199254740991'],
    ['a'.repeat(200), 'a'.repeat(200)],
  ])('accepts the session id %j', (id, expected) => {
    expect(create({ ...created, id })).toEqual({
      ok: true,
      value: { pauthSessionId: expected, callNumber: '+815098760001' },
    });
  });

  it.each([
    '',
    '.',
    '..',
    '../x',
    '..%2fx',
    '%2e%2e',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'a b',
    'a\n',
    'a\u0000',
    'あ',
    'a'.repeat(201),
    -1,
    1.5,
    1e21,
    null,
    true,
    [],
    ['a'],
    {},
  ])('rejects the session id %j', (id) => {
    expect(create({ ...created, id })).toMatchObject({ ok: false, error: { kind: 'unexpected' } });
  });

  it.each([
    undefined,
    null,
    5098760001,
    ['+815098760001'],
    '',
    '110',
    '0990-512-345',
    'tel:+815098760001;phone-context=x'.padEnd(65),
    'javascript:alert(1)',
    '<b>050-9876-0001</b>',
  ])('rejects the call number %j', (call_number) => {
    expect(create({ ...created, call_number })).toMatchObject({
      ok: false,
      error: { kind: 'unexpected' },
    });
  });

  it('accepts only session ids that are a single path segment', () => {
    const base = 'https://api.example/v1/auth/sessions/';
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), (id) => {
        const parsed = create({ ...created, id });
        if (parsed.ok) {
          const { pauthSessionId } = parsed.value;
          expect(new URL(`${base}${pauthSessionId}`).href).toBe(`${base}${pauthSessionId}`);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
