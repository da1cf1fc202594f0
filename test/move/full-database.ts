import { sql } from 'kysely';
import type { Database } from '../../src/storage/database.ts';
import { type Row, rowWriter, type TableName } from '../../src/storage/table-rows.ts';

const moment = '2024-05-17T10:00:00.000Z';
const past = 9_999_999_999;

/** At least one row for every table, with the values that are most easily lost on the way. */
export const oddRows: Record<TableName, Row[]> = {
  pools: [
    { id: 1, code: 'default' },
    { id: 2, code: 'Zürich 日本 \u{1f3db}' },
  ],
  chains: [{ id: past, api: 'https://api.spaaza.example', hostname: 'museum.example' }],
  newsletter_groups: [
    { id: 1, name: 'General' },
    { id: 8, name: 'Nächte im “Museum”' },
  ],
  websites: [
    {
      id: 1,
      code: 'default',
      name: 'Default',
      pool_id: 1,
      chain_id: past,
      general_newsletter_group_id: null,
      couples_newsletter: 0,
    },
  ],
  stores: [
    {
      id: 1,
      code: 'default',
      name: 'Default',
      website_id: 1,
      locale: 'de',
      hosts: '["localhost","müller.example"]',
      default_newsletter_group_ids: '[8,1]',
      is_default: 1,
    },
  ],
  customers: [
    customer(1, { given_name: 'Zoë \u{1f469}\u200d\u{1f680}', family_name: 'O’Brien; drop table "x"', notes: '' }),
    customer(2, { given_name: '王', family_name: 'e\u0301 is not é', notes: 'one\r\ntwo\ttabbed \\ \u2028 end ' }),
    customer(past, { debtor_number: past, foreign_id: '000123', phone: '+49 30 1', birthday: '1973-12-15' }),
  ],
  customer_words: [
    { word: 'grace', customer_id: 1 },
    { word: 'straße', customer_id: 2 },
    { word: '\u{1f469}\u200d\u{1f680}', customer_id: past },
    { word: 'Z', customer_id: past },
    { word: 'grace', customer_id: past },
  ],
  customer_counts: [
    { website_id: 1, block: 0, shard: 1, count: 1 },
    { website_id: 1, block: 152_587, shard: 15, count: -1 },
  ],
  addresses: [
    {
      id: past,
      customer_id: past,
      street: 'Straße',
      house_number: '1',
      house_number_extension: '',
      line2: null,
      line3: '',
      postcode: '01234',
      city: 'Gdańsk',
      region: null,
      country_code: 'PL',
      is_default_billing: 1,
      is_default_shipping: 0,
    },
  ],
  sessions: [
    {
      id: 3,
      customer_id: 1,
      client_id: 'c',
      token_hash: 't',
      previous_token_hash: null,
      previous_valid_until: null,
      rotation_seed: 's',
      uid: 'u',
      expires_at: moment,
      created_at: moment,
      last_used_at: moment,
      network_hash: null,
    },
  ],
  memberships: [
    { customer_id: 1, group_id: 8, joined_at: moment },
    { customer_id: 1, group_id: 1, joined_at: moment },
    { customer_id: past, group_id: 1, joined_at: moment },
  ],
  consent_records: [{ id: 1, customer_id: 404, subject: 'newsletter:8', is_given: 0, ...written(), stated_at: moment }],
  loyalty_links: [
    {
      customer_id: past,
      chain_id: past,
      spaaza_user_id: past,
      member_number: '0099',
      is_programme_opted_in: 1,
      is_mailing_subscribed: 0,
      is_printed_mailing_subscribed: 1,
      last_hash: 'deadf385f4407f78',
      agreed_digest: null,
      snapshot: '{"givenName":"Zoë","isMailingOffered":true}',
      synced_at: moment,
      platform_modified_at: moment,
      former_words: `{"phone":[["0123456789abcdef","${moment}"]]}`,
    },
  ],
  loyalty_queue: [
    {
      chain_id: past,
      customer_id: past,
      wants_push: 1,
      wants_pull: 0,
      erasure: null,
      revision: 7,
      state: 'dead',
      queued_at: moment,
      due_at: moment,
      attempts: 2,
      first_failed_at: moment,
      lease_token: null,
      leased_until: null,
      error_code: '68',
      error_text: 'permission “denied” or non-existent',
      payload: '{"email":"***"}',
      sent: '{"phone":["0123456789abcdef"]}',
      request_id: 'r',
    },
    {
      chain_id: past,
      customer_id: 404,
      wants_push: 0,
      wants_pull: 1,
      erasure: `{"spaazaUserId":${past}}`,
      revision: 1,
      state: 'waiting',
      queued_at: moment,
      due_at: moment,
      attempts: 0,
      first_failed_at: null,
      lease_token: 't',
      leased_until: moment,
      error_code: null,
      error_text: null,
      payload: null,
      sent: null,
      request_id: 'r',
    },
  ],
  loyalty_inbox: [
    {
      id: 9,
      chain_id: past,
      digest: 'd',
      subject: '3362356',
      body: '{"data":{"first_name":"Zo\\u00eb"}}\n',
      state: 'waiting',
      received_at: moment,
      due_at: moment,
      attempts: 0,
      lease_token: null,
      leased_until: null,
      error_text: null,
      request_id: 'r',
    },
  ],
  loyalty_tombstones: [
    { chain_id: past, customer_id: 404, spaaza_user_id: past, email_digest: 'e', erased_at: moment },
    { chain_id: past, customer_id: 405, spaaza_user_id: null, email_digest: 'f', erased_at: moment },
  ],
  loyalty_chain_state: [
    {
      chain_id: past,
      paused_until: moment,
      pause_reason: 'code 269',
      pause_count: 3,
      last_success_at: null,
      reconcile_cursor: '{"after":39}',
      backfill_cursor: null,
    },
  ],
  history: [
    { id: 1, customer_id: 404, field: 'notes', before: null, after: '', ...written(), changed_at: moment },
    { id: past, customer_id: 1, field: 'notes', before: 'null', after: null, ...written(), changed_at: moment },
  ],
  outbox: [
    {
      id: 1,
      customer_id: 1,
      type: 'customer_changed',
      event: '{"changes":{"notes":"\\u0000 \\"quoted\\" 日本"},"n":1.50}',
      ...written(),
      occurred_at: moment,
    },
  ],
  failed_attempts: [
    { key: 'account:1:Ä', failures: 3, first_failed_at: moment, locked_until: null },
    { key: 'account:1:a', failures: 1, first_failed_at: moment, locked_until: moment },
    { key: 'Account:1:b', failures: 1, first_failed_at: moment, locked_until: null },
  ],
  api_keys: [
    {
      id: 1,
      name: 'loyalty platform',
      key_hash: 'h',
      scopes: '["customer_read"]',
      website_id: null,
      created_at: moment,
      last_used_at: null,
      revoked_at: null,
    },
  ],
  settings: [
    { name: 'debtor_number', value: '10007' },
    { name: 'maintenance_since', value: moment },
    { name: 'revision', value: '12' },
  ],
};

