import { describe, expect, it } from 'vitest';
import { formatSpread, median, percentile, spreadOf } from './statistics.ts';

describe('the statistics of the benchmarks', () => {
  it('take the nearest rank for a percentile', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.95)).toBe(95);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile([7], 0.95)).toBe(7);
    expect(percentile([], 0.95)).toBeNaN();
  });

  it('take the middle, of an even number the mean of both', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([10, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('show the median of the rounds with the least and the most', () => {
    expect(formatSpread(spreadOf([1_250, 1_000, 1_500]), ' ms')).toBe('1,250 ms (1,000–1,500)');
    expect(formatSpread(spreadOf([0.25, 0.5, 1]), '×', 2)).toBe('0.50× (0.25–1.00)');
  });
});
