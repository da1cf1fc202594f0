import fc from 'fast-check';
import { RateLimiterRes } from 'rate-limiter-flexible';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccountError } from '../accounts/errors.ts';
import { createSignInLimits, createSignUpLimit, type SignInCaller, type SignInLimits } from './sign-in-limits.ts';
import type { Leave } from './waiting-lines.ts';
import { createMemoryLimiter } from './window-limiter.ts';

const SECOND = 1000;
const here: SignInCaller = { network: '203.0.113.9' };
const there: SignInCaller = { network: '2001:db8:1:2::/64' };
const partner: SignInCaller = { network: '203.0.113.9', keyId: 7 };

// The library's windows cannot be given a clock, so the process is; the ratios are handed the same one.
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

const now = () => Date.now();
const line = { maxWaitMs: 2 * SECOND, maxWaiting: 1000 };
const limitsOf = (failuresPerFiveMinutes: number) =>
  createSignInLimits({ isOn: true, failuresPerFiveMinutes, ...line, now });

async function record(limits: SignInLimits, caller: SignInCaller, counts: { failures?: number; successes?: number }) {
  for (let i = 0; i < (counts.successes ?? 0); i += 1) await limits.record(caller, 'success');
  for (let i = 0; i < (counts.failures ?? 0); i += 1) await limits.record(caller, 'failure');
}

/** What an admission answers: 'admitted', or the seconds to wait. The admitted attempt is over at once. */
async function outcomeOf(admission: Promise<Leave | void>): Promise<'admitted' | number | undefined> {
  try {
    (await admission)?.();
    return 'admitted';
  } catch (error) {
    if (!(error instanceof AccountError) || error.code !== 'rate_limited') throw error;
    return error.details.retryAfterSeconds;
  }
}

describe('what hashes a password and is no attempt', () => {
  it('stands in a line of its network, whatever has failed there, and in no other', async () => {
    const limits = limitsOf(2);
    await record(limits, here, { failures: 2 });
    const leave = await limits.standInLine(here.network);
    await limits.standInLine(here.network);
    let isThird = false;
    const third = limits.standInLine(here.network).then((end) => {
      isThird = true;
      return end;
    });
    expect(await outcomeOf(limits.standInLine(there.network))).toBe('admitted');
    expect(await outcomeOf(limits.admit(there))).toBe('admitted');
    expect(isThird).toBe(false);
    leave();
    (await third)();
    const tooLong = limits.standInLine(here.network).then((end) => end());
    await expect(tooLong).resolves.toBeUndefined();
  });

  it('does not stand in the line of the attempts', async () => {
    const limits = limitsOf(1);
    await limits.standInLine(here.network);
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
  });

  it('is refused when the line stands too long', async () => {
    const limits = limitsOf(1);
    await limits.standInLine(undefined);
    const refused = expect(limits.standInLine(undefined)).rejects.toMatchObject({ code: 'overloaded' });
    await vi.advanceTimersByTimeAsync(line.maxWaitMs + 1);
    await refused;
  });
});

