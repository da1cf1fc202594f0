import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CustomerQuery } from '../../src/accounts/store.ts';
import * as counts from '../../src/storage/customer-counts.ts';
import { search } from '../../src/storage/customer-search.ts';
import * as words from '../../src/storage/customer-words.ts';
import * as customers from '../../src/storage/customers.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import * as failedAttempts from '../../src/storage/failed-attempts.ts';
import type { Handle } from '../../src/storage/handle.ts';
import * as history from '../../src/storage/history.ts';
import * as chainStates from '../../src/storage/loyalty-chain-state.ts';
import * as deliveries from '../../src/storage/loyalty-deliveries.ts';
import * as inbox from '../../src/storage/loyalty-inbox.ts';
import * as links from '../../src/storage/loyalty-links.ts';
import * as queue from '../../src/storage/loyalty-queue.ts';
import * as tombstones from '../../src/storage/loyalty-tombstones.ts';
import { migrationsFor } from '../../src/storage/migrations/index.ts';
import * as outbox from '../../src/storage/outbox.ts';
import * as sessions from '../../src/storage/sessions.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl, runStatement } from '../dialects.ts';
import { explain, queriesOf } from './explain.ts';

const moment = '2024-05-17T10:00:00.000Z';
const lease = { token: 't', until: moment };
const after = { queuedAt: moment, customerId: 1 };
const dead = { chainId: 123, state: 'dead' as const };
const claim = { chainId: 123, customerId: 1, revision: 1, leaseToken: 't' };

const lookups: [string, (handle: Handle) => Promise<unknown>][] = [
  ['a customer by id', (handle) => customers.findById(handle, 1)],
  ['a customer by e-mail', (handle) => customers.findByEmail(handle, 1, 'a@example.org')],
  ['a customer by foreign id', (handle) => customers.findByForeignId(handle, 'x')],
  ['a customer who signs in', (handle) => customers.findForSignIn(handle, 1, 'a@example.org')],
  ['the next customers', (handle) => customers.listIds(handle, 1, 50)],
  ['a password hash', (handle) => customers.findPasswordHash(handle, 1)],
  ['a session by client id', (handle) => sessions.findByClientId(handle, 'x')],
  ['whether a session is open', (handle) => sessions.isOpen(handle, 1)],
  ['a customer to hold by their password hash', (handle) => customers.hold(handle, 1, 'x')],
  ['a known network', (handle) => sessions.isKnownNetwork(handle, 1, 'x')],
  ['a loyalty profile by id', (handle) => links.findProfile(handle, 1, 123)],
  ['a loyalty profile by e-mail', (handle) => links.findProfileByEmail(handle, 1, 'a@example.org', 123)],
  ['a customer by platform id', (handle) => links.findCustomerIdByUserId(handle, 123, 1)],
  ['a customer by member number', (handle) => links.findCustomerIdByMemberNumber(handle, 123, 'x')],
  ['the links of a customer', (handle) => links.listByCustomer(handle, 1)],
  ['a failure counter', (handle) => failedAttempts.find(handle, 'x')],
  ['the history of a customer', (handle) => history.listByCustomer(handle, 1)],
  ['the next entries of the history', (handle) => history.listAges(handle, 1, 500)],
  ['the sign-ins of a slice of the history', (handle) => history.deleteSignIns(handle, 1, 500)],
  ['the ties of some customers', (handle) => links.listTies(handle, [1, 2])],
  ['what is known of an agreement', (handle) => links.findAgreement(handle, 1, 123)],
  ['the events of a customer', (handle) => outbox.hasEventOf(handle, 1)],
  ['what waits for a customer', (handle) => queue.find(handle, 123, 1)],
  ['whether something is due', (handle) => queue.hasDue(handle, 123, moment)],
  ['the number of dead letters', (handle) => queue.count(handle, 123, 'dead', 100)],
  ['the oldest that waits', (handle) => queue.findOldest(handle, 123)],
  ['what to claim', (handle) => queue.claim(handle, 123, 8, lease, moment)],
  ['a claim to renew', (handle) => queue.renew(handle, claim, moment)],
  ['a claim that is done', (handle) => queue.remove(handle, claim)],
  ['a page of dead letters', (handle) => deliveries.list(handle, dead, { limit: 50, after })],
  [
    'a page of dead letters by code and age',
    (handle) => deliveries.list(handle, { ...dead, errorCode: '68', queuedUntil: moment }, { limit: 50 }),
  ],
  ['the reasons of dead letters', (handle) => deliveries.group(handle, 123)],
  ['dead letters to replay', (handle) => deliveries.replay(handle, dead, [1, 2], moment)],
  ['dead letters to discard', (handle) => deliveries.discard(handle, dead, [1, 2], false)],
  ['old dead letters', (handle) => deliveries.deleteDead(handle, moment, 100)],
  ['whether a notice is due', (handle) => inbox.hasDue(handle, moment)],
  ['the number of notices that wait', (handle) => inbox.count(handle, 'waiting', 100)],
  ['the oldest notice that waits', (handle) => inbox.findOldest(handle)],
  ['the notices about a person who is gone', (handle) => inbox.deleteBySubject(handle, 123, '7')],
  ['the latest notices about a person', (handle) => inbox.listBySubject(handle, 123, '1', 5)],
  ['notices to claim', (handle) => inbox.claim(handle, 8, lease, moment)],
  ['old notices', (handle) => inbox.deleteOlder(handle, 'done', moment, 100)],
  ['a tombstone', (handle) => tombstones.find(handle, 123, 1)],
  ['a tombstone by platform id', (handle) => tombstones.findByUserId(handle, 123, 1)],
  ['a tombstone by e-mail', (handle) => tombstones.findByEmail(handle, 123, 'x')],
  ['expired sessions', (handle) => sessions.deleteExpired(handle, moment, 100)],
  ['old failure counters', (handle) => failedAttempts.deleteOlderThan(handle, moment, 100)],
  ['old tombstones', (handle) => tombstones.deleteOlder(handle, moment, 100)],
  ['the state of a chain', (handle) => chainStates.find(handle, 123)],
  ['a page of the changes of a customer', (handle) => history.listChanges(handle, 1, { limit: 50, beforeId: 7 })],
  ['a page of the history of one field', (handle) => history.listField(handle, 1, 'phone', { limit: 50, beforeId: 7 })],
  ['a page of the sign-ins of a customer', (handle) => history.listField(handle, 1, 'signedIn', { limit: 50 })],
  ['the newest entry of each field', (handle) => history.listLastByField(handle, 1)],
  ['an earlier e-mail', (handle) => history.hadEmail(handle, 1, 'a@example.org')],
];

