import { type Kysely, type Migration, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/**
 * Words to find customers by, and counters of customers, so that neither a search nor a list reads all of them. Both
 * are filled in small transactions afterwards: see `catchUp` in accounts/catch-up.ts.
 */
export const customerSearch = (types: ColumnTypes): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    await types
      .inPrimaryKey(
        schema
          .createTable('customer_words')
          .addColumn('word', types.bytewiseText, (column) => column.notNull())
          // An erasure takes the words along, also one by a node of the release before.
          .addColumn('customer_id', types.id, (column) =>
            column.notNull().references('customers.id').onDelete('cascade'),
          )
          .addPrimaryKeyConstraint('customer_words_pk', ['word', 'customer_id']),
      )
      .execute();
    await schema.createIndex('customer_words_customer').on('customer_words').columns(['customer_id', 'word']).execute();
    await schema
      .createTable('customer_counts')
      .addColumn('website_id', types.id, (column) => column.notNull())
      .addColumn('block', 'integer', (column) => column.notNull())
      .addColumn('shard', 'integer', (column) => column.notNull())
      .addColumn('count', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('customer_counts_pk', ['website_id', 'block', 'shard'])
      .execute();
    await schema.createIndex('customers_website').ifNotExists().on('customers').columns(['website_id', 'id']).execute();
    await schema.alterTable('customers').addColumn('indexed_text', 'text').execute();
    // Empty but for what the release before wrote.
    await schema
      .createIndex('customers_unindexed')
      .on('customers')
      .columns(['id'])
      .where(sql<boolean>`(case when indexed_text = search_text then 0 else 1 end) = 1`)
      .execute();
  },
});
