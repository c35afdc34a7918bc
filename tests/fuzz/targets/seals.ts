import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { sealData } from 'iron-session';
import * as z from 'zod';
import { createSealer } from '#lib/cookies/seal.ts';
import { defineTarget } from '../target.ts';

const schema = z.strictObject({ token: z.string() });
const secrets = {
  newest: 'Kb3xT9wQ1mZr7Lp5Vd8Nc2Hf6Js4Gy0A',
  older: 'Rq6yU2nB8sWk4Xe1Mz9Pt3Ch7Dj5Fv0L',
  retired: 'Zt1vJ5hG9pYc3Qa7Ws2Ld6Kf0Nx8Mb4R',
};
/** Longer than any run, since expired seals do not open. */
const TTL_SECONDS = 30 * 24 * 60 * 60;

/** The number of fields of an iron seal, from `Fe26.2` to its MAC. */
const FIELD_COUNT = 8;

interface Material {
  /** Valid seals, with their tokens. */
  ours: ReadonlyMap<string, string>;
  /** Well-formed seals that must not open. */
  foreign: readonly string[];
}

type Edit =
  | { kind: 'replace'; at: number; text: string }
  | { kind: 'insert'; at: number; text: string }
  | { kind: 'cut'; from: number; to: number }
  | { kind: 'repeat'; times: number }
  | { kind: 'splice'; with: number; field: number }
  | { kind: 'swap_field'; with: number; field: number }
  | { kind: 'write_field'; field: number; text: string }
  | { kind: 'case' };

interface Tampering {
  seal: number;
  edits: Edit[];
}

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const letters = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
  fc.constantFrom('*', '~', '~2', '~1', '=', '%', 'A', '-', '_', '\0', ';', ' ', '~2~2'),
);
const field = fc.nat(FIELD_COUNT);
const other = fc.nat(100);
const fieldTexts = fc.oneof(
  fc.constantFrom('', '0', '1', '-1', '1e99', 'NaN', '9999999999999', '__proto__', 'constructor'),
  fc.constantFrom(
    'Fe26.2',
    'Fe26.1',
    'Fe26.3',
    'Fe27.2',
    'toString',
    'hasOwnProperty',
    'A'.repeat(43),
  ),
  fc.stringMatching(/^[\w-]{0,60}$/),
);
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant('replace'), at: unit, text: letters }),
  fc.record({ kind: fc.constant('insert'), at: unit, text: letters }),
  fc.record({ kind: fc.constant('cut'), from: unit, to: unit }),
  fc.record({ kind: fc.constant('repeat'), times: fc.constantFrom(2, 3, 50) }),
  fc.record({ kind: fc.constant('splice'), with: other, field }),
  fc.record({ kind: fc.constant('swap_field'), with: other, field }),
  fc.record({ kind: fc.constant('write_field'), field, text: fieldTexts }),
  fc.constant({ kind: 'case' }),
);
const handMade = fc
  .array(fieldTexts, { minLength: 6, maxLength: 9 })
  .map((fields) => ['Fe26.2', ...fields].join('*'));
const values: fc.Arbitrary<Tampering | string> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ seal: other, edits: fc.array(edits, { maxLength: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(handMade, fc.constantFrom('', '~2', '~1', '~', '~x'))
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5_000 }) },
);

export const seals = defineTarget({
  name: 'seals',
  holds:
    'only an unchanged seal of ours opens, for its own purpose and with a current key; nothing throws',
  batchSize: 500,
  async open() {
    const sealer = createSealer({
      purpose: 'attempt cookie',
      schema,
      ttlSeconds: TTL_SECONDS,
      secrets: [secrets.newest, secrets.older],
    });
    const material = await prepare();
    return {
      values,
      async check(value) {
        const text = typeof value === 'string' ? value : tamper(value, material);
        const opened = await sealer.unseal(text);
        const expected = material.ours.get(withoutVersion(text));
        if (opened !== null) {
          assert.equal(
            opened.value.token,
            expected,
            `opened a text that was never sealed: ${text}`,
          );
          assert.equal(
            opened.isOld,
            ofOlder.includes(opened.value.token),
            `wrong isOld for ${text}`,
          );
        }
        if (typeof value !== 'string' && value.edits.length === 0) {
          assert.equal(opened?.value.token, expected, `did not open: ${text}`);
        }
      },
    };
  },
});

/** The tokens that were sealed before the rotation. */
const ofOlder = ['of before the rotation', ''];

async function prepare(): Promise<Material> {
  const made = (purpose: string, secret: string, ...tokens: string[]) => {
    const sealer = createSealer({ purpose, schema, ttlSeconds: TTL_SECONDS, secrets: [secret] });
    return tokens.map((token) => [withoutVersion(sealer.seal({ token })), token] as const);
  };
  const ours = [
    ...made('attempt cookie', secrets.newest, 'one', 'two', 'three'),
    ...made('attempt cookie', secrets.older, ...ofOlder),
  ];
  const foreign = [
    ...made('session cookie', secrets.newest, 'of another cookie'),
    ...made('attempt cookie', secrets.retired, 'of a retired key'),
  ].map(([seal]) => seal);
  // Sealed with the secret itself instead of a key derived from it.
  const raw = await sealData({ token: 'raw' }, { password: secrets.newest, ttl: TTL_SECONDS });
  const shapeless = createSealer({
    purpose: 'attempt cookie',
    schema: z.unknown(),
    ttlSeconds: TTL_SECONDS,
    secrets: [secrets.newest],
  });
  const shapes = [{}, { token: 1 }, { token: 'x', more: 1 }, [], { token: null }].map((value) =>
    shapeless.seal(value),
  );
  return {
    ours: new Map(ours),
    foreign: [...foreign, raw, ...shapes].map(withoutVersion),
  };
}

/** Removes the version suffix after the tilde, which is not authenticated. */
function withoutVersion(seal: string): string {
  return seal.split('~')[0] ?? '';
}

function tamper({ seal, edits }: Tampering, { ours, foreign }: Material): string {
  const all = [...ours.keys(), ...foreign];
  const pick = (index: number) => `${all[index % all.length] ?? ''}~2`;
  return edits.reduce((text, edit) => apply(edit, text, pick), pick(seal));
}

function apply(edit: Edit, text: string, pick: (index: number) => string): string {
  const place = (fraction: number) => Math.floor(fraction * text.length);
  const fields = text.split('*');
  switch (edit.kind) {
    case 'replace':
      return (
        text.slice(0, place(edit.at)) + edit.text + text.slice(place(edit.at) + edit.text.length)
      );
    case 'insert':
      return text.slice(0, place(edit.at)) + edit.text + text.slice(place(edit.at));
    case 'cut':
      return (
        text.slice(0, place(Math.min(edit.from, edit.to))) +
        text.slice(place(Math.max(edit.from, edit.to)))
      );
    case 'repeat':
      return text.repeat(edit.times).slice(0, 20_000);
    case 'splice':
      return [...fields.slice(0, edit.field), ...pick(edit.with).split('*').slice(edit.field)].join(
        '*',
      );
    case 'swap_field':
      return fields
        .with(edit.field % fields.length, pick(edit.with).split('*')[edit.field] ?? '')
        .join('*');
    case 'write_field':
      return fields.with(edit.field % fields.length, edit.text).join('*');
    case 'case':
      return text.toUpperCase();
  }
}