const byWord = /customer_words_pk|customer_words USING PRIMARY KEY \(word>\? AND word<\?\)/;
const byCustomer = /customer_words_customer(?: \(customer_id=\? AND word>\? AND word<\?\))?$/m;
const common = Array(500).fill(1).join();
const ofWebsite = /customers (?:USING COVERING INDEX )?customers_website/;

/** What is searched for, the rows that the first queries are told, and what the plan of each query must name. */
const searches: [string, Partial<CustomerQuery>, unknown[][], RegExp[][]][] = [
  ['a page of all', { words: [] }, [], [[], [/customers/]]],
  ['a page of a website', { words: [], websiteId: 1 }, [], [[/customer_counts/], [ofWebsite]]],
  ['a page far behind', { words: [], page: 40_000 }, [[{ block: 15, customers: 10_000_000 }]], [[], [/customers/]]],
  ['those with a word', { words: ['a'] }, [[{ list0: '1,2' }]], [[byWord], [/customers/]]],
  [
    'those with two words, one of them rare',
    { words: ['a', 'b'] },
    [[{ list0: common, list1: '1,2' }], [{ id: 1 }]],
    [[byWord], [byCustomer], [/customers/]],
  ],
  [
    'those with two common words',
    { words: ['a', 'b'] },
    [[{ list0: common, list1: common }], [{ ids: '1' }]],
    [[byWord], [byWord], [/customers/]],
  ],
  [
    'those of a website',
    { words: ['a'], websiteId: 1 },
    [[{ list0: '1,2' }], [{ id: 1, website_id: 1 }]],
    [[byWord], [/customers/], [/customers/]],
  ],
  [
    'those of a website with a common word',
    { words: ['a'], websiteId: 1 },
    [[{ list0: common }]],
    [[byWord], [byWord, /customers/]],
  ],
];

