import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { cookieValues, onlyValue } from '#lib/cookies/cookie-values.ts';
import { defineTarget } from '../target.ts';

const NAME = '__Host-call-login-session';

const blanks = fc.constantFrom('', '', ' ', '  ', '\t', ' \t ');
const oddBlanks = ['\u00a0', '\ufeff', '\u2003', '\u000b', '\r', '\n', '\0', '\u200b'];

/** Our cookie name, and names that a parser could mistake for it. */
const names = fc.constantFrom(
  ...[NAME, NAME, NAME, NAME.toLowerCase(), NAME.slice('__Host-'.length), `${NAME}x`, `x${NAME}`],
  ...[
    `${NAME} `,
    `${NAME}\t`,
    `"${NAME}"`,
    NAME.replace('__Host-', '__host-'),
    'a',
    '',
    'language',
  ],
  ...oddBlanks.map((blank) => blank + NAME),
);
const values = fc.oneof(
  fc.constantFrom('', 'a=b==', '=', '"quoted"', '%3B', `${NAME}=nested`, 'a,b', 'a b', ' '),
  fc.string({
    unit: fc.constantFrom(...'aZ09*.~=%",\\', '\ud800', 'é', ...oddBlanks),
    maxLength: 12,
  }),
);

interface Pair {
  name: string;
  /** Null for a name without an equals sign. */
  value: string | null;
  before: string;
  after: string;
}

const pairs: fc.Arbitrary<Pair[]> = fc.array(
  fc.record({
    name: names,
    value: fc.option(values, { freq: 8 }),
    before: blanks,
    after: blanks,
  }),
  { maxLength: 6 },
);

export const cookieHeader = defineTarget({
  name: 'cookie-header',
  holds: 'a cookie is read only when its exact name was sent once, and then unchanged',
  batchSize: 5_000,
  open: () => ({ values: pairs, check }),
});

function check(pairs: Pair[]): void {
  const header = pairs
    .map(({ name, value, before, after }) =>
      [before, name, ...(value === null ? [] : ['=', value]), after].join(''),
    )
    .join(';');
  const sent = pairs.filter(({ name, value }) => name === NAME && value !== null);
  const [only] = sent;
  const expected =
    sent.length === 1 && only !== undefined ? (only.value ?? '').replace(/[ \t]+$/, '') : null;
  assert.equal(
    onlyValue(cookieValues(header, NAME)),
    expected,
    `read from ${JSON.stringify(header)}`,
  );
}