describe('the limit per network', () => {
  it('admits until the failures are used up, then refuses until the window ends', async () => {
    const limits = limitsOf(5);
    await record(limits, here, { failures: 4 });
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
    vi.advanceTimersByTime(100 * SECOND);
    await record(limits, here, { failures: 1 });
    expect(await outcomeOf(limits.admit(here))).toBe(200);
    vi.advanceTimersByTime(199 * SECOND + 1);
    expect(await outcomeOf(limits.admit(here))).toBe(1);
    vi.advanceTimersByTime(999);
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
    await record(limits, here, { failures: 4 });
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
  });

  it('takes a window that has run out as over even before the timer has removed it', async () => {
    const limits = limitsOf(1);
    await record(limits, here, { failures: 1 });
    vi.setSystemTime(300 * SECOND);
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
  });

  it('takes a window from a time that has not come yet for no window: the clock was put back', async () => {
    const limits = limitsOf(5);
    await record(limits, here, { failures: 5 });
    vi.setSystemTime(-300 * SECOND);
    expect(await outcomeOf(limits.admit(here))).toBe(600);
    vi.setSystemTime(-301 * SECOND);
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
    await record(limits, there, { failures: 5 });
    expect(await outcomeOf(limits.admit(there))).toBe(300);
  });

  it('is not lengthened by failures that were under way when it was reached', async () => {
    const limits = limitsOf(2);
    await record(limits, here, { failures: 2 });
    vi.advanceTimersByTime(299 * SECOND);
    await record(limits, here, { failures: 3 });
    expect(await outcomeOf(limits.admit(here))).toBe(1);
  });

  it('counts failures only, and gives none back for a success', async () => {
    const limits = limitsOf(3);
    await record(limits, here, { successes: 50, failures: 2 });
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
    await record(limits, here, { successes: 50, failures: 1 });
    expect(await outcomeOf(limits.admit(here))).toBe(300);
  });

  it('leaves other networks alone', async () => {
    const limits = limitsOf(3);
    await record(limits, here, { failures: 3 });
    expect(await outcomeOf(limits.admit(there))).toBe('admitted');
  });

  it('gives all callers without a network one allowance', async () => {
    const limits = limitsOf(3);
    await record(limits, {}, { failures: 2 });
    await record(limits, { network: undefined }, { failures: 1 });
    expect(await outcomeOf(limits.admit({}))).toBe(300);
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
  });

  it('lets through an error of the store behind it', async () => {
    const broken = () => Promise.reject(new Error('connection lost'));
    const limiter = () => ({ get: broken, consume: broken });
    const limits = createSignInLimits({ isOn: true, failuresPerFiveMinutes: 3, ...line, now, limiter });
    await expect(limits.admit(here)).rejects.toThrow('connection lost');
    await expect(limits.record(here, 'failure')).rejects.toThrow('connection lost');
  });

  it('uses the limiter it is given', async () => {
    const limiter = vi.fn(() => ({
      get: async () => new RateLimiterRes(0, 42 * SECOND, 3, false),
      consume: async () => new RateLimiterRes(0, 42 * SECOND, 4, false),
    }));
    const limits = createSignInLimits({ isOn: true, failuresPerFiveMinutes: 3, ...line, now, limiter });
    expect(limiter).toHaveBeenCalledExactlyOnceWith({ keyPrefix: 'sign-in', points: 3, durationSeconds: 300 });
    expect(await outcomeOf(limits.admit(here))).toBe(42);
  });
});

