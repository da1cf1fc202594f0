import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { CustomerQuery, CustomerWithGroups } from '../accounts/store.ts';
import { blockSize, listBlocks } from './customer-counts.ts';
import { customerColumns, groupIdsColumn, toCustomerWithGroups } from './customer-row.ts';
import type { Handle } from './database.ts';
import { prepared, preparedForms, preparedMany } from './prepared.ts';
import { endOf, wantedWords } from './search-words.ts';
import type { Tables } from './tables.ts';

interface Found {
  customers: CustomerWithGroups[];
  totalCount: number;
}

/** From so many on, rows are stepped over, and entries of the index read, where nobody else waits for it. */
const manySteps = 2_000;
const manyEntries = 500;

/**
 * Finds the customers in whose name, e-mail or foreign id each of the words is the beginning of a word; oldest first,
 * one page. Without words it lists everybody. The total is exact.
 */
export async function search(handle: Handle, query: CustomerQuery): Promise<Found> {
  return query.words.length === 0 ? list(handle, query) : find(handle, query);
}

/** Blocks before the page are stepped over as a whole, so that the last page costs little more than the first. */
async function list(handle: Handle, { websiteId, page, perPage }: CustomerQuery): Promise<Found> {
  const blocks = await listBlocks(handle, websiteId);
  const totalCount = blocks.reduce((sum, { customers }) => sum + customers, 0);
  let offset = (page - 1) * perPage;
  let fromId = 0;
  for (const [index, { block, customers }] of blocks.entries()) {
    fromId = block * blockSize;
    // Behind those of the last block may be some whom the release before wrote and did not count.
    if (offset < customers || index === blocks.length - 1) break;
    offset -= customers;
  }
  const on = offset < manySteps ? handle : aside(handle);
  const rows = await (websiteId === null
    ? selectPage(on, fromId, perPage, offset)
    : selectPageOfWebsite(on, websiteId, fromId, perPage, offset));
  return { customers: rows.map(toCustomerWithGroups), totalCount };
}

const selectPage = prepared((db, fromId: number, limit: number, offset: number) =>
  customersIn(db, idsFrom(db, fromId).limit(limit).offset(offset)),
);

const selectPageOfWebsite = prepared((db, websiteId: number, fromId: number, limit: number, offset: number) =>
  customersIn(db, idsFrom(db, fromId).where('website_id', '=', websiteId).limit(limit).offset(offset)),
);

function idsFrom(db: Kysely<Tables>, fromId: number) {
  return db.selectFrom('customers').select('id').where('id', '>=', fromId).orderBy('id');
}

function customersIn(db: Kysely<Tables>, ids: ReturnType<typeof idsFrom>) {
  return db
    .selectFrom('customers')
    .innerJoin(ids.as('page'), 'page.id', 'customers.id')
    .select(customerColumns)
    .select(groupIdsColumn)
    .orderBy('customers.id');
}

const selectByIds = preparedMany((db, ids: readonly number[]) =>
  db
    .selectFrom('customers')
    .select(customerColumns)
    .select(groupIdsColumn)
    .where('customers.id', 'in', ids)
    .orderBy('customers.id'),
);

async function find(handle: Handle, { words, websiteId, page, perPage }: CustomerQuery): Promise<Found> {
  const wanted = await byRarity(handle, wantedWords(words));
  const rarest = wanted[0]?.entries ?? 0;
  if (rarest === 0) return { customers: [], totalCount: 0 };
  const [on, way] = rarest < manyEntries ? [handle, lookUp] : [aside(handle), layTogether];
  const ranges = wanted.flatMap(({ word }) => rangeOf(word));
  const pageArgs = [perPage, (page - 1) * perPage];
  const [found] = await (websiteId === null
    ? way.everywhere(on, wanted.length, [...ranges, ...pageArgs])
    : way.onWebsite(on, wanted.length, [...ranges, websiteId, ...pageArgs]));
  const ids = found?.ids?.split(',').map(Number) ?? [];
  const rows = ids.length === 0 ? [] : await selectByIds(handle, ids);
  return { customers: rows.map(toCustomerWithGroups), totalCount: found?.total_count ?? 0 };
}

