import { describe, expect, it } from 'vitest';
import { formatSpread, median, percentile, spreadOf, spreadsOf } from './statistics.ts';

describe('statistics', () => {
  it('compute nearest-rank percentiles', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.95)).toBe(95);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile([7], 0.95)).toBe(7);
    expect(percentile([], 0.95)).toBeNaN();
  });

  it('compute the median, of an even number of values as the mean of the middle two', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([10, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('format the median of the rounds with minimum and maximum', () => {
    expect(formatSpread(spreadOf([1_250, 1_000, 1_500]), ' ms')).toBe('1,250 ms (1,000–1,500)');
    expect(formatSpread(spreadOf([0.25, 0.5, 1]), '×', 2)).toBe('0.50× (0.25–1.00)');
  });

  it('compute the spread of each named figure', () => {
    const rounds = [
      { cpuMs: 1, p95Ms: 30, failures: 0 },
      { cpuMs: 3, p95Ms: 10, failures: 0 },
    ];
    expect(spreadsOf(rounds, ['cpuMs', 'p95Ms'])).toEqual({
      cpuMs: { median: 2, min: 1, max: 3, rounds: [1, 3] },
      p95Ms: { median: 20, min: 10, max: 30, rounds: [30, 10] },
    });
  });
});
