import { type ColumnDefinitionBuilder, type CreateTableBuilder, type Expression, sql } from 'kysely';

/** What the two databases call by different names; migrations are handed one of these. */
export interface ColumnTypes {
  id: 'integer' | 'bigint';
  identity(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder;
  /** Text that is compared and sorted byte by byte, so that all that begins alike lies between two values. */
  bytewiseText: 'text' | Expression<string>;
  /** Keeps the rows in the index of their primary key, where the database can: half the size of a narrow table. */
  inPrimaryKey<Table extends string, Column extends string>(
    table: CreateTableBuilder<Table, Column>,
  ): CreateTableBuilder<Table, Column>;
}

// AUTOINCREMENT, so that the id of an erased customer is never given to another.
export const sqliteColumns: ColumnTypes = {
  id: 'integer',
  identity: (column) => column.primaryKey().autoIncrement(),
  bytewiseText: 'text',
  inPrimaryKey: (table) => table.modifyEnd(sql`without rowid`),
};

export const postgresColumns: ColumnTypes = {
  id: 'bigint',
  identity: (column) => column.primaryKey().generatedByDefaultAsIdentity(),
  bytewiseText: sql`text collate "C"`,
  inPrimaryKey: (table) => table,
};
