import { access } from 'node:fs/promises';
import { RateLimiterRes } from 'rate-limiter-flexible';
import { describe, expect, it, vi } from 'vitest';
import { createSharedLimits, type WindowStore } from './shared-limits.ts';
import { countOne, createMemoryLimiter } from './window-limiter.ts';

const options = { keyPrefix: 'test', points: 5, durationSeconds: 60 };
const here = '203.0.113.9';

/** A store that several nodes can be given; while `fault` is set, every call to it is that instead. */
class Shelf implements WindowStore {
  fault: (() => Promise<never>) | undefined;
  readonly keys: string[] = [];
  readonly #memory = createMemoryLimiter(options);

  limiter = () => ({
    consume: (key: string) => this.#use(key, () => this.#memory.consume(key)),
    get: (key: string) => this.#use(key, () => this.#memory.get(key)),
  });
  check = async () => {
    await this.fault?.();
  };
  #use<T>(key: string, call: () => Promise<T>): Promise<T> {
    this.keys.push(key);
    return this.fault?.() ?? call();
  }
}

const gone = () => Promise.reject(new Error('gone'));
const silent = () => new Promise<never>(() => {});

function nodeOn(store: WindowStore, answerMs = 10_000) {
  const logger = { warn: vi.fn(), info: vi.fn() };
  const limits = createSharedLimits({ store, answerMs, logger });
  return { limits, logger, limiter: limits.limiter(options) };
}
const countOf = async ({ limiter }: ReturnType<typeof nodeOn>) => (await limiter.get(here))?.consumedPoints ?? 0;

describe('shared limits', () => {
  it('hold on every node', async () => {
    const shelf = new Shelf();
    const [one, other] = [nodeOn(shelf), nodeOn(shelf)];
    await Promise.all([one.limits.check(), other.limits.check()]);
    for (let count = 1; count <= 7; count += 1) {
      expect(await countOne(count % 2 === 0 ? one.limiter : other.limiter, here)).toMatchObject({
        consumedPoints: count,
      });
    }
    expect([await countOf(one), await countOf(other)]).toEqual([7, 7]);
    expect([one.limits.isShared, one.logger.warn.mock.calls, one.logger.info.mock.calls]).toEqual([true, [], []]);
  });

  it('give the store a digest for the network', async () => {
    const shelf = new Shelf();
    const one = nodeOn(shelf);
    await one.limits.check();
    await one.limiter.consume(here);
    await one.limiter.get(here);
    expect(shelf.keys).toEqual([expect.stringMatching(/^[\w-]{43}$/), shelf.keys[0]]);
  });

  it('are local until the store was found, which nobody waits for', async () => {
    const shelf = new Shelf();
    const one = nodeOn(shelf);
    await one.limiter.consume(here);
    expect([one.limits.isShared, await countOf(one), shelf.keys]).toEqual([false, 1, []]);
    shelf.fault = silent;
    void one.limits.check();
    expect(await countOf(one)).toBe(1);
    expect(one.logger.warn).not.toHaveBeenCalled();
  });

  it.each([
    ['fails', gone, 10_000],
    ['does not answer', silent, 20],
  ])('count on when the store %s, without asking it again', async (_, fault, answerMs) => {
    const shelf = new Shelf();
    const one = nodeOn(shelf, answerMs);
    await one.limits.check();
    await one.limiter.consume(here);
    shelf.fault = fault;
    expect(await one.limiter.consume(here)).toMatchObject({ consumedPoints: 2 });
    const asked = shelf.keys.length;
    expect(await one.limiter.consume(here)).toMatchObject({ consumedPoints: 3 });
    expect([await countOf(one), one.limits.isShared]).toEqual([3, false]);
    expect(shelf.keys.length).toBe(asked);
  });

  it('are shared again after a check, and say so once for an outage, however often it was met', async () => {
    const shelf = new Shelf();
    const one = nodeOn(shelf);
    shelf.fault = gone;
    for (let check = 0; check < 3; check += 1) await one.limits.check();
    await one.limiter.consume(here);
    shelf.fault = undefined;
    for (let check = 0; check < 3; check += 1) await one.limits.check();
    expect(one.limits.isShared).toBe(true);
    expect(one.logger.warn).toHaveBeenCalledExactlyOnceWith(
      { err: expect.objectContaining({ message: 'gone' }) },
      'rate limits are counted by this node alone',
    );
    expect(one.logger.info).toHaveBeenCalledTimes(1);
  });

  it('forget nothing that the node has seen when the store comes back empty', async () => {
    let shelf = new Shelf();
    const proxy: WindowStore = {
      limiter: () => ({ consume: (key) => shelf.limiter().consume(key), get: (key) => shelf.limiter().get(key) }),
      check: () => shelf.check(),
    };
    const one = nodeOn(proxy);
    await one.limits.check();
    for (let count = 0; count < 3; count += 1) await one.limiter.consume(here);
    shelf = new Shelf();
    expect(await countOf(one)).toBe(3);
    expect(await one.limiter.consume(here)).toMatchObject({ consumedPoints: 4 });
  });

  it('go by the window that has time left', async () => {
    const ended = new RateLimiterRes(0, 0, 50, false);
    const store = { limiter: () => ({ get: async () => ended, consume: async () => ended }), check: async () => {} };
    const one = nodeOn(store);
    await one.limits.check();
    expect(await one.limiter.consume(here)).toMatchObject({ consumedPoints: 1 });
    expect(await countOf(one)).toBe(1);
  });

  it('forget a window of the node’s own that has run out', async () => {
    vi.useFakeTimers({ now: 0 });
    const counted = async () => new RateLimiterRes(0, 42_000, 1, false);
    const one = nodeOn({ limiter: () => ({ get: counted, consume: counted }), check: async () => {} });
    for (let count = 0; count < 3; count += 1) await one.limiter.consume(here);
    await one.limits.check();
    expect(await countOf(one)).toBe(3);
    vi.setSystemTime(60_000);
    expect(await countOf(one)).toBe(1);
    vi.useRealTimers();
  });

  it('look for the store once at a time', async () => {
    const check = vi.fn(silent);
    const { limits } = nodeOn({ limiter: new Shelf().limiter, check });
    void limits.check();
    await limits.check();
    expect(check).toHaveBeenCalledTimes(1);
  });

  it('do not take an answer for late that was there before a busy process could read it', async () => {
    const busy = async () => {
      const read = access('/');
      // From here on the call is being waited for.
      await Promise.resolve();
      const end = performance.now() + 200;
      while (performance.now() < end);
      await read;
      return new RateLimiterRes(0, 1_000, 4, false);
    };
    const one = nodeOn({ limiter: () => ({ get: busy, consume: busy }), check: async () => {} }, 20);
    await one.limits.check();
    // From here the event loop comes to its timers before it reads anything.
    await new Promise((resolve) => setImmediate(resolve));
    expect(await countOf(one)).toBe(4);
    expect(one.limits.isShared).toBe(true);
  });

  it('miss nothing that was left', async () => {
    const shelf = new Shelf();
    const one = nodeOn(shelf);
    await one.limits.check();
    one.limits.leave();
    shelf.fault = gone;
    await one.limits.check();
    expect(await one.limiter.consume(here)).toMatchObject({ consumedPoints: 1 });
    expect([one.logger.warn.mock.calls, shelf.keys]).toEqual([[], []]);
  });

  it('do not begin anew with what was left while it was looked for', async () => {
    const shelf = new Shelf();
    const one = nodeOn(shelf);
    const looked = one.limits.check();
    one.limits.leave();
    await looked;
    await one.limits.check();
    expect(one.limits.isShared).toBe(false);
  });
});
