import type { Kysely, Migration } from 'kysely';

/**
 * Leads from a person to the notices about them that wait. The index it replaces leads to all there ever were: whether an
 * elder one waits was found by reading these, so that with hundreds about one person each took a tenth of a second.
 */
export const waitingNotices = (): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createIndex('loyalty_inbox_person')
      .on('loyalty_inbox')
      .columns(['chain_id', 'subject', 'state', 'id'])
      .execute();
    await db.schema.dropIndex('loyalty_inbox_subject').execute();
  },
});