/** Writes `oddRows` into a migrated database, and as many plain customers as are asked for, with ids from 1,000 on. */
export async function fill(database: Database, plainCustomers = 0): Promise<void> {
  await database.transaction(async (handle) => {
    await handle.run(sql`delete from settings`.compile(handle.db));
    for (const [table, rows] of Object.entries(oddRows)) await rowWriter(table as TableName)(handle, rows);
    const plain = Array.from({ length: plainCustomers }, (_, index) => customer(1_000 + index, {}));
    await rowWriter('customers')(handle, plain);
  });
  await database.alignIdentities();
}

function written(): Row {
  return { origin: 'gomus', actor: 'customer:1', request_id: 'r' };
}

function customer(id: number, overrides: Row): Row {
  const email = `visitor-${id}@example.org`;
  return {
    id,
    pool_id: 1,
    website_id: 1,
    store_id: 1,
    created_in: 'Default',
    email,
    normalized_email: email,
    given_name: 'Grace',
    family_name: 'Hopper',
    salutation_id: null,
    title_id: null,
    language_id: 1,
    birthday: null,
    gender_code: null,
    gender_token: null,
    phone: null,
    mobile: '',
    fax: null,
    country_code: null,
    level: 20,
    category_id: null,
    debtor_number: null,
    has_voucher_payment: 0,
    has_collective_invoice_payment: 1,
    is_institution: 0,
    institution: null,
    notes: null,
    payment_mode_id: null,
    price_target_audience_id: null,
    foreign_id: null,
    group_id: 1,
    password_hash: null,
    unconfirmed_since: null,
    search_text: 'grace hopper',
    indexed_text: id === 2 ? null : 'grace hopper',
    created_at: moment,
    updated_at: moment,
    ...overrides,
  };
}
