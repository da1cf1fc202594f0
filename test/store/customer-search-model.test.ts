import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { addCustomer, at, saveTopology, smallTopology, updateById } from '../fixtures.ts';

interface Known {
  id: number;
  givenName: string;
  familyName: string;
  email: string;
  foreignId: string | null;
  websiteId: number;
}

/** What stands between words, among the letters that are used here. */
const breaks = ' .-_@+%’\u3000';
const letter = fc.constantFrom(...'aaabbeÄßςΣ王9\u{1f600}', 'e\u0301', ...breaks);
const name = fc.string({ unit: letter, maxLength: 12 });
const local = fc.string({ unit: fc.constantFrom(...'abbaÄ9.-+'), minLength: 1, maxLength: 8 });

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('create' as const), name, other: name, local, isOfTwo: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('rename' as const), name, which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('readdress' as const), local, which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('identify' as const), name, which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('erase' as const), which: fc.nat() }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('search' as const), name, isOfTwo: fc.boolean() }) },
  ),
  { minLength: 4, maxLength: 16 },
);

const plain = (text: string): string =>
  text.normalize('NFC').toLowerCase().replace(/ς/g, 'σ').normalize('NFC').replaceAll('\u3000', ' ');

/** Whether a word stands anywhere in a text where a word may begin; `except` is a place that does not count. */
function begins(text: string, word: string, except = -1): boolean {
  for (let place = text.indexOf(word); place >= 0; place = text.indexOf(word, place + 1)) {
    if (place !== except && (place === 0 || breaks.includes(text[place - 1]!))) return true;
  }
  return false;
}

function fits({ givenName, familyName, email, foreignId }: Known, word: string): boolean {
  const names = [givenName, familyName, foreignId ?? ''].map(plain);
  return names.some((text) => begins(text, word)) || begins(plain(email), word, email.lastIndexOf('.') + 1);
}

const wordsIn = (text: string): string[] => text.split(/\s+/u).filter((word) => word !== '');

describeOnBothDatabases('customer search, compared with looking at everybody', (database) => {
  let store: OpenStore;
  const everybody: Known[] = [];

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
  });

  const change = async (which: number, changes: Partial<Pick<Known, 'familyName' | 'email' | 'foreignId'>>) => {
    const known = everybody[which % everybody.length];
    if (known === undefined) return;
    await store.transaction(({ customers }) => updateById(customers, known.id, changes, at(1)));
    Object.assign(known, changes);
  };

  let hits = 0;
  const check = async (text: string, websiteId: number | null) => {
    const wanted = wordsIn(plain(text)).map((word) => word.replace(/^[ .\-_@+%’]+/, ''));
    const expected = everybody
      .filter((known) => websiteId === null || known.websiteId === websiteId)
      .filter((known) => wanted.some((word) => word !== '') && wanted.every((word) => fits(known, word)))
      .map(({ id }) => id)
      .sort((a, b) => a - b);
    hits += Math.sign(expected.length);
    for (const page of [1, 2]) {
      const found = await store.customers.search({ words: wordsIn(text), websiteId, page, perPage: 5 });
      expect([text, found.customers.map(({ customer }) => customer.id)]).toEqual([
        text,
        expected.slice(5 * (page - 1), 5 * page),
      ]);
      expect(found.totalCount).toBe(expected.length);
    }
  };

  let made = 0;
  const unique = (text: string): string => {
    made += 1;
    return `${text}${made}`;
  };

  it('finds the same, whatever customers are called, become and look for', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        for (const step of all) {
          if (step.do === 'create') {
            const names = { givenName: step.name, familyName: step.other, foreignId: null };
            const fields = {
              ...names,
              email: unique(`${step.local}x`).concat('@a.b-b.aa'),
              websiteId: step.isOfTwo ? 2 : 1,
            };
            everybody.push({ ...fields, id: await addCustomer(store, fields) });
          } else if (step.do === 'rename') await change(step.which, { familyName: step.name });
          else if (step.do === 'readdress') await change(step.which, { email: `${unique(step.local)}@bab.a` });
          else if (step.do === 'identify') await change(step.which, { foreignId: unique(step.name) });
          else if (step.do === 'erase') {
            const [known] = everybody.splice(step.which % Math.max(everybody.length, 1), 1);
            if (known !== undefined) await store.transaction(({ customers }) => customers.delete(known.id));
          } else if (wordsIn(step.name).length > 0) await check(step.name, step.isOfTwo ? 2 : null);
        }
        const found = await store.customers.search({ words: [], websiteId: null, page: 1, perPage: 5 });
        expect(found.totalCount).toBe(everybody.length);
      }),
      { numRuns: 60 },
    );
    expect(everybody.length).toBeGreaterThan(50);
    expect(hits).toBeGreaterThan(20);
  });
});
