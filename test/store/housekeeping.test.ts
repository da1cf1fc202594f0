import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey } from '../../src/accounts/store.ts';
import type { TopologyData } from '../../src/accounts/topology.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at, saveTopology, smallTopology, someEmail } from '../fixtures.ts';

describeOnBothDatabases('settings, attempts, keys and topology', (database) => {
  let store: OpenStore;

  beforeAll(() => {
    store = database.open();
  });

  describe('settings', () => {
    it('writes, overwrites and removes a value', async () => {
      await store.transaction(({ settings }) => settings.write('banner', 'Zoë'));
      expect((await store.settings.readAll()).get('banner')).toBe('Zoë');
      await store.transaction(({ settings }) => settings.write('banner', ''));
      expect((await store.settings.readAll()).get('banner')).toBe('');
      await store.transaction(({ settings }) => settings.write('banner', null));
      expect((await store.settings.readAll()).has('banner')).toBe(false);
    });

    it('gives 50 callers at the same time 50 numbers in a row', async () => {
      const before = Number((await store.settings.readAll()).get('debtor_number'));
      const calls = Array.from({ length: 50 }, () =>
        store.transaction(({ settings }) => settings.next('debtor_number')),
      );
      const numbers = (await Promise.all(calls)).toSorted((a, b) => a - b);
      expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => before + 1 + index));
      expect((await store.settings.readAll()).get('debtor_number')).toBe(String(before + 50));
    });

    it('gives a caller who takes several at once the last of them', async () => {
      const first = await store.transaction(({ settings }) => settings.next('debtor_number'));
      expect(await store.transaction(({ settings }) => settings.next('debtor_number', 10))).toBe(first + 10);
      expect(await store.transaction(({ settings }) => settings.next('debtor_number'))).toBe(first + 11);
    });

    it('refuses a counter that does not exist', async () => {
      await expect(store.transaction(({ settings }) => settings.next('nothing'))).rejects.toThrow('no counter nothing');
    });
  });

  describe('failed attempts', () => {
    const attempts = (overrides = {}) => ({
      key: someEmail(),
      failures: 3,
      firstFailedAt: at(0),
      lockedUntil: null,
      ...overrides,
    });

    it('gives back a counter exactly, inside and outside a transaction', async () => {
      const saved = attempts({ lockedUntil: at(60) });
      await store.transaction((tx) => tx.attempts.save(saved));
      expect(await store.attempts.find(saved.key)).toEqual(saved);
      expect(await store.transaction((tx) => tx.attempts.find(saved.key))).toEqual(saved);
    });

    it('knows nothing of a key that never failed, however often it is asked', async () => {
      const key = someEmail();
      expect(await store.transaction((tx) => tx.attempts.find(key))).toBeUndefined();
      expect(await store.transaction((tx) => tx.attempts.find(key))).toBeUndefined();
      expect(await store.attempts.find(key)).toBeUndefined();
    });

    it('overwrites a counter, also its lock', async () => {
      const saved = attempts({ lockedUntil: at(60) });
      const later = { ...saved, failures: 1, firstFailedAt: at(90), lockedUntil: null };
      await store.transaction((tx) => tx.attempts.save(saved));
      await store.transaction((tx) => tx.attempts.save(later));
      expect(await store.attempts.find(saved.key)).toEqual(later);
    });

    it('loses no failure counted at the same time as others', async () => {
      const key = someEmail();
      const countOne = () =>
        store.transaction(async (tx) => {
          const earlier = await tx.attempts.find(key);
          await tx.attempts.save(attempts({ key, failures: (earlier?.failures ?? 0) + 1 }));
        });
      await Promise.all(Array.from({ length: 20 }, countOne));
      expect((await store.attempts.find(key))?.failures).toBe(20);
    });

    it('deletes the given keys and shrugs at none', async () => {
      const [one, two, three] = [attempts(), attempts(), attempts()];
      await store.transaction(async (tx) => {
        for (const saved of [one, two, three]) await tx.attempts.save(saved);
        await tx.attempts.delete([one.key, two.key, 'unknown']);
        await tx.attempts.delete([]);
      });
      expect(await store.attempts.find(one.key)).toBeUndefined();
      expect(await store.attempts.find(two.key)).toBeUndefined();
      expect(await store.attempts.find(three.key)).toEqual(three);
    });

    it('deletes the counters that began before a moment and says how many', async () => {
      const [old, exact] = [attempts({ firstFailedAt: at(-9_001) }), attempts({ firstFailedAt: at(-9_000) })];
      await store.transaction(async (tx) => {
        await tx.attempts.deleteOlderThan(at(-9_000), 1_000);
        for (const saved of [old, exact]) await tx.attempts.save(saved);
      });
      const clear = (limit: number) => store.transaction((tx) => tx.attempts.deleteOlderThan(at(-9_000), limit));
      expect(await clear(0)).toBe(0);
      expect(await store.attempts.find(old.key)).toEqual(old);
      expect(await clear(10)).toBe(1);
      expect(await store.attempts.find(old.key)).toBeUndefined();
      expect(await store.attempts.find(exact.key)).toEqual(exact);
    });

    it('keeps the counters whose lock ends later, however long ago they began', async () => {
      const old = at(-90_000);
      const held = attempts({ firstFailedAt: old, lockedUntil: at(-9_000) });
      const over = attempts({ firstFailedAt: old, lockedUntil: at(-9_001) });
      await store.transaction(async (tx) => {
        for (const saved of [held, over]) await tx.attempts.save(saved);
        await tx.attempts.deleteOlderThan(at(-9_000), 1_000);
      });
      expect(await store.attempts.find(held.key)).toEqual(held);
      expect(await store.attempts.find(over.key)).toBeUndefined();
    });
  });

  describe('API keys', () => {
    const newKey = (overrides: Partial<ApiKey> = {}): Omit<ApiKey, 'id'> => ({
      name: 'spaaza',
      keyHash: someEmail(),
      scopes: ['customer_read', 'customer_write'],
      websiteId: null,
      createdAt: at(0),
      lastUsedAt: null,
      revokedAt: null,
      ...overrides,
    });
    const find = async (id: number) => (await store.keys.list()).find((key) => key.id === id);

    it('lists keys exactly, oldest first', async () => {
      const [first, second] = [newKey(), newKey({ scopes: [], websiteId: 1, lastUsedAt: at(1), revokedAt: at(2) })];
      const before = await store.keys.list();
      const ids = await store.transaction(async ({ keys }) => [await keys.insert(first), await keys.insert(second)]);
      expect(await store.keys.list()).toEqual([...before, { ...first, id: ids[0] }, { ...second, id: ids[1] }]);
    });

    it('revokes a key once and keeps the first moment', async () => {
      const id = await store.transaction(({ keys }) => keys.insert(newKey()));
      expect(await store.transaction(({ keys }) => keys.revoke(id, at(5)))).toBe(true);
      expect(await store.transaction(({ keys }) => keys.revoke(id, at(6)))).toBe(false);
      expect(await store.transaction(({ keys }) => keys.revoke(999_999, at(6)))).toBe(false);
      expect((await find(id))?.revokedAt).toBe(at(5));
    });

    it('notes the last use of one key', async () => {
      const [id, other] = await store.transaction(async ({ keys }) => [
        await keys.insert(newKey()),
        await keys.insert(newKey()),
      ]);
      await store.transaction(({ keys }) => keys.touch(id, at(7)));
      expect((await find(id))?.lastUsedAt).toBe(at(7));
      expect((await find(other))?.lastUsedAt).toBeNull();
    });

    it('refuses two keys with one digest', async () => {
      const key = newKey();
      await store.transaction(({ keys }) => keys.insert(key));
      await expect(store.transaction(({ keys }) => keys.insert(key))).rejects.toMatchObject({
        name: 'UniqueViolation',
      });
    });
  });

  describe('topology', () => {
    it('reads back what was saved', async () => {
      await saveTopology(store, smallTopology);
      expect(await store.topology.read()).toEqual(smallTopology);
    });

    it('changes what has the same id and adds the rest', async () => {
      const [website, shop] = [smallTopology.websites[0]!, smallTopology.shops[0]!];
      const later: TopologyData = {
        pools: [
          { id: 1, code: 'shared' },
          { id: 2, code: 'other' },
        ],
        websites: [
          {
            ...website,
            name: 'Häuser',
            poolId: 2,
            chainId: null,
            generalNewsletterGroupId: null,
            couplesNewsletter: true,
          },
          { ...website, id: 5, code: 'five' },
        ],
        shops: [
          { ...shop, locale: 'nl', hosts: [], defaultNewsletterGroupIds: [], isDefault: false },
          { ...shop, id: 9, code: 'nine', websiteId: 5, hosts: ['münchen.example'], defaultNewsletterGroupIds: [2, 1] },
        ],
        chains: [{ ...smallTopology.chains[0]!, hostname: 'elsewhere.example' }],
        newsletterGroups: smallTopology.newsletterGroups.map((group) => ({ ...group, name: `Brief ${group.id}` })),
      };
      await saveTopology(store, smallTopology);
      await saveTopology(store, later);
      expect(await store.topology.read()).toEqual(later);
    });
  });
});
