import SqliteDatabase from 'better-sqlite3';
import pg from 'pg';
import { type BulkTable, fillPostgres, fillSqlite, type Value } from '../bench/bulk.ts';
import { personOf } from '../bench/people.ts';
import { customerTables } from '../bench/seed-rows.ts';
import { normalizeEmail } from '../src/accounts/email.ts';
import { hashToken } from '../src/accounts/session.ts';
import { composeAccounts } from '../src/compose-accounts.ts';
import { loadConfig } from '../src/config.ts';
import { demoTopology } from '../src/demo.ts';
import { HashThreads } from '../src/hashing/hash-threads.ts';
import { createPasswordPrimitives } from '../src/hashing/password-primitives.ts';
import { prepareTopology } from '../src/prepare-database.ts';
import type { StorageMeasure } from './sizing.ts';

/*
 * Fills an empty database with customers and prints, as one line of JSON, the bytes that each table takes with its
 * indexes; arguments are the database's URL and the number of customers. Rows are those of a customer who signed up over
 * go~mus, was linked by the loyalty platform and signed in twice, cut to ten history rows.
 */

/** Rows of one customer in the tables that a load test leaves empty. */
const historyRows = 10;
const outboxRows = 2;
const now = new Date().toISOString();
const requestId = '758a9ed7009480ca';

const moreTables: BulkTable[] = [
  {
    name: 'sessions',
    columns: [
      'customer_id',
      'client_id',
      'token_hash',
      'rotation_seed',
      'uid',
      'expires_at',
      'created_at',
      'last_used_at',
      'network_hash',
    ],
    rowsOf: (id) => {
      const hash = hashToken(`second ${id}`);
      const secret = hash.slice(0, 22);
      return [[id, secret, hash, secret, normalizeEmail(personOf(id).email), now, now, now, hash.slice(0, 22)]];
    },
  },
  {
    name: 'history',
    columns: ['customer_id', 'field', 'before', 'after', 'origin', 'actor', 'request_id', 'changed_at'],
    rowsOf: (id) => {
      const person = personOf(id);
      const fields: [string, Value, Value][] = [
        ['givenName', '', person.givenName],
        ['familyName', '', person.familyName],
        ['email', '', person.email],
        ['address.street', '', person.street],
        ['address.postcode', null, person.postcode],
        ['address.city', null, person.city],
        ['link.123.spaazaUserId', null, person.spaazaUserId],
        ['link.123.memberNumber', null, person.memberNumber],
        ['signedIn', null, now],
        ['signedIn', null, now],
      ];
      return fields.slice(0, historyRows).map(([field, before, after]) => {
        const isByPlatform = field.includes('.');
        const [origin, actor] = isByPlatform ? ['spaaza', 'key 1 (loyalty platform)'] : ['gomus', `customer ${id}`];
        return [id, field, json(before), json(after), origin!, actor!, requestId, now];
      });
    },
  },
  {
    name: 'outbox',
    columns: ['customer_id', 'type', 'event', 'origin', 'actor', 'request_id', 'occurred_at'],
    rowsOf: (id) => {
      const event = (type: string, fields: string[]) => JSON.stringify({ type, customerId: id, fields });
      const names = ['givenName', 'familyName', 'email'];
      const linked = [
        'birthday',
        'phone',
        'address.street',
        'address.postcode',
        'address.city',
        'link.123.memberNumber',
      ];
      return [
        [id, 'customer.created', event('customer.created', names), 'gomus', 'anonymous', requestId, now],
        [id, 'customer.updated', event('customer.updated', linked), 'spaaza', 'key 1 (platform)', requestId, now],
      ].slice(0, outboxRows);
    },
  },
  {
    name: 'consent_records',
    columns: ['customer_id', 'subject', 'is_given', 'origin', 'actor', 'request_id', 'stated_at'],
    rowsOf: (id) =>
      ['newsletter:1', 'mailing:123', 'programme:123'].map((subject) => [
        id,
        subject,
        1,
        'gomus',
        `customer ${id}`,
        requestId,
        now,
      ]),
  },
];

const [url = '', size = ''] = process.argv.slice(2);
const customers = Number(size);
if (!Number.isInteger(customers) || customers < 1) throw new Error('Usage: measure-storage DATABASE_URL CUSTOMERS');
await makeSchema();
const { passwordHash, hashCpuMs } = await measureHash();
const tables = customerTables({ passwordHash, now: new Date(), normalizeEmail });
const isSqlite = url.startsWith('sqlite:');
const fill = isSqlite
  ? async (more: readonly BulkTable[]) => fillSqlite(url.slice('sqlite:'.length), more, customers)
  : (more: readonly BulkTable[]) => fillPostgres(url, more, customers);
await fill(tables);
if (!isSqlite) await alignSessions();
await fill(moreTables);
const bytes = isSqlite ? sqliteBytes(url.slice('sqlite:'.length)) : await postgresBytes();
const rows = { customer_words: 6, sessions: 2, history: historyRows, outbox: outboxRows, consent_records: 3 };
const measure: StorageMeasure = { database: isSqlite ? 'sqlite' : 'postgres', customers, rows, bytes, hashCpuMs };
process.stdout.write(`${JSON.stringify(measure)}\n`);

/** CPU time and not time: other work on the machine does not count. */
async function measureHash(): Promise<{ passwordHash: string; hashCpuMs: number }> {
  const { hashArgon2id } = createPasswordPrimitives(new HashThreads());
  // The first one starts the thread.
  const passwordHash = await hashArgon2id('Kunst-und-Kaffee-7');
  const before = process.cpuUsage();
  for (let time = 0; time < 40; time += 1) await hashArgon2id('Kunst-und-Kaffee-7');
  const { user, system } = process.cpuUsage(before);
  return { passwordHash, hashCpuMs: Math.round((user + system) / 40 / 100) / 10 };
}

async function makeSchema(): Promise<void> {
  const { deps, store } = composeAccounts({ config: loadConfig({ FOYER_DATABASE_URL: url }, 'tool') });
  try {
    await store.migrate();
    if ((await store.customers.countAll()) > 0) throw new Error('The database must be empty');
    await prepareTopology(deps, demoTopology);
  } finally {
    await store.close();
  }
}

/** The first sessions came with ids of their own; the next ones take theirs from the sequence. */
async function alignSessions(): Promise<void> {
  const { store } = composeAccounts({ config: loadConfig({ FOYER_DATABASE_URL: url }, 'tool') });
  await store.alignIdentities().finally(() => store.close());
}

/** Bytes of the pages of each table and its indexes. */
function sqliteBytes(path: string): Record<string, number> {
  const db = new SqliteDatabase(path, { readonly: true });
  try {
    const found = db
      .prepare<[], { name: string; bytes: number }>(
        `select schema.tbl_name as name, sum(stat.pgsize) as bytes
         from dbstat stat join sqlite_schema schema on schema.name = stat.name group by 1`,
      )
      .all();
    return Object.fromEntries(found.map(({ name, bytes }) => [name, bytes]));
  } finally {
    db.close();
  }
}

async function postgresBytes(): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: found } = await client.query<{ name: string; bytes: string }>(
      `select relname as name, pg_total_relation_size(oid) as bytes
       from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    );
    return Object.fromEntries(found.map(({ name, bytes }) => [name, Number(bytes)]));
  } finally {
    await client.end();
  }
}

function json(value: Value): string | null {
  return value === null ? null : JSON.stringify(value);
}
