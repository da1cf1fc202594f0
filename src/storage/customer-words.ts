import { sql } from 'kysely';
import type { Handle } from './handle.ts';
import { prepared, preparedInsert, preparedLock, preparedMany, preparedWrite } from './prepared.ts';
import { type SearchedFields, wordsOf } from './search-words.ts';

/** Words that `index` writes with one statement; what is left goes in tens, so that few forms are prepared. */
const rowsPerStatement = 100;
const fewRows = 10;

const insertRows = preparedInsert('customer_words', ['word', 'customer_id'], rowsPerStatement);

const deleteAll = preparedWrite((db, customerId: number) =>
  db.deleteFrom('customer_words').where('customer_id', '=', customerId),
);

const deleteOne = preparedWrite((db, customerId: number, word: string) =>
  db.deleteFrom('customer_words').where('customer_id', '=', customerId).where('word', '=', word),
);

/** Writes the words of a new customer. */
export async function add(handle: Handle, customerId: number, fields: SearchedFields): Promise<void> {
  await insertRows(
    handle,
    wordsOf(fields).map((word) => ({ word, customer_id: customerId })),
  );
}

/** Changes the words from those of `before` to those of `after`; `before` undefined when it is not known what is there. */
export async function change(
  handle: Handle,
  customerId: number,
  before: SearchedFields | undefined,
  after: SearchedFields,
): Promise<void> {
  const [old, wanted] = [before === undefined ? [] : wordsOf(before), wordsOf(after)];
  if (before === undefined) await deleteAll(handle, customerId);
  for (const word of old) if (!wanted.includes(word)) await deleteOne(handle, customerId, word);
  const fresh = wanted.filter((word) => !old.includes(word));
  await insertRows(
    handle,
    fresh.map((word) => ({ word, customer_id: customerId })),
  );
}

/**
 * True for customers whose words are not those of their `search_text`: the release before the words wrote them. In this form
 * PostgreSQL expects them to be few; a plain comparison it expects to hold for nearly all.
 */
const isUnindexed = sql<boolean>`(case when indexed_text = search_text then 0 else 1 end) = 1`;

/** Notes that these customers' words are those of their `search_text`. */
const markIndexed = preparedMany((db, ids: readonly number[]) =>
  db.updateTable('customers').set({ indexed_text: sql<string>`search_text` }).where('id', 'in', ids),
);

const deleteOf = preparedMany((db, ids: readonly number[]) =>
  db.deleteFrom('customer_words').where('customer_id', 'in', ids),
);

/** Ids that `index` goes through with one statement: some milliseconds, also where the server itself reads the file. */
const reach = 8_192;

const selectNext = prepared((db, afterId: number) =>
  db
    .selectFrom('customers')
    .select(({ fn }) => fn.min('id').as('id'))
    .where('id', '>', afterId),
);

/**
 * Goes through the next customers after an id, some thousands or until `limit` of them lacked words, and writes the words of
 * these; meanwhile nobody else changes them. Gives their number, and the id to go on after; undefined when it was the end.
 */
export async function index(
  handle: Handle,
  afterId: number,
  limit: number,
): Promise<{ customers: number; goOnAfter: number | undefined }> {
  const found = await selectUnindexed(handle, afterId, afterId + reach, limit);
  if (found.length > 0) await indexRows(handle, found);
  const throughId = found.length === limit ? found.at(-1)!.id : afterId + reach;
  const [next] = await selectNext(handle, throughId);
  // Ids may have gaps, of any width.
  const goOnAfter = typeof next?.id === 'number' ? next.id - 1 : undefined;
  return { customers: found.length, goOnAfter };
}

const selectUnindexed = preparedLock((db, afterId: number, throughId: number, limit: number) =>
  db
    .selectFrom('customers')
    .select(['id', 'given_name', 'family_name', 'email', 'foreign_id', 'indexed_text'])
    .where(isUnindexed)
    .where('id', '>', afterId)
    .where('id', '<=', throughId)
    .orderBy('id')
    .limit(limit),
);

type UnindexedRow = Awaited<ReturnType<typeof selectUnindexed>>[number];

async function indexRows(handle: Handle, found: readonly UnindexedRow[]): Promise<void> {
  const outdated = found.filter((row) => row.indexed_text !== null).map(({ id }) => id);
  if (outdated.length > 0) await deleteOf(handle, outdated);
  const rows = found.flatMap((row) => {
    const [givenName, familyName, foreignId] = [row.given_name, row.family_name, row.foreign_id];
    return wordsOf({ givenName, familyName, email: row.email, foreignId }).map((word) => ({
      word,
      customer_id: row.id,
    }));
  });
  // Neighbours in the index one after another.
  rows.sort((a, b) => (a.word < b.word ? -1 : 1));
  for (let start = 0; start < rows.length; ) {
    const count = rows.length - start >= rowsPerStatement ? rowsPerStatement : fewRows;
    await insertRows(handle, rows.slice(start, start + count));
    start += count;
  }
  await markIndexed(
    handle,
    found.map(({ id }) => id),
  );
}
