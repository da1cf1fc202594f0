import { describe, expect, it } from 'vitest';
import { isLockHolding, nextAttempts } from './counted-check.ts';

const now = '2024-05-17T10:00:00.000Z';
const at = (seconds: number) => new Date(Date.parse(now) + seconds * 1000).toISOString();

describe('a lock of ten minutes', () => {
  it.each([
    [-1, false],
    [0, false],
    [1, true],
    [600, true],
    // The clock of another node is ahead, or this one was put back a little.
    [1_200, true],
    // Set by a clock that has been put back since.
    [1_201, false],
  ])('that ends in %i s holds: %s', (seconds, isHolding) => {
    expect(isLockHolding(at(seconds), now, 600)).toBe(isHolding);
  });

  it.each([
    ['has run out', -1],
    ['was set by a clock that has been put back since', 4_200],
  ])('that %s gives a new count to the next failure', (_what, seconds) => {
    const earlier = { key: 'k', failures: 10, firstFailedAt: at(-60), lockedUntil: at(seconds) };
    expect(nextAttempts(earlier, 'k', now, 10, 600)).toEqual({
      key: 'k',
      failures: 1,
      firstFailedAt: now,
      lockedUntil: null,
    });
  });
});
