import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoyaltyPlatformError } from '../../accounts/loyalty-platform.ts';
import { CallBudget } from './call-budget.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Asks for so many turns; gives the names of those that have begun, in order, and what ends each. */
function queue(budget: CallBudget, count: number) {
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  for (let call = 1; call <= count; call += 1) {
    budget.take().then((end) => {
      begun.push(call);
      ends.set(call, end);
    });
  }
  return { begun, end: (call: number) => ends.get(call)?.() };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('CallBudget', () => {
  it('lets a second worth of calls begin at once, and then one each fraction of a second, in order', async () => {
    const { begun } = queue(new CallBudget({ perSecond: 5, concurrency: 100 }), 8);
    await settle();
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    await vi.advanceTimersByTimeAsync(199);
    expect(begun).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun).toHaveLength(6);
    await vi.advanceTimersByTimeAsync(400);
    expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('saves up no more than a second while nothing is asked', async () => {
    const budget = new CallBudget({ perSecond: 2, concurrency: 100 });
    await vi.advanceTimersByTimeAsync(60_000);
    const { begun } = queue(budget, 5);
    await settle();
    expect(begun).toHaveLength(2);
  });

  it('holds calls back while enough are under way, and gives a turn back once', async () => {
    const { begun, end } = queue(new CallBudget({ perSecond: 100, concurrency: 2 }), 6);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(begun).toEqual([1, 2]);
    end(2);
    end(2);
    await settle();
    expect(begun).toEqual([1, 2, 3]);
    end(1);
    end(3);
    await settle();
    expect(begun).toEqual([1, 2, 3, 4, 5]);
  });

  it('lets a call that was given up leave the line without taking a turn', async () => {
    const budget = new CallBudget({ perSecond: 1, concurrency: 100 });
    await budget.take();
    const gone = new AbortController();
    const left = budget.take(gone.signal);
    const { begun } = queue(budget, 1);
    gone.abort(new Error('not needed any more'));
    await expect(left).rejects.toThrow('not needed any more');
    await vi.advanceTimersByTimeAsync(1000);
    expect(begun).toEqual([1]);
    await expect(budget.take(gone.signal)).rejects.toThrow('not needed any more');
  });

  it('fails what waits and what comes when it is closed, as something to try again', async () => {
    const budget = new CallBudget({ perSecond: 1, concurrency: 100 });
    await budget.take();
    const failures = [budget.take(), budget.take()].map((turn) => turn.catch((error: unknown) => error));
    budget.close();
    for (const failure of [...failures, budget.take().catch((error: unknown) => error)]) {
      const error = await failure;
      expect(error).toBeInstanceOf(LoyaltyPlatformError);
      expect(error).toMatchObject({ kind: 'transient' });
    }
    expect(vi.getTimerCount()).toBe(0);
  });
});
