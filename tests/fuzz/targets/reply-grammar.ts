import * as fc from 'fast-check';

/** JSON as text, so that it can have duplicate keys, overlong numbers and a truncated end. */
type Json =
  | { kind: 'text'; text: string }
  | { kind: 'raw'; raw: string }
  | { kind: 'list'; items: readonly Json[] }
  | { kind: 'fields'; fields: readonly (readonly [string, Json])[] };

export interface Reply {
  json: Json;
  damage: Damage;
}

type Damage =
  | { kind: 'none' }
  | { kind: 'before' | 'after'; text: string }
  | { kind: 'cut'; at: number }
  | { kind: 'quotes' }
  | { kind: 'escapes' };

const raws = [
  'null',
  'true',
  'false',
  '0',
  '-1',
  '1e999',
  '9007199254740993',
  '0123',
  'NaN',
  '[]',
  '{}',
  '"',
  '',
];
const around = [
  '\ufeff',
  '<!doctype html><html>',
  'while(1);',
  ")]}',\n",
  '\0',
  ' ',
  '\n\n',
  '{"status":"verified"}',
  '//x',
  ',',
];

/** Generates replies with typical API errors. */
export function replies(vocabulary: {
  /** The usual names and their possible values. */
  usual: Readonly<Record<string, readonly string[]>>;
  /** Other names and values. */
  names: readonly string[];
  texts: readonly string[];
}): fc.Arbitrary<Reply> {
  const texts = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...vocabulary.texts) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  );
  const names = fc.constantFrom(...vocabulary.names);
  const { json } = fc.letrec<{ json: Json; leaf: Json; list: Json; fields: Json }>((tie) => ({
    leaf: fc.oneof(
      { weight: 4, arbitrary: texts.map((text): Json => ({ kind: 'text', text })) },
      { weight: 1, arbitrary: fc.constantFrom(...raws).map((raw): Json => ({ kind: 'raw', raw })) },
    ),
    list: fc.array(tie('json'), { maxLength: 3 }).map((items): Json => ({ kind: 'list', items })),
    fields: fc
      .array(fc.tuple(names, tie('json')), { maxLength: 5 })
      .map((fields): Json => ({ kind: 'fields', fields })),
    json: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 6, arbitrary: tie('leaf') },
      { weight: 1, arbitrary: tie('list') },
      { weight: 2, arbitrary: tie('fields') },
    ),
  }));
  // Almost correct texts are the most likely to be accepted by mistake.
  const almost = (text: string): fc.Arbitrary<Json> => {
    const leaf: Json = { kind: 'text', text };
    return fc.oneof(
      { weight: 8, arbitrary: fc.constant(leaf) },
      { weight: 1, arbitrary: texts.map((other): Json => ({ kind: 'text', text: other })) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Json>(
          { kind: 'list', items: [leaf] },
          { kind: 'fields', fields: [[text, leaf]] },
          { kind: 'raw', raw: text.replace(/^\+/, '') },
        ),
      },
    );
  };
  const plain = fc
    .tuple(
      ...Object.entries(vocabulary.usual).map(([name, usual]) =>
        fc
          .constantFrom(...usual)
          .chain(almost)
          .map((value) => [name, value] as const),
      ),
    )
    .map((fields): Json => ({ kind: 'fields', fields }));
  const odd = fc
    .array(fc.tuple(names, json), { maxLength: 5 })
    .map((fields): Json => ({ kind: 'fields', fields }));
  const damage: fc.Arbitrary<Damage> = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Damage>({ kind: 'none' }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('before', 'after'),
        text: fc.constantFrom(...around),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('cut'),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom<Damage>({ kind: 'quotes' }, { kind: 'escapes' }) },
  );
  return fc.record({
    json: fc.oneof(
      { weight: 3, arbitrary: plain },
      { weight: 3, arbitrary: odd },
      { weight: 1, arbitrary: json },
    ),
    damage,
  });
}

/** The reply as sent. */
export function wrap({ json, damage }: Reply): string {
  const text = write(json);
  switch (damage.kind) {
    case 'none':
      return text;
    case 'before':
      return damage.text + text;
    case 'after':
      return text + damage.text;
    case 'cut':
      return text.slice(0, Math.floor(damage.at * text.length));
    case 'quotes':
      return text.replaceAll('"', "'");
    case 'escapes':
      return text.replace(/[a-z]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
  }
}

function write(json: Json): string {
  switch (json.kind) {
    case 'text':
      return JSON.stringify(json.text);
    case 'raw':
      return json.raw;
    case 'list':
      return `[${json.items.map(write).join(',')}]`;
    case 'fields':
      return `{${json.fields.map(([name, value]) => `${JSON.stringify(name)}:${write(value)}`).join(',')}}`;
  }
}

/** The members of a JSON object, the last one of duplicates; null when the text is not an object. */
export function topLevel(text: string): ReadonlyMap<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? new Map(Object.entries(value))
      : null;
  } catch {
    return null;
  }
}
