import { beforeAll, expect, it } from 'vitest';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { addCustomer, at, saveTopology, smallTopology, someEmail, updateById } from '../fixtures.ts';

// The domain lets neither into a field (`isStorableText`), but lookups are asked with whatever a stranger sends.
const nul = 'a\u0000b';
const loneSurrogate = 'a\ud800b';

describeOnBothDatabases('text no database should hold', (database) => {
  let store: OpenStore;

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
  });

  it('is found nowhere', async () => {
    for (const text of [nul, loneSurrogate]) {
      expect(await store.customers.findByEmail(1, text)).toBeUndefined();
      expect(await store.customers.findByForeignId(text)).toBeUndefined();
      expect(await store.customers.findForSignIn(1, text)).toBeUndefined();
      expect(await store.customers.findLoyaltyProfileByEmail(1, text, 123)).toBeUndefined();
      expect(await store.customers.search({ words: [text], websiteId: null, page: 1, perPage: 10 })).toEqual({
        customers: [],
        totalCount: 0,
      });
      expect(await store.sessions.findByClientId(text)).toBeUndefined();
      expect(await store.links.findCustomerIdByMemberNumber(123, text)).toBeUndefined();
      expect(await store.attempts.find(text)).toBeUndefined();
    }
  });

  it('is found nowhere inside a transaction, which goes on', async () => {
    const id = await store.transaction(async (tx) => {
      expect(await tx.links.findCustomerIdByMemberNumber(123, nul)).toBeUndefined();
      expect(await tx.customers.findByEmail(1, nul)).toBeUndefined();
      return tx.keys.insert({
        name: 'after',
        keyHash: someEmail(),
        scopes: [],
        websiteId: null,
        createdAt: at(0),
        lastUsedAt: null,
        revokedAt: null,
      });
    });
    expect((await store.keys.list()).map((key) => key.id)).toContain(id);
  });

  it('is refused as the mistake of the caller when it holds a NUL', async () => {
    const id = await addCustomer(store, { notes: 'before' });
    const writing = store.transaction(({ customers }) => updateById(customers, id, { notes: nul }, at(1)));
    await expect(writing).rejects.toMatchObject({ code: 'validation_failed' });
    expect((await store.customers.findById(id))?.customer.notes).toBe('before');
  });

  it('has half a surrogate pair replaced or kept, and harms nothing beside it', async () => {
    const id = await addCustomer(store, { notes: loneSurrogate, phone: '+49' });
    const customer = (await store.customers.findById(id))?.customer;
    expect([loneSurrogate, 'a\ufffdb', 'a\ufffd\ufffd\ufffdb']).toContain(customer?.notes);
    expect(customer?.phone).toBe('+49');
  });
});