describe('attempts at once', () => {
  /** Sends so many at once; each takes some turns of the event loop to be found right or wrong. Counts the outcomes. */
  async function burst(limits: SignInLimits, caller: SignInCaller, outcomes: ('success' | 'failure')[], turns = 5_000) {
    const counts = { checked: 0, mostUnderWay: 0, underWay: 0, refused: 0 };
    const attempts = outcomes.map(async (outcome) => {
      const leave = await limits.admit(caller).catch(() => undefined);
      if (leave === undefined) {
        counts.refused += 1;
        return;
      }
      counts.checked += 1;
      counts.underWay += 1;
      counts.mostUnderWay = Math.max(counts.mostUnderWay, counts.underWay);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      counts.underWay -= 1;
      await limits.record(caller, outcome);
      leave();
    });
    await Promise.all(attempts);
    return counts;
  }
  const times = <T>(count: number, value: T) => new Array<T>(count).fill(value);

  it('are checked as often as one after another when all are wrong', async () => {
    const limits = limitsOf(60);
    expect(await burst(limits, here, times(200, 'failure'))).toMatchObject({ checked: 60, refused: 140 });
    expect(await outcomeOf(limits.admit(here))).toBe(300);
  });

  it('are all checked when all are right, never more at once than may fail', async () => {
    const counts = await burst(limitsOf(60), here, times(200, 'success'));
    expect(counts).toMatchObject({ checked: 200, refused: 0 });
    expect(counts.mostUnderWay).toBe(60);
  });

  it('never have more failures than allowed, in whatever order they come and end', async () => {
    const outcome = fc.constantFrom('success' as const, 'failure' as const);
    const small = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(small, fc.array(outcome, { maxLength: 60 }), small, async (limit, outcomes, turns) => {
        const limits = limitsOf(limit);
        const record = vi.spyOn(limits, 'record');
        const { checked, refused } = await burst(limits, here, outcomes, turns);
        expect(checked + refused).toBe(outcomes.length);
        const failures = record.mock.calls.filter(([, end]) => end === 'failure').length;
        expect(failures).toBe(Math.min(limit, outcomes.filter((end) => end === 'failure').length));
      }),
      { numRuns: 50 },
    );
  });

  it('of one API key end with less than two of the samples that tell guessing, and pass whole when right', async () => {
    for (const turns of [1, 50, 5_000]) {
      const { checked, refused } = await burst(limitsOf(3), partner, times(500, 'failure'), turns);
      expect(checked).toBeLessThan(200);
      expect(checked + refused).toBe(500);
    }
    expect(await burst(limitsOf(3), partner, times(500, 'success'))).toMatchObject({ checked: 500, refused: 0 });
  });

  it('are fewer while most sign-ins of the instance fail', async () => {
    const limits = limitsOf(50);
    for (let i = 0; i < 300; i += 1) await limits.record({ network: `storm ${i}` }, 'failure');
    expect(await burst(limits, here, times(20, 'failure'))).toMatchObject({ checked: 5, refused: 15 });
  });

  it('of one API key do not wait for those of its network, nor for those of another', async () => {
    const limits = limitsOf(1);
    await limits.admit(here);
    let underWay = 0;
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const admission = limits.admit({ ...here, keyId: attempt % 2 });
      void admission.then(() => {
        underWay += 1;
      });
    }
    await vi.advanceTimersByTimeAsync(1);
    expect(underWay).toBe(200);
  });

  it('do not make other networks wait', async () => {
    const limits = limitsOf(1);
    await limits.admit(here);
    const second = limits.admit(here);
    expect(await outcomeOf(limits.admit(there))).toBe('admitted');
    vi.advanceTimersByTime(2 * SECOND);
    await expect(second).rejects.toMatchObject({ code: 'overloaded' });
  });
});

