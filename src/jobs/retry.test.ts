import { describe, expect, it } from 'vitest';
import { nextStep, pauseSeconds } from './retry.ts';

const now = '2026-03-01T10:00:00.000Z';
const fresh = { attempts: 0, firstFailedAt: null };
const transient = { kind: 'transient', retryAfterSeconds: undefined } as const;

/** Seconds from now to the next try. */
function waitAfter(attempts: number, random: number, failure: Parameters<typeof nextStep>[0] = transient): number {
  const next = nextStep(failure, { attempts, firstFailedAt: now }, now, random);
  if (next.step !== 'retry') throw new Error(`It is not tried again: ${next.step}`);
  return (Date.parse(next.dueAt) - Date.parse(now)) / 1000;
}

describe('the next step after a failure', () => {
  it('waits up to two seconds after the first, and up to twice as long after each further one, an hour at most', () => {
    expect([0, 1, 2, 3, 10, 11, 12, 5_000].map((attempts) => waitAfter(attempts, 1))).toEqual([
      2, 4, 8, 16, 2_048, 3_600, 3_600, 3_600,
    ]);
  });

  it('spreads the tries over the whole of that time', () => {
    expect([0, 0.25, 0.5].map((random) => waitAfter(3, random))).toEqual([0, 4, 8]);
  });

  it('counts tries, and remembers the first', () => {
    expect(nextStep(transient, fresh, now, 0)).toEqual({ step: 'retry', dueAt: now, attempts: 1, firstFailedAt: now });
    const earlier = { attempts: 4, firstFailedAt: '2026-03-01T09:00:00.000Z' };
    expect(nextStep(transient, earlier, now, 0)).toMatchObject({ attempts: 5, firstFailedAt: earlier.firstFailedAt });
  });

  it('waits as long as the platform asks, and longer when the back-off is', () => {
    const asked = { kind: 'transient', retryAfterSeconds: 60 } as const;
    expect(waitAfter(0, 0, asked)).toBe(60);
    expect(waitAfter(10, 1, asked)).toBe(2_048);
    expect(waitAfter(0, 0, { ...asked, retryAfterSeconds: 999_999_999 })).toBe(3_600);
  });

  it('gives up a day after the first failure, and not before', () => {
    const since = (firstFailedAt: string) => nextStep(transient, { attempts: 30, firstFailedAt }, now, 0.5);
    expect(since('2026-02-28T10:00:00.001Z')).toMatchObject({ step: 'retry' });
    expect(since('2026-02-28T10:00:00.000Z')).toMatchObject({ step: 'bury', isGivenUp: true, attempts: 31 });
  });

  it('gives up at once what the platform refuses', () => {
    const refused = { kind: 'refused', retryAfterSeconds: undefined } as const;
    expect(nextStep(refused, fresh, now, 0.5)).toMatchObject({ step: 'bury', isGivenUp: false });
  });

  it('blames no row for a chain that is shut out', () => {
    expect(nextStep({ kind: 'chain', retryAfterSeconds: 5 }, fresh, now, 0.5)).toEqual({ step: 'pause' });
  });
});

describe('the pause of a chain', () => {
  it('is five minutes, twice as long each time, an hour at most', () => {
    expect([0, 1, 2, 3, 4, 900].map(pauseSeconds)).toEqual([300, 600, 1_200, 2_400, 3_600, 3_600]);
  });
});
