import { type Kysely, type Migration, sql } from 'kysely';

/**
 * An index of a customer's changes without the sign-ins, of which there can be any number more: who reads the history must not
 * read past them, and a sign-in does not write to it.
 */
export const historyChanges = (): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createIndex('history_changes')
      .ifNotExists()
      .on('history')
      .columns(['customer_id', 'id'])
      .where(sql.ref('field'), '<>', 'signedIn')
      .execute();
  },
});
