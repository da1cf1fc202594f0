import { beforeAll, expect, it } from 'vitest';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases, runStatement } from '../dialects.ts';
import { addCustomer, at, newCustomer, saveTopology, smallTopology, someEmail, updateById } from '../fixtures.ts';

describeOnBothDatabases('customer search', (database) => {
  let store: OpenStore;
  const ids: number[] = [];

  const search = async (words: string[], overrides: { websiteId?: number; page?: number; perPage?: number } = {}) => {
    const found = await store.customers.search({ words, websiteId: null, page: 1, perPage: 100, ...overrides });
    return { ids: found.customers.map(({ customer }) => customer.id), totalCount: found.totalCount };
  };
  const expectOnly = async (words: string[], id: number) =>
    expect([words, await search(words)]).toEqual([words, { ids: [id], totalCount: 1 }]);
  const expectNobody = async (words: string[]) =>
    expect([words, await search(words)]).toEqual([words, { ids: [], totalCount: 0 }]);

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

  it('finds by the beginning of words of name, e-mail and foreign id, all of which must be there', async () => {
    const foreignId = `CRM-${someEmail()}`;
    const id = await addCustomer(store, { givenName: 'Wilhelmina', familyName: 'von Quast-Bär', foreignId });
    await expectOnly(['wilh', 'QUAST'], id);
    await expectOnly(['bär'], id);
    await expectOnly(['quast-b'], id);
    await expectOnly([foreignId.toLowerCase()], id);
    await expectOnly(['quast', foreignId.slice(4), 'crm-visitor-'], id);
    for (const words of [['helmina'], ['uast'], ['wilhelminas'], ['quast-x'], ['wilhelmina', 'pageturner']]) {
      await expectNobody(words);
    }
  });

  it('finds by an e-mail as a whole, by its parts, and not by the ending of its domain', async () => {
    const id = await addCustomer(store, { email: 'Selina.Kyle+cats@alley-9.gotham.zzz' });
    const found = [
      'selina.kyle+cats@alley-9.gotham.zzz',
      'selina.ky',
      'kyle+c',
      'cats',
      'alley-9',
      '9.gotham',
      'gotham.z',
    ];
    for (const word of [...found, '@alley-9.gotham.zzz', '<selina.kyle']) await expectOnly([word], id);
    for (const word of ['zzz', 'elina', 'selina-kyle', '.zzz']) await expectNobody([word]);
  });

  it('takes %, _, ! and \\ for themselves, and does not look for them alone', async () => {
    const id = await addCustomer(store, { givenName: '100%', familyName: 'snake_case!\\end' });
    await addCustomer(store, { givenName: '1000', familyName: 'snakeXcaseXXend' });
    for (const word of ['100%', 'snake_case', 'case!', 'case!\\e', '_case', '!\\end']) await expectOnly([word], id);
    for (const word of ['%', '_', '!', '\\', '%%', '\0', 'snake\0']) await expectNobody([word]);
    await expectOnly(['100%', '_', 'snake', '%'], id);
  });

  it('takes letters outside ASCII in either case and composition, and symbols', async () => {
    const id = await addCustomer(store, {
      givenName: 'J\u00dcRGEN \u{1f469}\u200d\u{1f3a8}',
      familyName: 'Łukasz-ΑΘΗΝΑΣ',
    });
    const words = ['jürgen', 'JÜRGEN', 'ju\u0308rgen', 'łukasz', 'ŁUKASZ', 'αθηνα', 'αθηνασ', 'ΑΘΗΝΑΣ', '\u{1f469}'];
    for (const word of words) await expectOnly([word], id);
    await expectNobody(['jurgen']);
  });

  it('compares the first hundred characters of a word, and keeps so many words of a name', async () => {
    const long = 'abcdefghi\u{1f3a8}'.repeat(13);
    const id = await addCustomer(store, { familyName: long, givenName: 'y.'.repeat(60) });
    await expectOnly([long], id);
    await expectOnly([long.slice(0, 90)], id);
    await expectNobody([`x${long}`]);
    await expectOnly([`${'y.'.repeat(50)}and more`], id);
  });

  it('has the words of a customer right again when one is changed whom the release before changed', async () => {
    const id = await addCustomer(store, { givenName: 'Firstly', familyName: 'Beforehand' });
    // That one writes the text and knows of no words.
    const there = `family_name = 'Meanwhile', search_text = 'firstly meanwhile'`;
    await runStatement(database.url, `update customers set ${there} where id = ${id}`);
    await store.transaction(({ customers }) => updateById(customers, id, { givenName: 'Lastly' }, at(1)));
    await expectOnly(['lastly', 'meanwhile'], id);
    for (const word of ['beforehand', 'firstly']) await expectNobody([word]);
    const { customers } = await store.transaction((tx) => tx.customers.index(id - 1, 10));
    expect(customers).toBe(0);
  });

  it('looks through what a customer is called now', async () => {
    const id = await addCustomer(store, { familyName: 'Oldname' });
    const foreignId = someEmail();
    await store.transaction(({ customers }) => updateById(customers, id, { familyName: 'Newname' }, at(1)));
    await store.transaction(({ customers }) => updateById(customers, id, { foreignId }, at(1)));
    await expectOnly(['newname', foreignId], id);
    await expectNobody(['oldname']);
    const email = someEmail();
    await store.transaction(({ customers }) => updateById(customers, id, { email, givenName: 'Renée' }, at(2)));
    await expectOnly([email, 'RENÉE', 'newname'], id);
    await store.transaction(({ customers }) => updateById(customers, id, { foreignId: null }, at(3)));
    await expectNobody([foreignId]);
    await store.transaction(({ customers }) => customers.delete(id));
    await expectNobody(['newname']);
  });

  it('keeps what a refused change would have been called out of it', async () => {
    const email = someEmail();
    await addCustomer(store, { email });
    const id = await addCustomer(store, { familyName: 'Steadfast' });
    const change = store.transaction(({ customers }) =>
      updateById(customers, id, { familyName: 'Fickle', email }, at(1)),
    );
    await expect(change).rejects.toMatchObject({ code: 'validation_failed' });
    await expectOnly(['steadfast'], id);
    await expectNobody(['fickle']);
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

  it('finds the same among many: one word or several, any page, any website', async () => {
    const many: number[] = [];
    await store.transaction(async ({ customers }) => {
      for (let number = 0; number < 1_300; number += 1) {
        const names = {
          givenName: number % 2 === 0 ? 'Evenly' : 'Oddly Oddly-ish',
          familyName: `Manifold${number % 10}`,
        };
        many.push((await customers.insert(newCustomer({ ...names, websiteId: 1 + (number % 3) })))!);
      }
    });
    const numbers = Array.from({ length: 1_300 }, (_, number) => number);
    const idsWhere = (fits: (number: number) => boolean) => numbers.filter(fits).map((number) => many[number]!);
    const firstPage = (fitting: number[]) => ({ ids: fitting.slice(0, 100), totalCount: fitting.length });
    const odd = idsWhere((number) => number % 2 === 1);
    expect(await search(['manifold'])).toEqual(firstPage(many));
    expect(await search(['manifold', 'oddly'])).toEqual(firstPage(odd));
    expect(await search(['manif', 'odd'], { page: 4 })).toEqual({ ids: odd.slice(300, 400), totalCount: 650 });
    expect(await search(['oddly', 'manifold'], { page: 9 })).toEqual({ ids: [], totalCount: 650 });
    expect(await search(['manifold7', 'oddly'])).toEqual(firstPage(idsWhere((number) => number % 10 === 7)));
    expect(await search(['manifold7', 'evenly'])).toEqual({ ids: [], totalCount: 0 });
    expect(await search(['oddly', 'manifold'], { websiteId: 2 })).toEqual(
      firstPage(idsWhere((number) => number % 2 === 1 && number % 3 === 1)),
    );
    expect(await search(['oddly', 'manifold3'], { websiteId: 2 })).toEqual(
      firstPage(idsWhere((number) => number % 10 === 3 && number % 3 === 1)),
    );
  });

  it('lists everybody when there are no words', async () => {
    const { totalCount } = await search([]);
    expect(totalCount).toBe(await store.customers.countAll());
    const everybody = [];
    for (let page = 1; page <= Math.ceil(totalCount / 100); page += 1)
      everybody.push(...(await search([], { page })).ids);
    expect(everybody).toHaveLength(totalCount);
    expect(everybody).toEqual([...new Set(everybody)].sort((a, b) => a - b));
  });
});
