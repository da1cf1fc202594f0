import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestContext } from '../../src/accounts/access.ts';
import { createAccounts } from '../../src/accounts/index.ts';
import { demoTopology } from '../../src/demo.ts';
import { databaseKinds, type FreshDatabase } from '../dialects.ts';
import { openSession } from '../fixtures.ts';
import { demoDatabase } from './demo-database.ts';
import { bundledBinary } from './run-foyer.ts';

const foyer = bundledBinary();
const [shop] = demoTopology.shops;

describe.each(databaseKinds)('foyer customer history on %s', (kind) => {
  let database: FreshDatabase;
  let env: Record<string, string>;
  let erased: number;
  const history = (...args: string[]) => foyer.run(['customer', 'history', ...args], env);

  beforeAll(async () => {
    ({ database, env } = await demoDatabase(kind, async ({ deps, store }) => {
      // Seven changes over two hours of a day long past.
      let now = '2024-05-17T10:00:00.250Z';
      const then = createAccounts({ ...deps, now: () => now });
      const own: RequestContext = { actor: { kind: 'customer', id: 402 }, origin: 'gomus', requestId: 'own-request' };
      const change = async (changes: object, newsletter = {}) => {
        const account = (await store.customers.findById(402))!;
        const sessionId = await openSession(store, 402);
        await then.updateOwnAccount({ account, sessionId, shop: shop!, changes, newsletter, problems: [] }, own);
      };
      await change({ mobile: '0151 1', phone: 'x'.repeat(60) });
      now = '2024-05-17T11:00:00.500Z';
      await change({ mobile: '0151 2' }, { groupIds: [2] });
      now = '2024-05-17T12:00:00.750Z';
      const partner: RequestContext = {
        actor: { kind: 'partner', keyId: 7, name: 'crm\u001b[2J', scopes: ['customer_write'], websiteId: null },
        origin: 'gomus',
        requestId: 'partner-request',
      };
      const changes = { mobile: null, notes: 'two\nlines' };
      await then.updateCustomer({ reference: '402', changes, newsletter: {}, problems: [] }, partner);
      await then.signIn({ shop: shop!, email: 'shop-customer@giantmonkey.de', password: 'meowmeowmeow' }, own);
      const gone = { email: 'gone@example.org', givenName: 'Gone', familyName: 'Girl' };
      const operator: RequestContext = {
        actor: { kind: 'operator', name: 'anna' },
        origin: 'operator',
        requestId: 'op',
      };
      const made = await then.createCustomer({ shop: shop!, changes: gone, newsletter: {}, problems: [] }, operator);
      erased = made.customer.id;
      await then.deleteAccount({ customerId: erased }, operator);
    }));
  });
  afterAll(() => database.drop());

  it('shows the last write of each field and all changes, newest first, in aligned columns', async () => {
    const { code, stdout, stderr } = await history('402');
    expect([code, stderr]).toEqual([0, '']);
    const [lastWrites, changes] = stdout.split('\n\n').map((part) => part.trimEnd().split('\n'));
    expect(lastWrites).toEqual([
      'Customer 402, last write of each field',
      'FIELD              LAST WRITTEN                 VALUE                             BEFORE    BY                    FROM   REQUEST',
      'mobile             2024-05-17 12:00:00.750 UTC  -                                 "0151 2"  key 7 (crm\\u{1b}[2J)  gomus  partner-request',
      'newsletter_groups  2024-05-17 11:00:00.500 UTC  "2"                               "8,1"     customer 402          gomus  own-request',
      'notes              2024-05-17 12:00:00.750 UTC  "two\\nlines"                      -         key 7 (crm\\u{1b}[2J)  gomus  partner-request',
      `phone              2024-05-17 10:00:00.250 UTC  "${'x'.repeat(30)}…  -         customer 402          gomus  own-request`,
    ]);
    expect(changes?.slice(0, 2)).toEqual([
      'All changes, newest first',
      expect.stringMatching(/^WHEN +FIELD +BEFORE +AFTER +BY +FROM +REQUEST$/),
    ]);
    expect(changes?.slice(2).map((line) => line.slice(0, 45).trimEnd())).toEqual(
      [
        '2024-05-17 12:00:00.750 UTC  notes',
        '2024-05-17 12:00:00.750 UTC  mobile',
        '2024-05-17 11:00:00.500 UTC  newsletter_group',
        '2024-05-17 11:00:00.500 UTC  mobile',
        '2024-05-17 10:00:00.250 UTC  phone',
        '2024-05-17 10:00:00.250 UTC  mobile',
      ].map((line) => expect.stringContaining(line)),
    );
    expect(new Set(changes?.slice(1).map((line) => line.indexOf('gomus'))).size).toBe(2);
  });

  it('shows one field, in either spelling, and the sign-ins on their own', async () => {
    const { stdout } = await history('shop-customer@giantmonkey.de', '--field', 'newsletter_groups');
    expect(stdout.split('\n')).toHaveLength(4);
    expect(stdout).toMatch(/^Customer 402, all writes of newsletter_groups, newest first\nWHEN/);
    expect((await history('402', '--field', 'newsletterGroups')).stdout).toBe(stdout);
    expect((await history('402', '--field', 'signed_in')).stdout).toMatch(
      /signed_in +- +"2024-05-17T12:00:00.750Z" +customer 402/,
    );
    expect((await history('402', '--field', 'fax')).stdout).toBe('Customer 402\nNothing is recorded of fax.\n');
    expect((await history('1')).stdout).toBe('Customer 1\nNothing is recorded.\n');
  });

  it('shows as many changes as asked for, and says on stderr that there are more', async () => {
    const { stdout, stderr } = await history('402', '--field', 'mobile', '--limit', '2');
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
    expect(stderr).toBe('There are older changes: --limit shows more.\n');
    expect((await history('402', '--field', 'mobile', '--limit', '3')).stderr).toBe('');
  });

  it('gives the same as JSON, values whole', async () => {
    const { document } = await foyer.json(['customer', 'history', '402', '--limit', '5'], env);
    expect(document).toMatchObject({ customer_id: 402, erasure: null, has_more: true });
    const { entries, last_writes } = document as { entries: unknown[]; last_writes: unknown[] };
    expect(entries).toHaveLength(5);
    expect(entries.at(-1)).toEqual({
      id: expect.any(Number),
      field: 'phone',
      before: null,
      after: 'x'.repeat(60),
      origin: 'gomus',
      actor: 'customer 402',
      request_id: 'own-request',
      changed_at: '2024-05-17T10:00:00.250Z',
    });
    expect(last_writes).toHaveLength(4);
    expect(document).not.toHaveProperty('next_cursor');
  });

  it('rebuilds the record as it was, to the millisecond, with the time as it is printed', async () => {
    const mobileAt = async (time: string) => {
      const { code, stdout, stderr } = await history('402', '--as-of', time);
      expect([code, stderr]).toEqual([0, '']);
      return /^ {2}mobile +(.*)$/m.exec(stdout)?.[1];
    };
    expect(await mobileAt('2024-05-17 10:00:00.249 UTC')).toBeUndefined();
    expect(await mobileAt('2024-05-17 10:00:00.250 UTC')).toBe('0151 1');
    expect(await mobileAt('2024-05-17T13:00:00.499+02:00')).toBe('0151 1');
    // Berlin is two hours ahead.
    expect(await mobileAt('2024-05-17 13:30')).toBe('0151 2');
    expect(await mobileAt('2024-05-18')).toBeUndefined();
    const { stdout } = await history('402', '--as-of', '2024-05-17T10:30:00Z');
    expect(stdout).toMatch(
      /^Customer 402 as of 2024-05-17 10:30:00\.000 UTC; 4 fields were written since\n {2}name +Bruce Wayne\n/,
    );
    expect(stdout).toMatch(/^ {2}updated +2024-05-17 10:00:00 UTC$/m);
    expect(stdout).toMatch(/^ {2}newsletter 8 +Night at the museum$/m);
    expect(stdout).not.toMatch(/newsletter 2|notes|not certain|recorded/);
  });

  it('says what is not certain, and since when there is a history', async () => {
    const { stdout } = await history('402', '--as-of', '2024-05-17');
    expect(stdout).toContain(
      '  recorded       since 2024-05-17 10:00:00.250 UTC only: earlier changes, if any, are not known\n',
    );
    expect(stdout).toContain('  not certain    updated_at\n');
    const { document } = await foyer.json(['customer', 'history', '402', '--as-of', '2024-05-17'], env);
    expect(document).toMatchObject({
      as_of: '2024-05-16T22:00:00.000Z',
      customer: { id: 402, mobile: '', newsletter_groups: [{ id: 1 }, { id: 8 }] },
      uncertain_fields: ['updated_at'],
      recorded_since: '2024-05-17T10:00:00.250Z',
      changes_since: 6,
    });
  });

  it('says of an erased account when and by whom, and ends with 4 for its record', async () => {
    const sentence = `Customer ${erased} was erased 2024-05-17 12:00:00.750 UTC by operator anna, from operator, request op. Nothing else is kept.\n`;
    expect(await history(String(erased))).toEqual({ code: 0, stdout: sentence, stderr: '' });
    const refusal = `foyer: Customer ${erased} was erased 2024-05-17 12:00:00 UTC by operator anna; nothing else is kept.\n`;
    expect(await history(String(erased), '--as-of', '2024-05-17')).toEqual({ code: 4, stdout: '', stderr: refusal });
    expect(await foyer.run(['customer', 'show', String(erased)], env)).toEqual({
      code: 4,
      stdout: '',
      stderr: refusal,
    });
  });

  it('ends with 4 for nobody and for a moment before the customer was there', async () => {
    for (const reference of ['999', 'nobody@example.org', 'gone@example.org', 'nothing']) {
      expect(await history(reference)).toEqual({ code: 4, stdout: '', stderr: 'foyer: There is no such customer.\n' });
    }
    const { code, stderr } = await history('402', '--as-of', '2020-05-12');
    expect([code, stderr]).toEqual([
      4,
      'foyer: There was no such customer then: it was created 2020-05-12 09:51:26.000 UTC.\n',
    ]);
    expect((await foyer.json(['customer', 'history', '402', '--as-of', '2020-05-12'], env)).document).toMatchObject({
      error: { code: 'not_created_yet' },
    });
  });

  it('ends with 1 for a moment to come', async () => {
    const { code, stdout, stderr } = await history('402', '--as-of', '9999-01-01');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('time: lies in the future');
  });
});