describe('the guard on an API key', () => {
  it('exempts the key from the limit per network, and its failures from the network', async () => {
    const limits = limitsOf(3);
    await record(limits, partner, { failures: 99 });
    expect(await outcomeOf(limits.admit(partner))).toBe('admitted');
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
    await record(limits, here, { failures: 3 });
    expect(await outcomeOf(limits.admit(here))).toBe(300);
    expect(await outcomeOf(limits.admit(partner))).toBe('admitted');
  });

  it('refuses a key whose last hundred attempts failed nine times in ten, for the rest of the minute', async () => {
    const limits = limitsOf(3);
    vi.advanceTimersByTime(3 * SECOND);
    await record(limits, partner, { successes: 10, failures: 89 });
    expect(await outcomeOf(limits.admit(partner))).toBe('admitted');
    await record(limits, partner, { failures: 1 });
    expect(await outcomeOf(limits.admit(partner))).toBe(57);
    vi.advanceTimersByTime(57 * SECOND - 1);
    expect(await outcomeOf(limits.admit(partner))).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await outcomeOf(limits.admit(partner))).toBe('admitted');
  });

  it('admits a busy key that fails a little less often than that', async () => {
    const limits = limitsOf(3);
    await record(limits, partner, { successes: 101, failures: 899 });
    expect(await outcomeOf(limits.admit(partner))).toBe('admitted');
  });

  it('asks to wait only until enough of the minute has passed', async () => {
    const limits = limitsOf(3);
    await record(limits, partner, { failures: 40 });
    vi.advanceTimersByTime(20 * SECOND);
    await record(limits, partner, { failures: 80 });
    vi.advanceTimersByTime(5 * SECOND);
    // The forty of the first five seconds leave after a minute; the eighty that stay are too few to judge by.
    expect(await outcomeOf(limits.admit(partner))).toBe(35);
  });

  it('forgets a quiet minute ago, however long the quiet lasted', async () => {
    for (let quietSeconds = 60; quietSeconds <= 180; quietSeconds += 5) {
      const limits = limitsOf(3);
      await record(limits, partner, { failures: 99 });
      vi.advanceTimersByTime(quietSeconds * SECOND);
      await record(limits, partner, { failures: 1 });
      expect(await outcomeOf(limits.admit(partner))).toBe('admitted');
    }
  });

  it('counts no failure of an earlier minute again', async () => {
    const limits = limitsOf(10);
    await record(limits, partner, { failures: 99 });
    vi.advanceTimersByTime(60 * SECOND);
    await record(limits, partner, { successes: 100 });
    expect(await outcomeOf(limits.admit(partner))).toBe('admitted');
  });

  it('judges each key by itself', async () => {
    const limits = limitsOf(3);
    await record(limits, partner, { failures: 100 });
    expect(await outcomeOf(limits.admit({ keyId: 8 }))).toBe('admitted');
    expect(await outcomeOf(limits.admit({ keyId: 7 }))).toBe(60);
  });

  it('agrees with counting the last minute by hand, and admits after the wait it asked for', async () => {
    const attempt = fc.record({
      afterSeconds: fc.integer({ min: 0, max: 25 }),
      failures: fc.integer({ min: 0, max: 90 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 12 }), async (attempts) => {
        let clock = 0;
        const limits = createSignInLimits({ isOn: true, failuresPerFiveMinutes: 3, ...line, now: () => clock });
        const moments: number[] = [];
        for (const { afterSeconds, failures } of attempts) {
          clock += afterSeconds * SECOND;
          await record(limits, partner, { failures });
          moments.push(...new Array<number>(failures).fill(Math.floor(clock / 5000)));
        }
        const inLastMinute = moments.filter((bucket) => bucket > Math.floor(clock / 5000) - 12).length;
        const outcome = await outcomeOf(limits.admit(partner));
        expect(outcome === 'admitted').toBe(inLastMinute < 100);
        if (typeof outcome !== 'number') return;
        expect(outcome).toBeLessThanOrEqual(60);
        clock += (outcome - 1) * SECOND;
        expect(await outcomeOf(limits.admit(partner))).toBe(1);
        clock += SECOND;
        expect(await outcomeOf(limits.admit(partner))).toBe('admitted');
      }),
      { numRuns: 50 },
    );
  });
});

describe('the guard on the instance', () => {
  /** Keyless attempts from networks that appear once each, as in distributed stuffing. */
  async function storm(limits: SignInLimits, counts: { failures: number; successes?: number }) {
    for (let i = 0; i < counts.failures; i += 1) await limits.record({ network: `storm ${i}` }, 'failure');
    await record(limits, { network: 'crowd' }, { successes: counts.successes ?? 0 });
  }

  it('cuts the allowance of each network to a tenth while most sign-ins fail', async () => {
    const limits = limitsOf(50);
    await record(limits, here, { failures: 4 });
    await storm(limits, { failures: 196 });
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
    await record(limits, here, { failures: 1 });
    expect(await outcomeOf(limits.admit(here))).toBe(60);
    vi.advanceTimersByTime(60 * SECOND);
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
  });

  it('never cuts it below three failures, nor raises it', async () => {
    for (const [failuresPerFiveMinutes, allowance] of [
      [10, 3],
      [3, 3],
      [2, 2],
    ] as const) {
      const limits = limitsOf(failuresPerFiveMinutes);
      await storm(limits, { failures: 300 });
      await record(limits, here, { failures: allowance - 1 });
      expect(await outcomeOf(limits.admit(here))).toBe('admitted');
      await record(limits, here, { failures: 1 });
      expect(await outcomeOf(limits.admit(here))).not.toBe('admitted');
    }
  });

  it('does not touch networks without failures', async () => {
    const limits = limitsOf(10);
    await storm(limits, { failures: 1000 });
    expect(await outcomeOf(limits.admit(there))).toBe('admitted');
    await record(limits, there, { successes: 20 });
    expect(await outcomeOf(limits.admit(there))).toBe('admitted');
  });

  it('stays out of it below two hundred attempts or four failures in five', async () => {
    const few = limitsOf(10);
    await record(few, here, { failures: 3 });
    await storm(few, { failures: 196 });
    expect(await outcomeOf(few.admit(here))).toBe('admitted');
    await storm(few, { failures: 1 });
    expect(await outcomeOf(few.admit(here))).toBe(60);

    const busy = limitsOf(10);
    await record(busy, here, { failures: 3 });
    await storm(busy, { failures: 797, successes: 201 });
    expect(await outcomeOf(busy.admit(here))).toBe('admitted');
    await storm(busy, { failures: 4 });
    expect(await outcomeOf(busy.admit(here))).toBe(60);
  });

  it('takes a window from a time that has not come yet for no window', async () => {
    const limits = limitsOf(10);
    await record(limits, here, { failures: 3 });
    await storm(limits, { failures: 300 });
    expect(await outcomeOf(limits.admit(here))).toBe(60);
    vi.setSystemTime(-301 * SECOND);
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
    await record(limits, there, { failures: 3 });
    expect(await outcomeOf(limits.admit(there))).toBe(300);
  });

  it('does not count the attempts made with an API key', async () => {
    const limits = limitsOf(10);
    await record(limits, here, { failures: 3 });
    await record(limits, partner, { failures: 300 });
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
  });

  it('asks for no longer a wait than the window of the network', async () => {
    const limits = limitsOf(10);
    await record(limits, here, { failures: 3 });
    vi.advanceTimersByTime(290 * SECOND);
    await storm(limits, { failures: 300 });
    expect(await outcomeOf(limits.admit(here))).toBe(10);
  });
});