interface Wanted {
  word: string;
  /** Entries of the index that begin with it; counted no further than `manyEntries`. */
  entries: number;
}

/** The words that begin with one: from the first to before the second. */
type Range = readonly [string, string];
const rangeOf = (word: string): Range => [word, endOf(word)];
const rangesIn = (args: readonly unknown[], words: number): Range[] =>
  Array.from({ length: words }, (_, index) => args.slice(2 * index, 2 * index + 2) as unknown as Range);

const countEntries = preparedForms((db, words: number, args) =>
  db.selectNoFrom(({ selectFrom }) =>
    rangesIn(args, words).map((range, index) =>
      selectFrom(entriesOf(db, range).limit(sql.lit(manyEntries)).as('entries'))
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .as(`n${index}`),
    ),
  ),
);

/** The rarest first. Neither database is told here how many customers share a word, so it is asked. */
async function byRarity(handle: Handle, words: readonly string[]): Promise<Wanted[]> {
  if (words.length === 0) return [];
  const [counts] = (await countEntries(handle, words.length, words.flatMap(rangeOf))) as Record<string, number>[];
  const wanted = words.map((word, index) => ({ word, entries: counts?.[`n${index}`] ?? 0 }));
  return wanted.sort((a, b) => a.entries - b.entries);
}

type Matching = SelectQueryBuilder<Tables, 'customer_words', { id: number }>;

function entriesOf(db: Kysely<Tables>, [from, before]: Range): Matching {
  return db
    .selectFrom('customer_words')
    .select('customer_id as id')
    .where('word', '>=', from)
    .where('word', '<', before);
}

/** Looks each customer with the first word up under the others: for a first word that few have. */
const lookUp = finders((db, [first, ...others]) => {
  let matching = entriesOf(db, first!).distinct();
  for (const [from, before] of others) {
    matching = matching.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('customer_words as other')
          .select('other.word')
          .whereRef('other.customer_id', '=', 'customer_words.customer_id')
          .where('other.word', '>=', from)
          .where('other.word', '<', before),
      ),
    );
  }
  return matching;
});

/** Reads the list of every word once and keeps what is in all: thousands of entries are read faster than looked up. */
const layTogether = finders((db, [first, ...others]) =>
  others.length === 0
    ? entriesOf(db, first!).distinct()
    : others.reduce((all, range) => all.intersect(entriesOf(db, range)), entriesOf(db, first!)),
);

/** Queries for the number of customers that match, and the ids of a page of them; one form for each number of words. */
function finders(match: (db: Kysely<Tables>, ranges: readonly Range[]) => Matching) {
  const finder = (isOnWebsite: boolean) =>
    preparedForms((db, words: number, args) => {
      const matching = match(db, rangesIn(args, words));
      const [perPage, offset] = args.slice(-2) as [number, number];
      return db
        .with(
          (name) => name('matching').materialized(),
          () =>
            isOnWebsite
              ? db
                  .selectFrom(matching.as('found'))
                  .innerJoin('customers', 'customers.id', 'found.id')
                  .select('found.id as id')
                  .where('customers.website_id', '=', args.at(-3) as number)
              : matching,
        )
        .with('page', (scope) => scope.selectFrom('matching').select('id').orderBy('id').limit(perPage).offset(offset))
        .selectNoFrom(({ selectFrom }) => [
          selectFrom('matching')
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .as('total_count'),
          selectFrom('page').select(sql<string | null>`string_agg(cast(id as text), ',')`.as('list')).as('ids'),
        ]);
    });
  return { everywhere: finder(false), onWebsite: finder(true) };
}

function aside(handle: Handle): Handle {
  return { ...handle, run: handle.runAside };
}
