import type { Kysely, Migration } from 'kysely';

/**
 * Counters of the limits per network, shared by nodes on one PostgreSQL. Names, types and their order are those of
 * rate-limiter-flexible, which reads and writes the table; `expire` is in milliseconds since 1970. On SQLite it stays
 * empty.
 */
export const rateWindows = (): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('rate_windows')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('points', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('expire', 'bigint')
      .execute();
  },
});
