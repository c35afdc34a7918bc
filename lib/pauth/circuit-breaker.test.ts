import { describe, expect, it } from 'vitest';
import { createCircuitBreaker, OPEN_MS } from './circuit-breaker.ts';

const rules = { count: 5, seconds: 10 };

/** A circuit breaker with a clock of its own. */
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
        expect(breaker.tryAcquire()).toBe(0);
        breaker.recordFailure(null);
      }
    },
  };
}

describe('a circuit breaker', () => {
  it('opens after five failures in ten seconds, for 15 to 18 seconds', () => {
    const { breaker, fail, advance } = open();
    fail(4);
    expect(breaker.tryAcquire()).toBe(0);
    breaker.recordFailure(null);
    expect(breaker.tryAcquire()).toBeGreaterThan(OPEN_MS - 1);
    expect(breaker.tryAcquire()).toBeLessThanOrEqual(OPEN_MS + 3_000);
    advance(OPEN_MS - 1);
    expect(breaker.tryAcquire()).toBeGreaterThan(0);
  });

  it('stays closed while failures are further apart', () => {
    const { breaker, fail, advance } = open();
    for (let count = 0; count < 10; count += 1) {
      fail(2);
      advance(5_000);
    }
    expect(breaker.tryAcquire()).toBe(0);
  });

  it('stays closed while most requests succeed and opens when most fail', () => {
    const { breaker, fail } = open();
    for (let count = 0; count < 50; count += 1) {
      breaker.recordSuccess();
      breaker.recordSuccess();
      fail(1);
    }
    expect(breaker.tryAcquire()).toBe(0);
    for (let count = 0; count < 60; count += 1) {
      breaker.recordFailure(null);
      breaker.recordFailure(null);
      breaker.recordSuccess();
    }
    expect(breaker.tryAcquire()).toBeGreaterThan(0);
  });

  it('opens after five consecutive failures, however many successes came before', () => {
    const { breaker, fail } = open();
    for (let count = 0; count < 5_000; count += 1) {
      breaker.recordSuccess();
    }
    fail(5);
    expect(breaker.tryAcquire()).toBeGreaterThan(0);
  });

  it('lets one probe through and closes when it succeeds', () => {
    const { breaker, fail, advance } = open();
    fail(5);
    advance(OPEN_MS + 3_000);
    expect(breaker.tryAcquire()).toBe(0);
    expect(breaker.tryAcquire()).toBeGreaterThan(0);
    expect(breaker.tryAcquire()).toBeGreaterThan(0);
    breaker.recordSuccess();
    fail(4);
    expect(breaker.tryAcquire()).toBe(0);
  });

  it('reopens when the probe fails', () => {
    const { breaker, fail, advance } = open();
    fail(5);
    advance(OPEN_MS + 3_000);
    fail(1);
    expect(breaker.tryAcquire()).toBeGreaterThan(OPEN_MS - 1);
  });

  it('honors Retry-After up to a limit', () => {
    const { breaker, fail } = open();
    fail(4);
    breaker.recordFailure(20_000);
    expect(breaker.tryAcquire()).toBeGreaterThanOrEqual(20_000);
    const other = open();
    other.fail(4);
    other.breaker.recordFailure(86_400_000);
    expect(other.breaker.tryAcquire()).toBeLessThanOrEqual(33_000);
  });

  it('ignores outcomes of requests sent before it opened', () => {
    const { breaker, fail, advance } = open();
    fail(5);
    advance(10_000);
    for (let count = 0; count < 50; count += 1) {
      breaker.recordFailure(30_000);
    }
    breaker.recordSuccess();
    expect(breaker.tryAcquire()).toBeGreaterThan(0);
    advance(OPEN_MS - 10_000 + 3_000);
    expect(breaker.tryAcquire()).toBe(0);
  });
});
