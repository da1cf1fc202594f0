import type { ColumnDefinitionBuilder } from 'kysely';

/** What the two databases call an identity column; migrations are handed one of these. */
export interface ColumnTypes {
  id: 'integer' | 'bigint';
  identity(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder;
}

// AUTOINCREMENT, so that the id of an erased customer is never given to another.
export const sqliteColumns: ColumnTypes = {
  id: 'integer',
  identity: (column) => column.primaryKey().autoIncrement(),
};

export const postgresColumns: ColumnTypes = {
  id: 'bigint',
  identity: (column) => column.primaryKey().generatedByDefaultAsIdentity(),
};
