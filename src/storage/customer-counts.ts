import { sql } from 'kysely';
import type { Handle } from './handle.ts';
import { prepared, preparedWrite } from './prepared.ts';

/**
 * How many ids a block has. Pages behind it are found by adding up blocks; within it, rows are stepped over. More
 * blocks would make every list slower, larger ones deep pages.
 */
export const blockSize = 65_536;
/** Customers of a block are counted in so many rows: those who sign up at once must not wait for each other. */
const shards = 16;

/** How many customers have ids from `block * blockSize` on. */
export interface Block {
  block: number;
  customers: number;
}

const addToCount = preparedWrite((db, websiteId: number, block: number, shard: number, by: number) =>
  db
    .insertInto('customer_counts')
    .values({ website_id: websiteId, block, shard, count: by })
    .onConflict((conflict) =>
      conflict
        .columns(['website_id', 'block', 'shard'])
        .doUpdateSet({ count: sql<number>`customer_counts.count + excluded.count` }),
    ),
);

/** Notes that a website has a customer more (1) or less (-1). */
export async function adjust(handle: Handle, websiteId: number, customerId: number, by: 1 | -1): Promise<void> {
  await addToCount(handle, websiteId, blockOf(customerId), customerId % shards, by);
}

const selectBlocks = prepared((db) =>
  db
    .selectFrom('customer_counts')
    .select(['block', ({ fn }) => fn.sum<number>('count').as('customers')])
    .groupBy('block')
    .orderBy('block'),
);

const selectBlocksOfWebsite = prepared((db, websiteId: number) =>
  db
    .selectFrom('customer_counts')
    .select(['block', ({ fn }) => fn.sum<number>('count').as('customers')])
    .where('website_id', '=', websiteId)
    .groupBy('block')
    .orderBy('block'),
);

/** The blocks in their order, of one website or of all. */
export async function listBlocks(handle: Handle, websiteId: number | null): Promise<Block[]> {
  const rows = websiteId === null ? await selectBlocks(handle) : await selectBlocksOfWebsite(handle, websiteId);
  return rows.map(({ block, customers }) => ({ block, customers: Number(customers) }));
}

/**
 * Corrects the counts of a block where they differ from the rows, which they do after a node of the release before
 * wrote: it does not count. Gives the next block to look at; undefined after the last.
 *
 * What is missing is added, and both numbers are read by one statement: others count at the same time.
 */
export async function recount(handle: Handle, block: number): Promise<number | undefined> {
  for (const { website_id, missing } of await selectMissing(
    handle,
    block,
    block * blockSize,
    (block + 1) * blockSize,
  )) {
    if (Number(missing) !== 0) await addToCount(handle, website_id, block, 0, Number(missing));
  }
  const [next] = await selectNext(handle, (block + 1) * blockSize, block);
  const blocks = [next?.id ?? null, next?.block ?? null].filter((found) => found !== null);
  return blocks.length === 0 ? undefined : Math.min(...blocks);
}

const selectMissing = prepared((db, block: number, fromId: number, toId: number) =>
  db
    .selectFrom(
      db
        .selectFrom('websites')
        .select('id')
        .union(db.selectFrom('customer_counts').select('website_id as id'))
        .as('website'),
    )
    .select(({ selectFrom }) => [
      'website.id as website_id',
      sql<number>`${selectFrom('customers')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .whereRef('customers.website_id', '=', 'website.id')
        .where('customers.id', '>=', fromId)
        .where('customers.id', '<', toId)} - coalesce(${selectFrom('customer_counts')
        .select(({ fn }) => fn.sum<number>('count').as('count'))
        .whereRef('customer_counts.website_id', '=', 'website.id')
        .where('customer_counts.block', '=', block)}, 0)`.as('missing'),
    ])
    .orderBy('website.id'),
);

const selectNext = prepared((db, fromId: number, block: number) =>
  db.selectNoFrom(({ selectFrom }) => [
    sql<number | null>`${selectFrom('customers')
      .select(({ fn }) => fn.min('customers.id').as('id'))
      .where('customers.id', '>=', fromId)} / ${sql.lit(blockSize)}`.as('id'),
    selectFrom('customer_counts')
      .select(({ fn }) => fn.min('customer_counts.block').as('block'))
      .where('customer_counts.block', '>', block)
      .as('block'),
  ]),
);

function blockOf(customerId: number): number {
  return Math.floor(customerId / blockSize);
}
