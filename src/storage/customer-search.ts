import { type Kysely, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { CustomerQuery, CustomerWithGroups } from '../accounts/store.ts';
import { blockSize, listBlocks } from './customer-counts.ts';
import { customerColumns, groupIdsColumn, toCustomerWithGroups } from './customer-row.ts';
import { mapWebsiteIds } from './customers.ts';
import type { Handle } from './handle.ts';
import { preparedForms, preparedMany, unplanned } from './prepared.ts';
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
    ? selectPage(on, perPage, [fromId, offset])
    : selectPageOfWebsite(on, perPage, [fromId, offset, websiteId]));
  return { customers: rows.map(toCustomerWithGroups), totalCount };
}

const selectPage = pageOfList(false);
const selectPageOfWebsite = pageOfList(true);

/** Queries for the customers from an id on, the first of whom are stepped over; a form for each number on a page. */
function pageOfList(isOnWebsite: boolean) {
  return preparedForms((db, perPage: number, args) => {
    const [fromId, offset, websiteId] = args as [number, number, number];
    const ids = db
      .selectFrom('customers')
      .select('id')
      .where('id', '>=', fromId)
      .$if(isOnWebsite, (query) => query.where('website_id', '=', websiteId))
      .orderBy('id')
      .limit(sql.lit(perPage))
      .offset(unplanned(offset, 'bigint'));
    return db
      .selectFrom('customers')
      .innerJoin(ids.as('page'), 'page.id', 'customers.id')
      .select(customerColumns)
      .select(groupIdsColumn)
      .orderBy('customers.id');
  });
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
  const wanted = wantedWords(words);
  if (wanted.length === 0) return { customers: [], totalCount: 0 };
  const lists = await listEntries(handle, wanted);
  const from = (page - 1) * perPage;
  const found = lists.every(({ isWhole }) => !isWhole)
    ? await layTogether(aside(handle), wanted, websiteId, perPage, from)
    : await fromShortLists(handle, lists, websiteId, perPage, from);
  const rows = found.ids.length === 0 ? [] : await selectByIds(handle, found.ids);
  return { customers: rows.map(toCustomerWithGroups), totalCount: found.totalCount };
}

interface FoundIds {
  /** Of one page, ascending. */
  ids: number[];
  totalCount: number;
}

/** The customers whom the index has for a word. */
interface WordList {
  word: string;
  ids: ReadonlySet<number>;
  /** False when there are more than were read. */
  isWhole: boolean;
}

/** The words that begin with one: from the first to before the second. */
type Range<Word = string> = readonly [from: Word, before: Word];
const rangeOf = (word: string): Range => [word, endOf(word)];
const rangesIn = (args: readonly unknown[], words: number): Range[] =>
  Array.from({ length: words }, (_, index) => args.slice(2 * index, 2 * index + 2) as unknown as Range);

const selectLists = preparedForms((db, words: number, args) =>
  db.selectNoFrom(({ selectFrom }) =>
    rangesIn(args, words).map(([from, before], index) =>
      selectFrom(
        entriesOf(db, [unplanned(from, 'text'), unplanned(before, 'text')])
          .limit(sql.lit(manyEntries))
          .as('entries'),
      )
        .select(idList)
        .as(`list${index}`),
    ),
  ),
);

/** Reads the first entries of each word. Neither database is told how many customers share a word, so it is asked. */
async function listEntries(handle: Handle, words: readonly string[]): Promise<WordList[]> {
  const [lists] = (await selectLists(handle, words.length, words.flatMap(rangeOf))) as Record<string, string | null>[];
  return words.map((word, index) => {
    const ids = idsOf(lists?.[`list${index}`]);
    return { word, ids: new Set(ids), isWhole: ids.length < manyEntries };
  });
}

const idList = sql<string | null>`string_agg(cast(id as text), ',')`.as('ids');
const idsOf = (list: string | null | undefined): number[] => list?.split(',').map(Number) ?? [];

/** For words of which few people have at least one: whom the whole lists share is looked up under the other words. */
async function fromShortLists(
  handle: Handle,
  lists: readonly WordList[],
  websiteId: number | null,
  perPage: number,
  from: number,
): Promise<FoundIds> {
  const [shortest, ...others] = lists.filter(({ isWhole }) => isWhole).sort((a, b) => a.ids.size - b.ids.size);
  let ids = [...shortest!.ids].filter((id) => others.every((other) => other.ids.has(id)));
  for (const { word, isWhole } of lists) {
    if (isWhole || ids.length === 0) continue;
    ids = (await selectWithWord(handle, ids, ...rangeOf(word))).map(({ id }) => id);
  }
  if (websiteId !== null) {
    const websiteIds = await mapWebsiteIds(handle, ids);
    ids = ids.filter((id) => websiteIds.get(id) === websiteId);
  }
  return { ids: ids.sort((a, b) => a - b).slice(from, from + perPage), totalCount: ids.length };
}

const selectWithWord = preparedMany((db, ids: readonly number[], from: string, before: string) =>
  entriesOf(db, [from, before]).where('customer_id', 'in', ids).distinct(),
);

type Matching = SelectQueryBuilder<Tables, 'customer_words', { id: number }>;

function entriesOf(db: Kysely<Tables>, [from, before]: Range<string | RawBuilder<string>>): Matching {
  return db
    .selectFrom('customer_words')
    .select('customer_id as id')
    .where('word', '>=', from)
    .where('word', '<', before);
}

/** Reads the list of every word once and keeps what is in all: thousands of entries are read faster than looked up. */
async function layTogether(
  handle: Handle,
  words: readonly string[],
  websiteId: number | null,
  perPage: number,
  from: number,
): Promise<FoundIds> {
  const ranges = words.flatMap(rangeOf);
  const [found] = await (websiteId === null
    ? shared(handle, words.length, [...ranges, perPage, from])
    : sharedOnWebsite(handle, words.length, [...ranges, websiteId, perPage, from]));
  return { ids: idsOf(found?.ids), totalCount: found?.total_count ?? 0 };
}

const shared = pageOfShared(false);
const sharedOnWebsite = pageOfShared(true);

/** Queries for the number of customers that have every word, and the ids of a page of them; a form for each number of words. */
function pageOfShared(isOnWebsite: boolean) {
  return preparedForms((db, words: number, args) => {
    const [first, ...others] = rangesIn(args, words);
    const matching =
      others.length === 0
        ? entriesOf(db, first!).distinct()
        : others.reduce((all, range) => all.intersect(entriesOf(db, range)), entriesOf(db, first!));
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
        selectFrom('page').select(idList).as('ids'),
      ]);
  });
}

function aside(handle: Handle): Handle {
  return { ...handle, run: handle.runAside };
}
