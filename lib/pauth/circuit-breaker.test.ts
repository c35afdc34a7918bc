import { describe, expect, it } from 'vitest';
import { createCircuitBreaker, OPEN_MS } from './circuit-breaker.ts';

const rules = { count: 5, seconds: 10 };

/** A breaker with a time of its own. */
function open() {
  let now = 1_000_000;
  const breaker = createCircuitBreaker(rules, () => now);
  return {
    breaker,
    advance: (ms: number) => {
      now += ms;
    },
    fail: (times: number) => {
      for (let count = 0; count < times; count += 1) {
        expect(breaker.admit()).toBe(0);
        breaker.failed(null);
      }
    },
  };
}

describe('a breaker', () => {
  it('opens after five failures in ten seconds, for 15 seconds and a little', () => {
    const { breaker, fail, advance } = open();
    fail(4);
    expect(breaker.admit()).toBe(0);
    breaker.failed(null);
    expect(breaker.admit()).toBeGreaterThan(OPEN_MS - 1);
    expect(breaker.admit()).toBeLessThanOrEqual(OPEN_MS + 3_000);
    advance(OPEN_MS - 1);
    expect(breaker.admit()).toBeGreaterThan(0);
  });

  it('stays closed while the failures are further apart', () => {
    const { breaker, fail, advance } = open();
    for (let count = 0; count < 10; count += 1) {
      fail(2);
      advance(5_000);
    }
    expect(breaker.admit()).toBe(0);
  });

  it('stays closed while most requests are answered, and opens when most are not', () => {
    const { breaker, fail } = open();
    for (let count = 0; count < 50; count += 1) {
      breaker.answered();
      breaker.answered();
      fail(1);
    }
    expect(breaker.admit()).toBe(0);
    for (let count = 0; count < 60; count += 1) {
      breaker.failed(null);
      breaker.failed(null);
      breaker.answered();
    }
    expect(breaker.admit()).toBeGreaterThan(0);
  });

  it('opens at five failures in a row, however many answers came before', () => {
    const { breaker, fail } = open();
    for (let count = 0; count < 5_000; count += 1) {
      breaker.answered();
    }
    fail(5);
    expect(breaker.admit()).toBeGreaterThan(0);
  });

  it('lets one request find out, and closes when it is answered', () => {
    const { breaker, fail, advance } = open();
    fail(5);
    advance(OPEN_MS + 3_000);
    expect(breaker.admit()).toBe(0);
    expect(breaker.admit()).toBeGreaterThan(0);
    expect(breaker.admit()).toBeGreaterThan(0);
    breaker.answered();
    fail(4);
    expect(breaker.admit()).toBe(0);
  });

  it('opens again when that one fails', () => {
    const { breaker, fail, advance } = open();
    fail(5);
    advance(OPEN_MS + 3_000);
    fail(1);
    expect(breaker.admit()).toBeGreaterThan(OPEN_MS - 1);
  });

  it('stays open longer where the vendor asks for it, but not for ever', () => {
    const { breaker, fail } = open();
    fail(4);
    breaker.failed(20_000);
    expect(breaker.admit()).toBeGreaterThanOrEqual(20_000);
    const other = open();
    other.fail(4);
    other.breaker.failed(86_400_000);
    expect(other.breaker.admit()).toBeLessThanOrEqual(33_000);
  });

  it('is not opened anew by what was under way when it opened', () => {
    const { breaker, fail, advance } = open();
    fail(5);
    advance(10_000);
    for (let count = 0; count < 50; count += 1) {
      breaker.failed(30_000);
    }
    breaker.answered();
    expect(breaker.admit()).toBeGreaterThan(0);
    advance(OPEN_MS - 10_000 + 3_000);
    expect(breaker.admit()).toBe(0);
  });
});
