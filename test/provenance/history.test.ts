import { beforeAll, expect, it } from 'vitest';
import type { RequestContext, Scope } from '../../src/accounts/access.ts';
import { scopes } from '../../src/accounts/access.ts';
import { demoTopology } from '../../src/demo.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { openSession, someEmail } from '../fixtures.ts';
import { houseOfSuite, loyaltyUpdate, operator, platform } from './house.ts';

const [shop] = demoTopology.shops;

describeOnBothDatabases('the history of a customer', (database) => {
  const here = houseOfSuite(database, demoTopology);
  let id: number;
  let email: string;
  const asCustomer = (): RequestContext => ({
    actor: { kind: 'customer', id },
    origin: 'gomus',
    requestId: 'own-request',
  });
  const history = (
    input: { reference?: string; field?: string; beforeId?: number; limit?: number } = {},
    context = operator,
  ) => here.accounts.getCustomerHistory({ reference: String(id), limit: 100, ...input }, context);

  beforeAll(async () => {
    const { accounts, clock } = here;
    email = someEmail();
    const changes = { email, givenName: 'Ada', familyName: 'Lovelace' };
    const newsletter = {};
    const input = { shop: shop!, changes, password: 'nine lives', newsletter, problems: [] };
    const anonymous: RequestContext = { actor: { kind: 'anonymous' }, origin: 'gomus', requestId: 'sign-up' };
    const account = await accounts.signUp(input, anonymous);
    id = account.customer.id;
    const sessionId = await openSession(here.store, id);
    for (const phone of ['1', '2', '3']) {
      clock.advance(1_000);
      const own = { account, sessionId, shop: shop!, changes: { phone }, newsletter, problems: [] };
      await accounts.updateOwnAccount(own, asCustomer());
      await accounts.signIn({ shop: shop!, email, password: 'nine lives' }, anonymous);
    }
    clock.advance(1_000);
    const identifiers = { username: email, userId: 77 };
    await accounts.applyLoyaltyUpdate(loyaltyUpdate({ identifiers, changes: { phone: '4' } }), platform);
  });

  it('has the changes newest first, each with origin, actor, request and both values', async () => {
    const { customerId, erasure, entries, nextBeforeId } = await history();
    expect([customerId, erasure, nextBeforeId]).toEqual([id, null, null]);
    expect(entries.map(({ field, before, after }) => [field, before, after])).toEqual([
      ['link.123.spaazaUserId', null, 77],
      ['phone', '3', '4'],
      ['phone', '2', '3'],
      ['phone', '1', '2'],
      ['phone', null, '1'],
      ['password', null, 'set'],
      ['familyName', '', 'Lovelace'],
      ['givenName', '', 'Ada'],
      ['email', '', email],
    ]);
    expect(entries[1]).toMatchObject({ origin: 'spaaza', actor: 'key 3 (spaaza)', requestId: 'platform-request' });
    expect(entries[2]).toMatchObject({ origin: 'gomus', actor: `customer ${id}`, requestId: 'own-request' });
    expect(entries.map(({ changedAt }) => changedAt)).toEqual(
      entries
        .map(({ changedAt }) => changedAt)
        .toSorted()
        .toReversed(),
    );
  });

  it('says of each field who wrote it last, and what it was before', async () => {
    const { lastWrites } = await history({ limit: 1 });
    expect(lastWrites.map(({ field, before, actor }) => [field, before, actor])).toEqual([
      ['email', '', 'anonymous'],
      ['familyName', '', 'anonymous'],
      ['givenName', '', 'anonymous'],
      ['link.123.spaazaUserId', null, 'key 3 (spaaza)'],
      ['password', null, 'anonymous'],
      ['phone', '3', 'key 3 (spaaza)'],
    ]);
  });

  it('comes in pages that leave nothing out and show nothing twice', async () => {
    const all = (await history()).entries;
    for (const limit of [1, 2, 4, all.length, all.length + 1]) {
      const paged: (typeof all)[number][] = [];
      let beforeId: number | undefined;
      do {
        const { entries, nextBeforeId } = await history({ limit, beforeId });
        expect(entries.length).toBeLessThanOrEqual(limit);
        paged.push(...entries);
        beforeId = nextBeforeId ?? undefined;
      } while (beforeId !== undefined);
      expect(paged).toEqual(all);
    }
  });

  it('is bounded, whatever is asked for', async () => {
    const entry = { field: 'fax', before: null, after: '1', origin: 'gomus', actor: 'x', requestId: 'x' } as const;
    const entries = Array.from({ length: 600 }, () => ({ ...entry, customerId: 888, changedAt: here.clock.now() }));
    await here.store.transaction(async (tx) => {
      await tx.history.append(entries.slice(0, 300));
      await tx.history.append(entries.slice(300));
      await tx.history.append([
        { ...entry, customerId: 888, field: 'account', before: 'active', after: 'erased', changedAt: here.clock.now() },
      ]);
    });
    expect((await history({ reference: '888', limit: 1_000_000 })).entries).toHaveLength(250);
    expect((await history({ reference: '888', limit: -1 })).entries).toHaveLength(1);
  });

  it('can be asked for one field, the sign-ins among them, which the list of changes leaves out', async () => {
    const phones = await history({ field: 'phone', limit: 2 });
    expect(phones.entries.map(({ after }) => after)).toEqual(['4', '3']);
    expect(phones.nextBeforeId).not.toBeNull();
    expect(phones.lastWrites).toEqual([phones.entries[0]]);
    const signIns = await history({ field: 'signedIn' });
    expect(signIns.entries.map(({ actor }) => actor)).toEqual(Array(3).fill(`customer ${id}`));
    expect(await history({ field: 'fax' })).toMatchObject({ entries: [], lastWrites: [], nextBeforeId: null });
  });

  it.each([
    'phones',
    '',
    'passwordHash',
    '__proto__',
    'link.123.agreedDigest',
    'link.x.memberNumber',
    'address',
    'a\u0000',
  ])('is refused for a field that is none: %j', async (field) => {
    await expect(history({ field })).rejects.toMatchObject({
      code: 'validation_failed',
      details: { problems: [{ field: 'field', rule: 'unknown', value: field }] },
    });
  });

  it('is found by e-mail too, and not for somebody who does not exist', async () => {
    expect((await history({ reference: email.toUpperCase() })).customerId).toBe(id);
    for (const reference of ['999999', 'nobody@example.org', '', '1e3', 'a\u0000b']) {
      await expect(history({ reference })).rejects.toMatchObject({ code: 'customer_not_found' });
    }
  });

  const keyOf = (...granted: Scope[]): RequestContext => ({
    actor: { kind: 'partner', keyId: 9, name: 'admin', scopes: granted, websiteId: null },
    origin: 'operator',
    requestId: 'key-request',
  });

  it('needs the right of its own: the three of the wires together do not suffice', async () => {
    const others = scopes.filter((scope) => scope !== 'admin_read');
    const reference = String(id);
    const asOf = here.clock.now();
    for (const context of [keyOf(...others), asCustomer(), { ...operator, actor: { kind: 'anonymous' } as const }]) {
      await expect(history({}, context)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(here.accounts.getCustomerAsOf({ reference, asOf }, context)).rejects.toMatchObject({
        code: 'forbidden',
      });
      await expect(here.accounts.getCustomerDetails({ reference }, context)).rejects.toMatchObject({
        code: 'forbidden',
      });
    }
    expect((await history({}, keyOf('admin_read'))).customerId).toBe(id);
  });

  it('is of a customer whose updatedAt moves on though the clock stands still or is set back', async () => {
    const reference = String(id);
    const change = async (phone: string) => {
      const input = { reference, changes: { phone }, newsletter: {}, problems: [] };
      return (await here.accounts.updateCustomer(input, operator)).customer.updatedAt;
    };
    here.clock.advance(1_000);
    const seen = [await change('5'), await change('6')];
    here.clock.advance(-60_000);
    seen.push(await change('7'), await change('7'));
    here.clock.advance(120_000);
    seen.push(await change('8'));
    const [first, ...rest] = seen.map((updatedAt) => Date.parse(updatedAt));
    expect(rest.map((ms) => ms - first!)).toEqual([1, 2, 2, 60_000]);
  });

  it('ends with the erasure: when and by whom is all that is left', async () => {
    const changes = { email: someEmail(), givenName: 'Zoë', familyName: 'Gone' };
    const { customer } = await here.accounts.createCustomer(
      { shop: shop!, changes, newsletter: {}, problems: [] },
      operator,
    );
    const reference = String(customer.id);
    await here.accounts.deleteAccount({ customerId: customer.id }, operator);
    const { erasure, entries } = await history({ reference });
    expect(erasure).toMatchObject({ field: 'account', before: 'active', after: 'erased', actor: 'operator anna' });
    expect(entries).toEqual([erasure]);
    // Whose customer it was is not known any more, so that a key of one website is told nothing.
    const bound = keyOf('admin_read');
    if (bound.actor.kind === 'partner') bound.actor.websiteId = 1;
    await expect(history({ reference }, bound)).rejects.toMatchObject({ code: 'customer_not_found' });
    expect((await history({}, bound)).customerId).toBe(id);
  });
});
