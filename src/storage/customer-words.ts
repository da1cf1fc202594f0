import { sql } from 'kysely';
import type { Handle } from './database.ts';
import { prepared, preparedInsert, preparedMany, preparedWrite } from './prepared.ts';
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
 * True for customers whose words are not those of their `search_text`: the release before this one wrote them, and it
 * knows of no words. The index `customers_unindexed` holds just these, and is used by this very expression. In this form
 * PostgreSQL expects them to be few; a plain comparison it expects to hold for nearly all.
 */
const isUnindexed = sql<boolean>`(case when indexed_text = search_text then 0 else 1 end) = 1`;

const selectUnindexed = prepared((db) => db.selectFrom('customers').select('id').where(isUnindexed).limit(sql.lit(1)));

/** Tells whether there are any such customers. */
export async function areMissing(handle: Handle): Promise<boolean> {
  return (await selectUnindexed(handle)).length > 0;
}

/** Notes that these customers' words are those of their `search_text`. */
const markIndexed = preparedMany((db, ids: readonly number[]) =>
  db.updateTable('customers').set({ indexed_text: sql<string>`search_text` }).where('id', 'in', ids),
);

const deleteOf = preparedMany((db, ids: readonly number[]) =>
  db.deleteFrom('customer_words').where('customer_id', 'in', ids),
);

/**
 * Writes the words of the first `limit` customers, by id and after `afterId`, who lack them. Gives their number and the
 * last of their ids. Meanwhile nobody else changes these customers.
 */
export async function index(
  handle: Handle,
  afterId: number,
  limit: number,
): Promise<{ customers: number; lastId: number }> {
  const query = handle.db
    .selectFrom('customers')
    .select(['id', 'given_name', 'family_name', 'email', 'foreign_id', 'indexed_text'])
    .where(isUnindexed)
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit);
  const found = await handle.run(handle.lockRows(query).compile());
  if (found.length === 0) return { customers: 0, lastId: afterId };
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
  return { customers: found.length, lastId: found.at(-1)!.id };
}
