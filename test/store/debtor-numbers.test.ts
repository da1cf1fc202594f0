import { beforeAll, expect, it } from 'vitest';
import { DebtorNumbers } from '../../src/accounts/debtor-numbers.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';

describeOnBothDatabases('debtor numbers', (database) => {
  let store: OpenStore;
  beforeAll(() => {
    store = database.open();
  });
  const stored = async () => Number((await store.settings.readAll()).get('debtor_number'));

  it('follow one another on one node, also for callers at the same time', async () => {
    const before = await stored();
    const numbers = new DebtorNumbers(store);
    const given = await Promise.all(Array.from({ length: 35 }, () => numbers.next()));
    expect(given.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 35 }, (_, index) => before + 1 + index));
    expect(await numbers.next()).toBe(before + 36);
  });

  it('are given once over several nodes', async () => {
    const nodes = [new DebtorNumbers(store), new DebtorNumbers(database.open()), new DebtorNumbers(database.open())];
    const given = await Promise.all(Array.from({ length: 99 }, (_, index) => nodes[index % 3]!.next()));
    expect(new Set(given).size).toBe(99);
    expect(Math.max(...given)).toBeLessThanOrEqual(await stored());
  });

  it('go on after a time without the database', async () => {
    let isGone = true;
    const flaky = {
      transaction: (async (work) => {
        if (isGone) throw new Error('gone');
        return store.transaction(work);
      }) satisfies OpenStore['transaction'],
    };
    const numbers = new DebtorNumbers(flaky);
    await expect(Promise.all([numbers.next(), numbers.next()])).rejects.toThrow('gone');
    isGone = false;
    expect(await numbers.next()).toBeGreaterThan(10_000);
  });
});
