import { expect, it } from 'vitest';
import { isBearerOf } from './bearer.ts';

const SECRET = 'kC7wq2Zx9Lr4Tn6Vb8Ym1Hd3Jf5Gs0Pa';

it.each([
  [`Bearer ${SECRET}`, true],
  [`bearer ${SECRET}`, true],
  [SECRET, false],
  [`Basic ${SECRET}`, false],
  [`Bearer ${SECRET}a`, false],
  [`Bearer ${SECRET.slice(1)}`, false],
  [`Bearer ${SECRET} ${SECRET}`, false],
  ['Bearer ', false],
  ['', false],
])('Authorization: %s is taken: %s', (authorization, isTaken) => {
  expect(isBearerOf(SECRET, new Headers({ authorization }))).toBe(isTaken);
});

it('a request without the header is not taken', () => {
  expect(isBearerOf(SECRET, new Headers())).toBe(false);
});
