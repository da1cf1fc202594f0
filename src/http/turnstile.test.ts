import { describe, expect, it } from 'vitest';
import { Turnstile } from './turnstile.ts';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a turnstile', () => {
  it('lets a few through in each turn, in the order they came', async () => {
    const turnstile = new Turnstile(3);
    const passed: number[] = [];
    for (let caller = 1; caller <= 7; caller += 1) void turnstile.pass().then(() => passed.push(caller));
    const afterEachTurn: number[][] = [];
    for (let turn = 1; turn <= 4; turn += 1) {
      await nextTurn();
      afterEachTurn.push([...passed]);
    }
    expect(afterEachTurn).toEqual([
      [1, 2, 3],
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6, 7],
      [1, 2, 3, 4, 5, 6, 7],
    ]);
  });

  it('turns again for whoever comes after the last, or while others pass', async () => {
    const turnstile = new Turnstile(1);
    await turnstile.pass();
    const again = turnstile.pass().then(() => turnstile.pass());
    await Promise.all([again, turnstile.pass()]);
  });
});
