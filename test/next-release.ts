import { type Kysely, type Migration, sql } from 'kysely';
import type { ColumnTypes } from '../src/storage/column-types.ts';
import { migrationsFor } from '../src/storage/migrations/index.ts';

/** The migrations of this release and those that a next one might bring; each of the new ones notes that it ran. */
export function nextMigrationsFor(types: ColumnTypes): Record<string, Migration> {
  return {
    ...migrationsFor(types),
    '9001-nickname': {
      async up(db: Kysely<unknown>) {
        await db.schema.createTable('migration_runs').addColumn('name', 'text').execute();
        await db.schema.alterTable('customers').addColumn('next_nickname', 'text').execute();
        await db.schema.alterTable('settings').addColumn('changed_by', 'text').execute();
        await note(db, '9001-nickname');
      },
    },
    '9002-wishes': {
      async up(db: Kysely<unknown>) {
        await db.schema
          .createTable('wishes')
          .addColumn('id', types.id, types.identity)
          .addColumn('customer_id', types.id, (column) =>
            column.notNull().references('customers.id').onDelete('cascade'),
          )
          .addColumn('text', 'text', (column) => column.notNull())
          .execute();
        await db.schema.createIndex('wishes_customer').on('wishes').columns(['customer_id']).execute();
        await note(db, '9002-wishes');
      },
    },
  };
}

async function note(db: Kysely<unknown>, name: string): Promise<void> {
  await sql`insert into migration_runs (name) values (${name})`.execute(db);
}