describe('foyer customer history on a mistaken command line', () => {
  it('lists the fields there are, and the one that was probably meant', async () => {
    const { code, stdout, stderr } = await foyer.run(['customer', 'history', '1', '--field', 'moble']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^foyer: There is no field "moble"\. Did you mean mobile\? The fields are:\n {2}email, given_name/,
    );
    expect(stderr).toContain('link.CHAIN.member_number');
    expect(Math.max(...stderr.split('\n').map((line) => line.length))).toBeLessThan(110);
    const { document } = await foyer.json(['customer', 'history', '1', '--field', 'zzz']);
    expect(document).toMatchObject({
      error: { code: 'unknown_field', message: 'There is no field "zzz". The fields are:' },
    });
  });

  it.each([
    ['a time that is none', ['--as-of', 'yesterday'], '"yesterday" is no time; write 2024-05-17'],
    ['a day that is none', ['--as-of', '2024-02-30'], '"2024-02-30" is no time'],
    [
      'a field of a record as it was',
      ['--as-of', '2024-05-17', '--field', 'phone'],
      "cannot be used with option '--field",
    ],
    ['a limit of a record as it was', ['--as-of', '2024-05-17', '--limit', '3'], "cannot be used with option '--limit"],
    ['no changes at all', ['--limit', '0'], 'It is a whole number from 1 to 10000.'],
    ['too many changes', ['--limit', '10001'], 'It is a whole number from 1 to 10000.'],
    ['a zone that is none', ['--as-of', '2024-05-17'], 'FOYER_TIMEZONE', { FOYER_TIMEZONE: 'Europe/Nowhere' }],
  ])('refuses %s with exit code 2', async (_what, args, message, env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await foyer.run(['customer', 'history', '1', ...args], env);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});
