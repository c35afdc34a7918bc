import { expect, it } from 'vitest';
import { memoizeLatest } from './memoize.ts';

function counted() {
  const asked: string[] = [];
  const read = memoizeLatest((text: string) => {
    asked.push(text);
    return text.toUpperCase();
  });
  return { asked, read };
}

it('a text that was read before is not read again', () => {
  const { asked, read } = counted();
  expect([read('a'), read('b'), read('a')]).toEqual(['A', 'B', 'A']);
  expect(asked).toEqual(['a', 'b']);
});

it('an answer that is empty is remembered as well', () => {
  const { asked, read } = counted();
  expect([read(''), read('')]).toEqual(['', '']);
  expect(asked).toEqual(['']);
});

it('a long text is read each time, and so is one that many others came after', () => {
  const { asked, read } = counted();
  const long = 'a'.repeat(513);
  expect(read(long)).toBe(read(long));
  expect(asked).toEqual([long, long]);
  read('first');
  for (let index = 0; index < 500; index += 1) {
    read(String(index));
  }
  read('first');
  expect(asked.filter((text) => text === 'first')).toHaveLength(2);
});
