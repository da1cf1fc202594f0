import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Leave, WaitingLines } from './waiting-lines.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const lines = (maxWaiting = 1000) => new WaitingLines({ maxWaitMs: 2_000, maxWaiting });
const room = (count: number) => async () => count;
const settle = async () => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};

/** Notes who was let through or refused, in the order in which it happened. */
function watcher() {
  const seen: string[] = [];
  const leaves = new Map<string, Leave>();
  const watch = (name: string, entered: Promise<Leave>): void => {
    entered.then(
      (leave) => {
        seen.push(name);
        leaves.set(name, leave);
      },
      (error: { code?: string; message: string }) => seen.push(`${name}: ${error.code ?? error.message}`),
    );
  };
  return { seen, leaves, watch };
}

describe('WaitingLines', () => {
  it('lets through while there is room, then one for each that leaves, in the order they came', async () => {
    const { seen, leaves, watch } = watcher();
    const all = lines();
    for (const name of ['a', 'b', 'c', 'd']) watch(name, all.enter('key', room(2)));
    await settle();
    expect(seen).toEqual(['a', 'b']);
    leaves.get('b')!();
    await settle();
    expect(seen).toEqual(['a', 'b', 'c']);
    leaves.get('b')!();
    await settle();
    expect(seen).toEqual(['a', 'b', 'c']);
    leaves.get('a')!();
    await settle();
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
  });

  it('asks again when somebody has left while it was asking', async () => {
    const { seen, leaves, watch } = watcher();
    const all = lines();
    watch('a', all.enter('key', room(1)));
    await settle();
    const answers: ((count: number) => void)[] = [];
    watch(
      'b',
      all.enter('key', () => new Promise((resolve) => answers.push(resolve))),
    );
    await settle();
    leaves.get('a')!();
    answers.shift()!(5);
    await settle();
    expect(seen).toEqual(['a']);
    expect(answers).toHaveLength(1);
    answers.shift()!(1);
    await settle();
    expect(seen).toEqual(['a', 'b']);
  });

  it('hands a refusal to the one it is for and asks for the next', async () => {
    const { seen, watch } = watcher();
    const all = lines();
    watch(
      'a',
      all.enter('key', () => Promise.reject(new Error('used up'))),
    );
    watch('b', all.enter('key', room(1)));
    await settle();
    expect(seen).toEqual(['a: used up', 'b']);
  });

  it('refuses who has stood too long, and only them', async () => {
    const { seen, leaves, watch } = watcher();
    const all = lines();
    watch('a', all.enter('key', room(1)));
    watch('b', all.enter('key', room(1)));
    vi.advanceTimersByTime(1_000);
    watch('c', all.enter('key', room(1)));
    vi.advanceTimersByTime(999);
    await settle();
    expect(seen).toEqual(['a']);
    vi.advanceTimersByTime(1);
    await settle();
    expect(seen).toEqual(['a', 'b: overloaded']);
    leaves.get('a')!();
    await settle();
    expect(seen).toEqual(['a', 'b: overloaded', 'c']);
    vi.advanceTimersByTime(10_000);
    await settle();
    expect(seen).toHaveLength(3);
  });

  it('refuses at once who would make the lines too long, but nobody for whom there is room', async () => {
    const { seen, watch } = watcher();
    const all = lines(1);
    for (const name of ['a', 'b', 'c']) watch(name, all.enter('key', room(1)));
    await settle();
    expect(seen).toEqual(['a', 'c: overloaded']);
    watch('d', all.enter('other key', room(1)));
    await settle();
    expect(seen).toEqual(['a', 'c: overloaded', 'd']);
    const none = lines(0);
    for (const name of ['e', 'f', 'g']) watch(name, none.enter('key', room(2)));
    await settle();
    expect(seen.slice(3)).toEqual(['e', 'f', 'g: overloaded']);
  });

  it('leaves no timer behind', async () => {
    const all = lines(1);
    const leave = await all.enter('key', room(1));
    const refused = all.enter('key', () => Promise.reject(new Error('no')));
    leave();
    await expect(refused).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });
});
