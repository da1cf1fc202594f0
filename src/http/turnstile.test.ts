import { describe, expect, it } from 'vitest';
import { Turnstile } from './turnstile.ts';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a turnstile', () => {
  it('lets a few through at once and a few in each turn after that, in the order they came', async () => {
    const turnstile = new Turnstile(3);
    const passed: number[] = [];
    for (let caller = 1; caller <= 7; caller += 1) turnstile.enter(() => passed.push(caller));
    expect(passed).toEqual([1, 2, 3]);
    await nextTurn();
    turnstile.enter(() => passed.push(8));
    expect(passed).toEqual([1, 2, 3, 4, 5, 6]);
    await nextTurn();
    expect(passed).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('lets through at once whoever comes after the line has gone', async () => {
    const turnstile = new Turnstile(1);
    const passed: number[] = [];
    for (let caller = 1; caller <= 3; caller += 1) {
      turnstile.enter(() => passed.push(caller));
      await nextTurn();
    }
    turnstile.enter(() => passed.push(4));
    expect(passed).toEqual([1, 2, 3, 4]);
  });

  it('keeps those who come while others pass for the next turn', async () => {
    const turnstile = new Turnstile(2);
    const passed: string[] = [];
    turnstile.enter(() => {
      passed.push('first');
      for (const name of ['second', 'third']) turnstile.enter(() => passed.push(name));
    });
    expect(passed).toEqual(['first', 'second']);
    await nextTurn();
    expect(passed).toEqual(['first', 'second', 'third']);
  });
});
