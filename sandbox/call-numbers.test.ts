import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { expect, it } from 'vitest';
import { firstFreeCallNumber, isCallNumber } from './call-numbers.ts';

it('allocates distinct, valid Japanese IP phone numbers', () => {
  const taken = new Set<string>();
  for (let next = firstFreeCallNumber(taken); next && taken.size < 200; ) {
    const parsed = parsePhoneNumberFromString(next);
    expect(parsed?.isValid()).toBe(true);
    expect(parsed?.getType()).toBe('VOIP');
    expect(parsed?.country).toBe('JP');
    taken.add(next);
    next = firstFreeCallNumber(taken);
  }
  expect(taken.size).toBe(200);
});

it('allocates the lowest free number', () => {
  expect(firstFreeCallNumber(new Set())).toBe('+815098760001');
  expect(firstFreeCallNumber(new Set(['+815098760001']))).toBe('+815098760002');
  expect(firstFreeCallNumber(new Set(['+815098760002']))).toBe('+815098760001');
});

it('recognizes its own numbers', () => {
  expect(isCallNumber('+815098769999')).toBe(true);
  expect(isCallNumber('+815012345678')).toBe(false);
});
