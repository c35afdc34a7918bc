import { expect, it } from 'vitest';
import { memoizeLatest } from './memoize.ts';

function counted() {
  const calls: string[] = [];
  const read = memoizeLatest((text: string) => {
    calls.push(text);
    return text.toUpperCase();
  });
  return { calls, read };
}

it('a text is read only once', () => {
  const { calls, read } = counted();
  expect([read('a'), read('b'), read('a')]).toEqual(['A', 'B', 'A']);
  expect(calls).toEqual(['a', 'b']);
});

it('an empty result is memoized too', () => {
  const { calls, read } = counted();
  expect([read(''), read('')]).toEqual(['', '']);
  expect(calls).toEqual(['']);
});

it('a long text is not memoized, and the least recent results are evicted', () => {
  const { calls, read } = counted();
  const long = 'a'.repeat(513);
  expect(read(long)).toBe(read(long));
  expect(calls).toEqual([long, long]);
  read('first');
  for (let index = 0; index < 500; index += 1) {
    read(String(index));
  }
  read('first');
  expect(calls.filter((text) => text === 'first')).toHaveLength(2);
});
