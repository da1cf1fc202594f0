import { type Kysely, type Migration, sql } from 'kysely';

/**
 * Takes the index of customers without words away: it covered columns that change with every name, so that PostgreSQL wrote
 * each changed customer into all indexes of the table anew instead of in place (a heap-only tuple). What it was there for is
 * found by going through the customers instead: see accounts/catch-up.ts. Where it still leads to some, going through
 * them all is due. A node of the release before looks for them without it, every ten minutes, by reading the whole table.
 */
export const namesInPlace = (): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`insert into settings (name, value)
      select 'customers_indexed_to', '0' where exists
        (select 1 from customers where (case when indexed_text = search_text then 0 else 1 end) = 1)`.execute(db);
    await db.schema.dropIndex('customers_unindexed').execute();
  },
});
