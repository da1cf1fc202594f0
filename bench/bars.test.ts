import { describe, expect, it } from 'vitest';
import { judge } from './bars.ts';
import type { Cell } from './measure.ts';
import { readSettings } from './settings.ts';

const settings = readSettings(['--sizes', '10,20']);
const cellOf = (target: string, rates: number[], more: Partial<Cell> = {}): Cell => ({
  workload: 'user_info_by_id',
  target,
  connections: 20,
  rounds: rates.map((perSecond) => ({ perSecond, p50: 1000 / perSecond, requests: 100, errors: 0, clientCores: 0.5 })),
  requests: 300,
  errors: 0,
  ...more,
});
const barOf = (cells: Cell[], name: string) => judge(cells, [], settings).find((bar) => bar.name.startsWith(name));

describe('judge', () => {
  it('takes the median of the ratios within each round, not the ratio of medians', () => {
    // The machine slows down between rounds; each ratio stays what it is.
    const cells = [cellOf('foyer-sqlite', [60, 30, 6]), cellOf('limit-read', [100, 50, 10])];
    expect(barOf(cells, 'user_info by id: share')).toMatchObject({ value: 0.6, verdict: 'met' });
  });

  it('misses a bar whose figure was refused', () => {
    const cells = [cellOf('foyer-sqlite', [60], { refused: 'errors' }), cellOf('limit-read', [100])];
    expect(barOf(cells, 'user_info by id: share')?.verdict).toBe('missed');
  });

  it('does not judge what the run left out', () => {
    expect(barOf([], 'user_info by id: share')?.verdict).toBe('not measured');
  });

  it('compares the p50 of sizes the other way round: more is worse', () => {
    const cells = [cellOf('foyer-sqlite', [100]), cellOf('foyer-sqlite-20', [70])];
    const bar = barOf(cells, 'user_info_by_id: p50 at 20 against 10');
    expect(bar?.value).toBeCloseTo(1.43);
    expect(bar?.verdict).toBe('missed');
  });

  it('only tells how sign-in compares at equal hash cost', () => {
    const cells = ['foyer-sqlite', 'better-auth-sqlite-argon2id'].map((name) =>
      cellOf(name, [50], { workload: 'sign_in' }),
    );
    const bar = barOf(cells, "sign-in against better-auth with Foyer's hash, sqlite");
    expect(bar).toMatchObject({ value: 1, verdict: 'no bar' });
  });

  it('judges start and memory by their bounds', () => {
    const bars = judge([], [{ target: 'foyer-sqlite', readyMs: [650, 900, 640], restMb: 121, peakMb: 300 }], settings);
    const verdicts = bars.filter(({ unit }) => unit !== 'times').map(({ verdict }) => verdict);
    expect(verdicts).toEqual(['met', 'missed', 'met']);
  });
});