const many = Array.from({ length: 250 }, (_, index) => index + 1);
/** Changes of rows whose keys are known by then, with their table. PostgreSQL goes by how many rows there are. */
const changesByKey: [string, RegExp, (handle: Handle) => Promise<unknown>][] = [
  ['rows that are claimed', /loyalty_queue/, (handle) => queue.claim(handle, 123, 8, lease, moment)],
  ['notices that are claimed', /loyalty_inbox/, (handle) => inbox.claim(handle, 8, lease, moment)],
  ['rows that are replayed', /loyalty_queue/, (handle) => deliveries.replay(handle, dead, many, moment)],
  ['rows that are discarded', /loyalty_queue/, (handle) => deliveries.discard(handle, dead, many, true)],
  ['rows that are too old', /loyalty_queue/, (handle) => deliveries.deleteDead(handle, moment, 100)],
];

describe.each(databaseKinds)('indexes (%s)', (kind) => {
  let fresh: FreshDatabase;
  let database: Database;

  beforeAll(async () => {
    fresh = await freshDatabaseUrl(kind);
    database = openDatabase({ url: fresh.url, poolSize: 2, statementTimeoutMs: 10_000 });
    await database.migrate(migrationsFor);
  });

  afterAll(async () => {
    await database.close();
    await fresh.drop();
  });

  it.each(lookups)('lead to %s without a scan', async (_, lookup) => {
    const [query, ...more] = await queriesOf(database.reader, lookup);
    expect(more).toEqual([]);
    const plan = await explain(kind, database, query!);
    expect(plan.length).toBeGreaterThan(0);
    expect(plan.filter((step) => !step.usesIndex)).toEqual([]);
  });

  it.each(searches)('lead to %s without a scan', async (_, query, answers, expected) => {
    const all = { words: [], websiteId: null, page: 1, perPage: 25, ...query };
    const queries = await queriesOf(database.reader, (handle) => search(handle, all), answers);
    const found: string[] = [];
    for (const each of queries) {
      const plan = await explain(kind, database, each);
      expect(plan.filter(({ usesIndex, text }) => !usesIndex && !text.includes('customer_counts'))).toEqual([]);
      found.push(plan.map(({ text }) => text).join('\n'));
    }
    expect(found).toHaveLength(expected.length);
    for (const [index, names] of expected.entries()) {
      for (const name of names) expect(found[index]).toMatch(name);
    }
  });

  it('lead from a notice to an elder one of the same person that waits, past those that are done', async () => {
    const notices = (count: number, state: string, subject: string) => `
      insert into loyalty_inbox (chain_id, digest, subject, body, state, received_at, due_at, attempts, request_id)
      with recursive notice(n) as (select 1 union all select n + 1 from notice where n < ${count})
      select 123, '${state}' || ${subject} || n, ${subject}, '', '${state}', '${moment}', '${moment}', 0, '' from notice`;
    await runStatement(fresh.url, [notices(3_000, 'done', `'7'`), notices(600, 'waiting', `'' || n`)].join(';'));
    await runStatement(fresh.url, kind === 'sqlite' ? 'analyze' : 'vacuum analyze');
    const [query] = await queriesOf(database.reader, (handle) => inbox.claim(handle, 8, lease, moment));
    const plan = await explain(kind, database, query!);
    await runStatement(fresh.url, 'delete from loyalty_inbox');
    expect(plan.map(({ text }) => text).join('\n')).toContain('loyalty_inbox_person');
  });

  it.each(kind === 'sqlite' ? changesByKey : [])(
    'lead to %s by their key, not through all of their state',
    async (_, table, change) => {
      const [query] = await queriesOf(database.reader, change);
      const plan = await explain(kind, database, query!);
      const changed = plan.find(({ text }) => table.test(text));
      expect(changed?.text).toMatch(/\((?:chain_id=\? AND customer_id=\?|rowid=\?)\)$/);
    },
  );

  it('are gone through in their order where a few of many are wanted', async () => {
    const [expired] = await queriesOf(database.reader, (handle) => sessions.deleteExpired(handle, moment, 100));
    const [due] = await queriesOf(database.reader, (handle) => queue.hasDue(handle, 123, moment));
    expect(expired!.sql).toMatch(/order by "expires_at" limit/);
    expect(due!.sql).toMatch(/order by "due_at" limit/);
  });

  it('lead to the oldest events in their order, so that no more of them are read than taken', async () => {
    const [query] = await queriesOf(database.reader, (handle) => outbox.take(handle, 100));
    const plan = await explain(kind, database, query!);
    const oldest = kind === 'sqlite' ? plan.at(-1) : plan.find(({ text }) => text.startsWith('Index Only Scan'));
    expect(oldest?.text).toMatch(/^(?:SCAN outbox|Index Only Scan outbox outbox_pkey)$/);
    expect(query!.sql).toMatch(/order by "id" limit/);
  });

  it('lead to the changes of a customer past any number of sign-ins', async () => {
    const entry = { customerId: 1, before: null, after: null, origin: 'gomus', actor: 'x', requestId: 'x' } as const;
    const changedAt = '2024-05-17T10:00:00.000Z';
    const signIns = Array.from({ length: 500 }, () => ({ ...entry, field: 'signedIn', changedAt }));
    await database.transaction(async (handle) => {
      await history.append(handle, [{ ...entry, field: 'phone', changedAt }]);
      for (let count = 0; count < 10; count += 1) await history.append(handle, signIns);
    });
    await database.transaction((handle) => handle.run(CompiledQuery.raw('analyze')));
    const lookups = [
      (handle: Handle) => history.listChanges(handle, 1, { limit: 50 }),
      (handle: Handle) => history.listField(handle, 1, 'phone', { limit: 50 }),
      (handle: Handle) => history.listLastByField(handle, 1),
      (handle: Handle) => history.hadEmail(handle, 1, 'a@example.org'),
    ];
    for (const lookup of lookups) {
      const [query] = await queriesOf(database.reader, lookup);
      const plan = await explain(kind, database, query!);
      expect(plan.map(({ text }) => text).join('\n')).toContain('history_changes');
    }
  });

  it('lead from a rare word to the other words of those few customers', async () => {
    const people = `with recursive person(n) as (select 1 union all select n + 1 from person where n < 5000)`;
    await runStatement(
      fresh.url,
      `insert into customers (id, pool_id, website_id, store_id, created_in, email, normalized_email, given_name,
         family_name, level, group_id, search_text, indexed_text, created_at, updated_at)
       ${people} select n, 1, 1, 1, '', n, n, '', '', 20, 1, '', '', '', '' from person;
       insert into customer_words (word, customer_id) ${people} select 'common', n from person;
       insert into customer_words (word, customer_id) ${people} select 'rare' || n, n from person`,
    );
    await runStatement(fresh.url, kind === 'sqlite' ? 'analyze' : 'vacuum analyze');
    const query = { words: ['common', 'rare77'], websiteId: null, page: 1, perPage: 25 };
    const [, found] = await queriesOf(database.reader, (handle) => search(handle, query), [
      [{ list0: common, list1: '77' }],
    ]);
    const plan = (await explain(kind, database, found!)).map(({ text }) => text).join('\n');
    expect(plan).toMatch(byCustomer);
  });

  it('lead to the next customers who may lack words, and past a gap', async () => {
    const queries = await queriesOf(database.reader, (handle) => words.index(handle, 7, 100));
    expect(queries).toHaveLength(2);
    for (const query of queries) {
      const plan = await explain(kind, database, query);
      expect(plan.filter((step) => !step.usesIndex)).toEqual([]);
    }
  });

  it('lead to those of a block of customers, and to the next block', async () => {
    const queries = await queriesOf(database.reader, (handle) => counts.recount(handle, 3));
    expect(queries).toHaveLength(2);
    for (const query of queries) {
      const plan = await explain(kind, database, query);
      const ofCustomers = plan.filter(({ text }) => /customers\b/.test(text));
      expect(ofCustomers.map(({ usesIndex }) => usesIndex)).toEqual([true]);
    }
  });

  it('are seen to be missing where there is none', async () => {
    const [query] = await queriesOf(database.reader, (handle) =>
      handle.run(handle.db.selectFrom('customers').select('id').where('given_name', '=', 'x').compile()),
    );
    expect((await explain(kind, database, query!)).some((step) => !step.usesIndex)).toBe(true);
  });
});
