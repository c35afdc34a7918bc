import assert from 'node:assert/strict';
import { parseCheckReply, parseCreateReply } from '#lib/pauth/parse.ts';
import { defineTarget } from '../target.ts';
import { type Reply, replies, topLevel, wrap } from './reply-grammar.ts';

/** Every spelling that a reply may use, with its E.164 number. */
const numbers = new Map<string, string>(
  ['+819012345678', '+818087654321', '+447400123456'].flatMap((e164) =>
    spell(e164).map((spelling) => [spelling, e164] as const),
  ),
);

function spell(e164: string): string[] {
  const national = e164.startsWith('+81') ? [`0${e164.slice(3)}`] : [];
  return [e164, `00${e164.slice(1)}`, e164.replace(/(\d{4})(\d{4})$/, ' $1-$2'), ...national];
}

const words = [
  'verified',
  'expired',
  'pending',
  'VERIFIED',
  'Verified',
  ' verified',
  'verified\n',
  'verified\0',
];
const ids = [
  '5f0c',
  'a.b',
  '..',
  '.',
  '../other',
  'a/b',
  '%2e%2e',
  '',
  ' ',
  'a'.repeat(300),
  'é',
  '-',
  '__proto__',
];

export const vendorReplies = defineTarget({
  name: 'vendor-replies',
  holds:
    'a reply is accepted as verified only with the exact word and for the number it names; ids stay one path segment',
  batchSize: 2_000,
  open: () => ({
    values: replies({
      usual: {
        status: words,
        phone_number: [...numbers.keys()],
        id: ids,
        call_number: [...numbers.keys(), '0990312345', '110', '0570000000', '+88213123456'],
      },
      names: [
        'status',
        'Status',
        'STATUS',
        'state',
        'phone_number',
        'phoneNumber',
        'id',
        'call_number',
        '__proto__',
        'constructor',
        'verified',
      ],
      texts: [
        ...words,
        ...numbers.keys(),
        ...ids,
        '0990312345',
        '110',
        '0570000000',
        '+88213123456',
      ],
    }),
    check,
  }),
});

function check(reply: Reply): void {
  const text = wrap(reply);
  const said = topLevel(text);

  const checked = parseCheckReply(text, 'JP');
  if (checked.ok && checked.value.status === 'verified') {
    assert.equal(said?.get('status'), 'verified', 'verified with another word');
    const spelling = said?.get('phone_number');
    const { phoneNumber } = checked.value;
    if (phoneNumber !== null) {
      assert.ok(typeof spelling === 'string', 'verified without a number');
      assert.ok(stands(spelling, phoneNumber), 'verified for another number');
    }
  }
  if (checked.ok && checked.value.status === 'expired') {
    assert.equal(said?.get('status'), 'expired');
  }

  const created = parseCreateReply(text, 'JP');
  if (created.ok) {
    const { pauthSessionId, callNumber } = created.value;
    assert.equal(pauthSessionId, String(said?.get('id')));
    const url = new URL(
      `https://api.example/v1/auth/sessions/${encodeURIComponent(pauthSessionId)}`,
    );
    assert.match(url.pathname, /^\/v1\/auth\/sessions\/[^/]+$/, 'the id names another path');
    assert.ok(stands(String(said?.get('call_number')), callNumber), 'another number to call');
    assert.match(callNumber, /^\+(?:8190|8180|447)\d+$/, 'a number that must not be called');
  }
}

/** Whether a spelling may be parsed to this number: a known one only to its own, any other to none of these. */
function stands(spelling: string, phoneNumber: string): boolean {
  const known = numbers.get(spelling);
  return known === undefined ? ![...numbers.values()].includes(phoneNumber) : known === phoneNumber;
}
