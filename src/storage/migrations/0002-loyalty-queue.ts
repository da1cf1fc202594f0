import type { Kysely, Migration } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/**
 * The link with the loyalty platform: what was agreed with it, what waits to be sent, what came in, whom it must not
 * bring back, and how its chains fare. None of the new tables refers to `customers`: an erased person has to be erased over
 * there as well.
 */
export const loyaltyQueue = (types: ColumnTypes): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    await schema.alterTable('loyalty_links').addColumn('snapshot', 'text').execute();
    await schema.alterTable('loyalty_links').addColumn('synced_at', 'text').execute();
    await schema.alterTable('loyalty_links').addColumn('platform_modified_at', 'text').execute();
    await schema.alterTable('loyalty_links').addColumn('former_words', 'text').execute();
    await schema
      .createTable('loyalty_queue')
      .addColumn('chain_id', types.id, (column) => column.notNull())
      .addColumn('customer_id', types.id, (column) => column.notNull())
      .addColumn('wants_push', 'integer', (column) => column.notNull())
      .addColumn('wants_pull', 'integer', (column) => column.notNull())
      .addColumn('erasure', 'text')
      .addColumn('revision', 'integer', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('queued_at', 'text', (column) => column.notNull())
      .addColumn('due_at', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('first_failed_at', 'text')
      .addColumn('lease_token', 'text')
      .addColumn('leased_until', 'text')
      .addColumn('error_code', 'text')
      .addColumn('error_text', 'text')
      .addColumn('payload', 'text')
      .addColumn('sent', 'text')
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('loyalty_queue_pk', ['chain_id', 'customer_id'])
      .execute();
    // The chain before the time: the rows of a chain that rests must not be in the way of another's.
    await schema
      .createIndex('loyalty_queue_due')
      .on('loyalty_queue')
      .columns(['state', 'chain_id', 'due_at'])
      .execute();
    await schema
      .createIndex('loyalty_queue_age')
      .on('loyalty_queue')
      .columns(['state', 'chain_id', 'queued_at'])
      .execute();
    await schema
      .createTable('loyalty_inbox')
      .addColumn('id', types.id, types.identity)
      .addColumn('chain_id', types.id, (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('received_at', 'text', (column) => column.notNull())
      .addColumn('due_at', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('lease_token', 'text')
      .addColumn('leased_until', 'text')
      .addColumn('error_text', 'text')
      .addColumn('request_id', 'text', (column) => column.notNull())
      .execute();
    // The same content is taken in once, however often it is delivered.
    await schema
      .createIndex('loyalty_inbox_content')
      .unique()
      .on('loyalty_inbox')
      .columns(['chain_id', 'digest'])
      .execute();
    await schema.createIndex('loyalty_inbox_due').on('loyalty_inbox').columns(['state', 'due_at']).execute();
    await schema
      .createIndex('loyalty_inbox_subject')
      .on('loyalty_inbox')
      .columns(['chain_id', 'subject', 'id'])
      .execute();
    await schema
      .createTable('loyalty_tombstones')
      .addColumn('chain_id', types.id, (column) => column.notNull())
      .addColumn('customer_id', types.id, (column) => column.notNull())
      .addColumn('spaaza_user_id', types.id)
      .addColumn('email_digest', 'text', (column) => column.notNull())
      .addColumn('erased_at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('loyalty_tombstones_pk', ['chain_id', 'customer_id'])
      .execute();
    await schema
      .createIndex('loyalty_tombstones_user')
      .on('loyalty_tombstones')
      .columns(['chain_id', 'spaaza_user_id'])
      .execute();
    await schema
      .createIndex('loyalty_tombstones_email')
      .on('loyalty_tombstones')
      .columns(['chain_id', 'email_digest'])
      .execute();
    await schema.createIndex('loyalty_tombstones_age').on('loyalty_tombstones').columns(['erased_at']).execute();
    await schema
      .createTable('loyalty_chain_state')
      .addColumn('chain_id', types.id, (column) => column.primaryKey())
      .addColumn('paused_until', 'text')
      .addColumn('pause_reason', 'text')
      .addColumn('pause_count', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('last_success_at', 'text')
      .addColumn('reconcile_cursor', 'text')
      .addColumn('backfill_cursor', 'text')
      .execute();
  },
});
