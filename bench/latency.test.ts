import { describe, expect, it } from 'vitest';
import { median, summarise } from './latency.ts';

describe('summarise', () => {
  it('gives nearest-rank percentiles whatever the order', () => {
    const latencies = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarise(latencies)).toEqual({ p50: 50, p95: 95, p99: 99 });
  });

  it('gives nothing when nothing was measured', () => {
    expect(summarise([])).toEqual({});
  });
});

describe('median', () => {
  it('is the middle one, or the mean of the middle two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 9])).toBe(3);
    expect(median([])).toBeUndefined();
  });
});