describe('the limit on sign-ups', () => {
  it('admits so many per network and hour, and tells when the next may come', async () => {
    const limit = createSignUpLimit({ isOn: true, perHour: 3 });
    for (let i = 0; i < 3; i += 1) expect(await outcomeOf(limit.admit('203.0.113.9'))).toBe('admitted');
    vi.advanceTimersByTime(600 * SECOND);
    expect(await outcomeOf(limit.admit('203.0.113.9'))).toBe(3000);
    expect(await outcomeOf(limit.admit('203.0.113.10'))).toBe('admitted');
    vi.advanceTimersByTime(3000 * SECOND);
    expect(await outcomeOf(limit.admit('203.0.113.9'))).toBe('admitted');
  });

  it('takes a window from a time that has not come yet for no window', async () => {
    const limit = createSignUpLimit({ isOn: true, perHour: 1 });
    await limit.admit('a');
    expect(await outcomeOf(limit.admit('a'))).toBe(3_600);
    vi.setSystemTime(-3_601 * SECOND);
    expect(await outcomeOf(limit.admit('a'))).toBe('admitted');
  });

  it('gives all callers without a network one allowance', async () => {
    const limit = createSignUpLimit({ isOn: true, perHour: 1 });
    expect(await outcomeOf(limit.admit(undefined))).toBe('admitted');
    expect(await outcomeOf(limit.admit(undefined))).toBe(3600);
  });

  it('lets through an error of the store behind it', async () => {
    const broken = () => Promise.reject(new Error('connection lost'));
    const limit = createSignUpLimit({ isOn: true, perHour: 1, limiter: () => ({ get: broken, consume: broken }) });
    await expect(limit.admit('203.0.113.9')).rejects.toThrow('connection lost');
  });
});

describe('limits that are off', () => {
  it('admit everyone and make no limiter', async () => {
    const limiter = vi.fn(createMemoryLimiter);
    const limits = createSignInLimits({ isOn: false, failuresPerFiveMinutes: 1, ...line, now, limiter });
    await record(limits, here, { failures: 500 });
    await record(limits, partner, { failures: 500 });
    expect(await outcomeOf(limits.admit(here))).toBe('admitted');
    expect(await outcomeOf(limits.admit(partner))).toBe('admitted');
    const signUps = createSignUpLimit({ isOn: false, perHour: 0, limiter });
    expect(await outcomeOf(signUps.admit('203.0.113.9'))).toBe('admitted');
    expect(limiter).not.toHaveBeenCalled();
  });
});
