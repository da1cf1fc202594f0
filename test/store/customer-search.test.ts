import { beforeAll, expect, it } from 'vitest';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { addCustomer, at, saveTopology, smallTopology, someEmail } from '../fixtures.ts';

describeOnBothDatabases('customer search', (database) => {
  let store: OpenStore;
  const ids: number[] = [];

  const search = async (words: string[], overrides: { websiteId?: number; page?: number; perPage?: number } = {}) => {
    const found = await store.customers.search({ words, websiteId: null, page: 1, perPage: 100, ...overrides });
    return { ids: found.customers.map(({ customer }) => customer.id), totalCount: found.totalCount };
  };
  const expectOnly = async (words: string[], id: number) =>
    expect(await search(words)).toEqual({ ids: [id], totalCount: 1 });

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
    for (let number = 0; number < 7; number += 1) {
      ids.push(await addCustomer(store, { familyName: `Pageturner${number}`, email: `page${number}@books.example` }));
    }
    await store.transaction(async ({ memberships }) => {
      for (const groupId of [3, 1, 2]) await memberships.add(ids[1]!, groupId, at(0));
      await memberships.add(ids[2]!, 8, at(0));
    });
  });

  it('finds by every word, anywhere in name, e-mail or foreign id', async () => {
    const foreignId = `CRM-${someEmail()}`;
    const id = await addCustomer(store, { givenName: 'Wilhelmina', familyName: 'von Quast', foreignId });
    await expectOnly(['helmin', 'QUAST'], id);
    await expectOnly([foreignId.toLowerCase()], id);
    await expectOnly(['quast', foreignId.slice(4), 'EXAMPLE.org'], id);
    expect(await search(['wilhelmina', 'pageturner'])).toEqual({ ids: [], totalCount: 0 });
  });

  it('takes %, _, ! and \\ for themselves', async () => {
    const id = await addCustomer(store, { givenName: '100%', familyName: 'snake_case!\\end' });
    await addCustomer(store, { givenName: '1000', familyName: 'snakeXcaseXXend' });
    for (const word of ['100%', 'snake_case', 'case!', '!\\end', '%', '_', '!', '\\']) await expectOnly([word], id);
    expect((await search(['%%'])).totalCount).toBe(0);
  });

  it('takes letters outside ASCII in either case and composition', async () => {
    const id = await addCustomer(store, { givenName: 'J\u00dcRGEN', familyName: 'Łukasz-ΑΘΗΝΑ' });
    for (const word of ['jürgen', 'JÜRGEN', 'ju\u0308rgen', 'łukasz', 'ŁUKASZ', 'αθηνα']) await expectOnly([word], id);
    expect((await search(['jurgen'])).totalCount).toBe(0);
  });

  it('looks through what a customer is called now', async () => {
    const id = await addCustomer(store, { familyName: 'Oldname' });
    const foreignId = someEmail();
    await store.transaction(({ customers }) => customers.update(id, { familyName: 'Newname' }, at(1)));
    await store.transaction(({ customers }) => customers.update(id, { foreignId }, at(1)));
    await expectOnly(['newname', foreignId], id);
    expect((await search(['oldname'])).totalCount).toBe(0);
    const email = someEmail();
    await store.transaction(({ customers }) => customers.update(id, { email, givenName: 'Renée' }, at(2)));
    await expectOnly([email, 'RENÉE'], id);
  });

  it('pages by id without repeating a customer who has several groups', async () => {
    const pages = [];
    for (const page of [1, 2, 3, 4]) pages.push(await search(['pageturner'], { page, perPage: 3 }));
    expect(pages).toEqual([
      { ids: ids.slice(0, 3), totalCount: 7 },
      { ids: ids.slice(3, 6), totalCount: 7 },
      { ids: ids.slice(6), totalCount: 7 },
      { ids: [], totalCount: 7 },
    ]);
  });

  it('shows the groups of each customer ascending', async () => {
    const { customers } = await store.customers.search({ words: ['pageturner'], websiteId: null, page: 1, perPage: 3 });
    expect(customers.map(({ groupIds }) => groupIds)).toEqual([[], [1, 2, 3], [8]]);
  });

  it('keeps to one website when asked', async () => {
    const name = 'Websiter';
    await addCustomer(store, { familyName: name, websiteId: 1 });
    const other = await addCustomer(store, { familyName: name, websiteId: 2 });
    expect(await search([name], { websiteId: 2 })).toEqual({ ids: [other], totalCount: 1 });
    expect((await search([name])).totalCount).toBe(2);
    expect(await search([], { websiteId: 2 })).toEqual({ ids: [other], totalCount: 1 });
  });

  it('lists everybody when there are no words', async () => {
    expect((await search([])).totalCount).toBe(await store.customers.countAll());
  });
});
