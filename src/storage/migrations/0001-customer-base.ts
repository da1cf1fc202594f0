import { type Kysely, type Migration, sql } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

/** The customer base: topology, customers and what hangs on them, sessions, keys, history and the outbox. */
export const customerBase = (types: ColumnTypes): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    await schema
      .createTable('pools')
      .addColumn('id', types.id, types.identity)
      .addColumn('code', 'text', (column) => column.notNull().unique())
      .execute();
    await schema
      .createTable('chains')
      .addColumn('id', types.id, (column) => column.primaryKey())
      .addColumn('api', 'text', (column) => column.notNull())
      .addColumn('hostname', 'text', (column) => column.notNull())
      .execute();
    await schema
      .createTable('newsletter_groups')
      .addColumn('id', types.id, (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .execute();
    await schema
      .createTable('websites')
      .addColumn('id', types.id, types.identity)
      .addColumn('code', 'text', (column) => column.notNull().unique())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('pool_id', types.id, (column) => column.notNull().references('pools.id'))
      .addColumn('chain_id', types.id)
      .addColumn('general_newsletter_group_id', types.id)
      .addColumn('couples_newsletter', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await schema
      .createTable('stores')
      .addColumn('id', types.id, types.identity)
      .addColumn('code', 'text', (column) => column.notNull().unique())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('website_id', types.id, (column) => column.notNull().references('websites.id'))
      .addColumn('locale', 'text', (column) => column.notNull())
      .addColumn('hosts', 'text', (column) => column.notNull())
      .addColumn('default_newsletter_group_ids', 'text', (column) => column.notNull())
      .addColumn('is_default', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await schema
      .createTable('customers')
      .addColumn('id', types.id, types.identity)
      .addColumn('pool_id', types.id, (column) => column.notNull())
      .addColumn('website_id', types.id, (column) => column.notNull())
      .addColumn('store_id', types.id, (column) => column.notNull())
      .addColumn('created_in', 'text', (column) => column.notNull())
      .addColumn('email', 'text', (column) => column.notNull())
      .addColumn('normalized_email', 'text', (column) => column.notNull())
      .addColumn('given_name', 'text', (column) => column.notNull())
      .addColumn('family_name', 'text', (column) => column.notNull())
      .addColumn('salutation_id', 'integer')
      .addColumn('title_id', 'integer')
      .addColumn('language_id', 'integer')
      .addColumn('birthday', 'text')
      .addColumn('gender_code', 'integer')
      .addColumn('gender_token', 'text')
      .addColumn('phone', 'text')
      .addColumn('mobile', 'text')
      .addColumn('fax', 'text')
      .addColumn('country_code', 'text')
      .addColumn('level', 'integer', (column) => column.notNull())
      .addColumn('category_id', 'integer')
      .addColumn('debtor_number', types.id)
      .addColumn('has_voucher_payment', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('has_collective_invoice_payment', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('is_institution', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('institution', 'text')
      .addColumn('notes', 'text')
      .addColumn('payment_mode_id', 'integer')
      .addColumn('price_target_audience_id', 'integer')
      .addColumn('foreign_id', 'text')
      .addColumn('group_id', 'integer', (column) => column.notNull())
      .addColumn('password_hash', 'text')
      .addColumn('unconfirmed_since', 'text')
      .addColumn('search_text', 'text', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('updated_at', 'text', (column) => column.notNull())
      .execute();
    // The rule that two identical creates make one customer is this index, nothing else.
    await schema
      .createIndex('customers_pool_email')
      .unique()
      .on('customers')
      .columns(['pool_id', 'normalized_email'])
      .execute();
    await schema.createIndex('customers_foreign_id').unique().on('customers').columns(['foreign_id']).execute();
    await schema
      .createTable('addresses')
      .addColumn('id', types.id, types.identity)
      .addColumn('customer_id', types.id, (column) => column.notNull().references('customers.id').onDelete('cascade'))
      .addColumn('street', 'text', (column) => column.notNull())
      .addColumn('house_number', 'text', (column) => column.notNull())
      .addColumn('house_number_extension', 'text', (column) => column.notNull())
      .addColumn('line2', 'text')
      .addColumn('line3', 'text')
      .addColumn('postcode', 'text')
      .addColumn('city', 'text')
      .addColumn('region', 'text')
      .addColumn('country_code', 'text')
      .addColumn('is_default_billing', 'integer', (column) => column.notNull())
      .addColumn('is_default_shipping', 'integer', (column) => column.notNull())
      .execute();
    await schema.createIndex('addresses_customer').on('addresses').columns(['customer_id']).execute();
    await schema
      .createTable('sessions')
      .addColumn('id', types.id, types.identity)
      .addColumn('customer_id', types.id, (column) => column.notNull().references('customers.id').onDelete('cascade'))
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('token_hash', 'text', (column) => column.notNull())
      .addColumn('previous_token_hash', 'text')
      .addColumn('previous_valid_until', 'text')
      .addColumn('rotation_seed', 'text', (column) => column.notNull())
      .addColumn('uid', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'text', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('last_used_at', 'text', (column) => column.notNull())
      .addColumn('network_hash', 'text')
      .execute();
    await schema.createIndex('sessions_client').unique().on('sessions').columns(['client_id']).execute();
    await schema.createIndex('sessions_customer').on('sessions').columns(['customer_id', 'expires_at']).execute();
    await schema.createIndex('sessions_expiry').on('sessions').columns(['expires_at']).execute();
    await schema
      .createTable('memberships')
      .addColumn('customer_id', types.id, (column) => column.notNull().references('customers.id').onDelete('cascade'))
      .addColumn('group_id', types.id, (column) => column.notNull().references('newsletter_groups.id'))
      .addColumn('joined_at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('memberships_pk', ['customer_id', 'group_id'])
      .execute();
    await schema
      .createTable('consent_records')
      .addColumn('id', types.id, types.identity)
      .addColumn('customer_id', types.id, (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('is_given', 'integer', (column) => column.notNull())
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('stated_at', 'text', (column) => column.notNull())
      .execute();
    await schema.createIndex('consent_records_customer').on('consent_records').columns(['customer_id']).execute();
    await schema
      .createTable('loyalty_links')
      .addColumn('customer_id', types.id, (column) => column.notNull().references('customers.id').onDelete('cascade'))
      .addColumn('chain_id', types.id, (column) => column.notNull())
      .addColumn('spaaza_user_id', types.id)
      .addColumn('member_number', 'text')
      .addColumn('is_programme_opted_in', 'integer', (column) => column.notNull())
      .addColumn('is_mailing_subscribed', 'integer', (column) => column.notNull())
      .addColumn('is_printed_mailing_subscribed', 'integer', (column) => column.notNull())
      .addColumn('last_hash', 'text')
      .addColumn('agreed_digest', 'text')
      .addPrimaryKeyConstraint('loyalty_links_pk', ['customer_id', 'chain_id'])
      .execute();
    await schema
      .createIndex('loyalty_links_user')
      .unique()
      .on('loyalty_links')
      .columns(['chain_id', 'spaaza_user_id'])
      .execute();
    await schema
      .createIndex('loyalty_links_member')
      .on('loyalty_links')
      .columns(['chain_id', 'member_number'])
      .execute();
    await schema
      .createTable('history')
      .addColumn('id', types.id, types.identity)
      .addColumn('customer_id', types.id, (column) => column.notNull())
      .addColumn('field', 'text', (column) => column.notNull())
      .addColumn('before', 'text')
      .addColumn('after', 'text')
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('changed_at', 'text', (column) => column.notNull())
      .execute();
    await schema.createIndex('history_customer').on('history').columns(['customer_id', 'id']).execute();
    await schema
      .createTable('outbox')
      .addColumn('id', types.id, types.identity)
      .addColumn('customer_id', types.id, (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('event', 'text', (column) => column.notNull())
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('occurred_at', 'text', (column) => column.notNull())
      .execute();
    await schema.createIndex('outbox_customer').on('outbox').columns(['customer_id', 'id']).execute();
    await schema
      .createTable('failed_attempts')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('failures', 'integer', (column) => column.notNull())
      .addColumn('first_failed_at', 'text', (column) => column.notNull())
      .addColumn('locked_until', 'text')
      .execute();
    await schema.createIndex('failed_attempts_age').on('failed_attempts').columns(['first_failed_at']).execute();
    await schema
      .createTable('api_keys')
      .addColumn('id', types.id, types.identity)
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('key_hash', 'text', (column) => column.notNull().unique())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('website_id', types.id)
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('last_used_at', 'text')
      .addColumn('revoked_at', 'text')
      .execute();
    await schema
      .createTable('settings')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute();
    // Counters must exist so that taking the next number is one update.
    await sql`insert into settings (name, value) values ('debtor_number', '10000'), ('revision', '1')`.execute(db);
  },
});
