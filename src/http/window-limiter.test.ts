import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { countOne, createMemoryLimiter } from './window-limiter.ts';

const SECOND = 1000;

// The library's windows cannot be given a clock, so the process is.
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the limiter in memory', () => {
  const window = { keyPrefix: 'test', points: 5, durationSeconds: 60 };
  const countsOf = async (limiter: ReturnType<typeof createMemoryLimiter>, keys: string[]) =>
    Promise.all(keys.map(async (key) => (await limiter.get(key))?.consumedPoints));

  it('forgets the oldest window when there are more keys than it may track', async () => {
    const limiter = createMemoryLimiter(window, 2);
    for (const key of ['a', 'b', 'a', 'c']) await limiter.consume(key);
    expect(await countsOf(limiter, ['a', 'b', 'c'])).toStrictEqual([undefined, 1, 1]);
    expect(vi.getTimerCount()).toBe(2);
  });

  it('takes a key whose window began anew as new', async () => {
    const limiter = createMemoryLimiter(window, 2);
    await limiter.consume('a');
    vi.advanceTimersByTime(30 * SECOND);
    await limiter.consume('b');
    vi.advanceTimersByTime(31 * SECOND);
    for (const key of ['a', 'c']) await limiter.consume(key);
    expect(await countsOf(limiter, ['a', 'b', 'c'])).toStrictEqual([1, undefined, 1]);
  });

  it('tracks fifty thousand keys unless told otherwise', async () => {
    vi.useRealTimers();
    const limiter = createMemoryLimiter(window);
    for (let i = 0; i <= 50_000; i += 1) await limiter.consume(`${i}`);
    expect(await countsOf(limiter, ['0', '1', '50000'])).toStrictEqual([undefined, 1, 1]);
  });

  it('does not keep the process alive', async () => {
    vi.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    await createMemoryLimiter(window).consume('a');
    expect(timers()).toBe(before);
  });
});

describe('counting one', () => {
  const window = { keyPrefix: 'test', points: 1, durationSeconds: 60 };

  it('tells the window also when no point was left', async () => {
    const limiter = createMemoryLimiter(window);
    await countOne(limiter, 'a');
    expect(await countOne(limiter, 'a')).toMatchObject({ consumedPoints: 2, msBeforeNext: 60 * SECOND });
  });

  it('lets through an error of the store behind the limiter', async () => {
    const broken = () => Promise.reject(new Error('connection lost'));
    await expect(countOne({ get: broken, consume: broken }, 'a')).rejects.toThrow('connection lost');
  });
});
