import type { Generated } from 'kysely';

/**
 * Column types of every table. Times are ISO 8601 UTC text of fixed width, yes/no are 0 or 1, JSON is text; a
 * nullable `…_at` column is a yes/no that has a moment.
 */
export interface Tables {
  pools: { id: Generated<number>; code: string };
  websites: {
    id: Generated<number>;
    code: string;
    name: string;
    pool_id: number;
    chain_id: number | null;
    general_newsletter_group_id: number | null;
    couples_newsletter: number;
  };
  stores: {
    id: Generated<number>;
    code: string;
    name: string;
    website_id: number;
    locale: string;
    hosts: string;
    default_newsletter_group_ids: string;
    is_default: number;
  };
  chains: { id: number; api: string; hostname: string };
  newsletter_groups: { id: number; name: string };
  customers: CustomersTable;
  customer_words: { word: string; customer_id: number };
  customer_counts: { website_id: number; block: number; shard: number; count: number };
  addresses: {
    id: Generated<number>;
    customer_id: number;
    street: string;
    house_number: string;
    house_number_extension: string;
    line2: string | null;
    line3: string | null;
    postcode: string | null;
    city: string | null;
    region: string | null;
    country_code: string | null;
    is_default_billing: number;
    is_default_shipping: number;
  };
  sessions: {
    id: Generated<number>;
    customer_id: number;
    client_id: string;
    token_hash: string;
    previous_token_hash: string | null;
    previous_valid_until: string | null;
    rotation_seed: string;
    uid: string;
    expires_at: string;
    created_at: string;
    last_used_at: string;
    network_hash: string | null;
  };
  memberships: { customer_id: number; group_id: number; joined_at: string };
  consent_records: {
    id: Generated<number>;
    customer_id: number;
    subject: string;
    is_given: number;
    origin: string;
    actor: string;
    request_id: string;
    stated_at: string;
  };
  loyalty_links: {
    customer_id: number;
    chain_id: number;
    spaaza_user_id: number | null;
    member_number: string | null;
    is_programme_opted_in: number;
    is_mailing_subscribed: number;
    is_printed_mailing_subscribed: number;
    last_hash: string | null;
    agreed_digest: string | null;
    snapshot: string | null;
    synced_at: string | null;
    platform_modified_at: string | null;
    former_words: string | null;
  };
  loyalty_queue: {
    chain_id: number;
    customer_id: number;
    wants_push: number;
    wants_pull: number;
    erasure: string | null;
    revision: number;
    state: string;
    queued_at: string;
    due_at: string;
    attempts: number;
    first_failed_at: string | null;
    lease_token: string | null;
    leased_until: string | null;
    error_code: string | null;
    error_text: string | null;
    payload: string | null;
    sent: string | null;
    request_id: string;
  };
  loyalty_inbox: {
    id: Generated<number>;
    chain_id: number;
    digest: string;
    subject: string;
    body: string;
    state: string;
    received_at: string;
    due_at: string;
    attempts: number;
    lease_token: string | null;
    leased_until: string | null;
    error_text: string | null;
    request_id: string;
  };
  loyalty_tombstones: {
    chain_id: number;
    customer_id: number;
    spaaza_user_id: number | null;
    email_digest: string;
    erased_at: string;
  };
  loyalty_chain_state: {
    chain_id: number;
    paused_until: string | null;
    pause_reason: string | null;
    pause_count: Generated<number>;
    last_success_at: string | null;
    reconcile_cursor: string | null;
    backfill_cursor: string | null;
  };
  history: {
    id: Generated<number>;
    customer_id: number;
    field: string;
    before: string | null;
    after: string | null;
    origin: string;
    actor: string;
    request_id: string;
    changed_at: string;
  };
  outbox: {
    id: Generated<number>;
    customer_id: number;
    type: string;
    event: string;
    origin: string;
    actor: string;
    request_id: string;
    occurred_at: string;
  };
  failed_attempts: { key: string; failures: number; first_failed_at: string; locked_until: string | null };
  api_keys: {
    id: Generated<number>;
    name: string;
    key_hash: string;
    scopes: string;
    website_id: number | null;
    created_at: string;
    last_used_at: string | null;
    revoked_at: string | null;
  };
  settings: { name: string; value: string };
}

interface CustomersTable {
  id: Generated<number>;
  pool_id: number;
  website_id: number;
  store_id: number;
  created_in: string;
  email: string;
  normalized_email: string;
  given_name: string;
  family_name: string;
  salutation_id: number | null;
  title_id: number | null;
  language_id: number | null;
  birthday: string | null;
  gender_code: number | null;
  gender_token: string | null;
  phone: string | null;
  mobile: string | null;
  fax: string | null;
  country_code: string | null;
  level: number;
  category_id: number | null;
  debtor_number: number | null;
  has_voucher_payment: number;
  has_collective_invoice_payment: number;
  is_institution: number;
  institution: string | null;
  notes: string | null;
  payment_mode_id: number | null;
  price_target_audience_id: number | null;
  foreign_id: string | null;
  group_id: number;
  password_hash: string | null;
  unconfirmed_since: string | null;
  /** What a customer is found by, compared with `indexed_text`; the release before this one searched it. */
  search_text: string;
  /** The `search_text` whose words are in `customer_words`. */
  indexed_text: string | null;
  created_at: string;
  updated_at: string;
}
