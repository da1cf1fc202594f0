import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CustomerChanges } from '../../src/accounts/customer.ts';
import type { CustomerDetails } from '../../src/accounts/customer-details.ts';
import { readHistoryField } from '../../src/accounts/history-fields.ts';
import { createAccounts } from '../../src/accounts/index.ts';
import { emptyLink, type LoyaltyLink } from '../../src/accounts/loyalty-link.ts';
import type { TopologyData } from '../../src/accounts/topology.ts';
import { changeCustomer } from '../../src/accounts/update-customer.ts';
import { demoTopology } from '../../src/demo.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { addCustomer, at, openSession, someEmail } from '../fixtures.ts';
import { houseOfSuite, loyaltyUpdate, operator, platform } from './house.ts';

const [website] = demoTopology.websites;
const [shop] = demoTopology.shops;
const [chain] = demoTopology.chains;

/** A website whose general newsletter and mailing flag follow each other, and a second one on a chain of its own. */
const house: TopologyData = {
  ...demoTopology,
  chains: [chain!, { ...chain!, id: 456 }],
  websites: [
    { ...website!, couplesNewsletter: true },
    { ...website!, id: 2, code: 'outlet', chainId: 456 },
  ],
  shops: [shop!, { ...shop!, id: 2, code: 'outlet', websiteId: 2, hosts: [], isDefault: false }],
};

type Step =
  | { do: 'update'; changes: CustomerChanges; groupIds?: number[]; email?: true; password?: true }
  | { do: 'record'; changes: CustomerChanges; groupIds?: number[] }
  | { do: 'platform'; chainId: 123 | 456; update: Parameters<typeof loyaltyUpdate>[0]; userId?: true; member?: string }
  | { do: 'signIn' };

const text = fc.constantFrom('', 'a', 'b', ' c ', 'Zoë 👩‍🎨', 'null');
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const some = <T extends object>(fields: { [Name in keyof T]: fc.Arbitrary<T[Name]> }) =>
  fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
const groupIds = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
const name = fc.constantFrom('Ada', 'Grace', 'Zoë');
const own = some<CustomerChanges>({
  givenName: name,
  familyName: name,
  salutationId: optional(fc.constantFrom(1, 2)),
  languageId: optional(fc.constantFrom(1, 2)),
  phone: optional(text),
  mobile: optional(text),
  fax: optional(text),
});
const partners = some<CustomerChanges>({
  notes: optional(text),
  categoryId: optional(fc.constantFrom(1, 2)),
  level: fc.constantFrom(20, 30),
  hasVoucherPayment: fc.boolean(),
  institution: optional(text),
});
const platforms = fc.record({
  changes: some<CustomerChanges>({
    givenName: name,
    birthday: optional(fc.constantFrom('1990-01-01', '2000-02-29')),
    genderCode: optional(fc.constantFrom(1 as const, 2 as const)),
    genderToken: optional(fc.constantFrom('M', 'female')),
    phone: optional(text),
  }),
  address: some({
    street: fc.constantFrom('', 'Kade 1', 'Dam'),
    houseNumber: fc.constantFrom('', '7'),
    postcode: optional(fc.constantFrom('', '1000AA')),
    city: optional(fc.constantFrom('', 'Amsterdam')),
    countryCode: optional(fc.constantFrom('NL', 'DE')),
  }),
  consents: some({
    isMailingSubscribed: fc.boolean(),
    isPrintedMailingSubscribed: fc.boolean(),
    isProgrammeOptedIn: fc.boolean(),
  }),
  isErasure: fc.nat(6).map((roll) => roll === 0),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record(
      { do: fc.constant('update' as const), changes: own, groupIds },
      { requiredKeys: ['do', 'changes'] },
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'update', changes: {}, email: true }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'update', changes: {}, password: true }) },
  {
    weight: 2,
    arbitrary: fc.record(
      { do: fc.constant('record' as const), changes: partners, groupIds },
      { requiredKeys: ['do', 'changes'] },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        do: fc.constant('platform' as const),
        chainId: fc.constantFrom(123 as const, 456 as const),
        update: platforms,
        userId: fc.constant(true as const),
        member: fc.constantFrom('M-1', 'M-2'),
      },
      { requiredKeys: ['do', 'chainId', 'update'] },
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'signIn' }) },
);

/** Milliseconds that pass before a step; none at all now and then, so that two changes share a moment. */
const timed = fc.tuple(fc.constantFrom(0, 1, 7, 86_400_000), step);
const beginning = fc.record({
  by: fc.constantFrom('signUp' as const, 'partner' as const, 'platform' as const),
  hasPassword: fc.boolean(),
  groupIds,
  changes: own,
});

describeOnBothDatabases('the record of a customer as of a moment', (database) => {
  const here = houseOfSuite(database, house);
  let userIds = 0;

  /** Lets a customer come to be; gives the id. */
  async function begin({
    by,
    hasPassword,
    groupIds,
    changes,
  }: typeof beginning extends fc.Arbitrary<infer T> ? T : never) {
    const { accounts } = here;
    const all = { givenName: 'Ada', familyName: 'Lovelace', ...changes, email: someEmail() };
    const newsletter = { groupIds };
    if (by === 'signUp') {
      const input = { shop: shop!, changes: all, password: 'nine lives', newsletter, problems: [] };
      return (await accounts.signUp(input, { ...operator, actor: { kind: 'anonymous' }, origin: 'gomus' })).customer.id;
    }
    if (by === 'partner') {
      const input = { shop: shop!, changes: all, newsletter, problems: [] };
      return (await accounts.createCustomer(input, operator)).customer.id;
    }
    const password = hasPassword ? { password: 'Nine-Lives-9' } : {};
    const update = loyaltyUpdate({
      changes: all,
      identifiers: { username: all.email },
      createIfMissing: true,
      ...password,
    });
    return (await accounts.applyLoyaltyUpdate({ ...update, chainId: 123 }, platform)).profile.customer.id;
  }

  async function take(id: number, taken: Step): Promise<void> {
    const { accounts, deps, store } = here;
    const asCustomer = { ...operator, actor: { kind: 'customer', id } as const, origin: 'gomus' as const };
    if (taken.do === 'update') {
      const changes = taken.email ? { ...taken.changes, email: someEmail() } : taken.changes;
      const password = taken.password ? { password: { newPassword: 'ten lives' } } : {};
      const newsletter = { groupIds: taken.groupIds };
      const account = (await store.customers.findById(id))!;
      const sessionId = await openSession(store, id);
      const input = { account, sessionId, shop: shop!, changes, newsletter, problems: [], ...password };
      await accounts.updateOwnAccount(input, asCustomer);
    } else if (taken.do === 'record') {
      const { changes, groupIds } = taken;
      await accounts.updateCustomer(
        { reference: String(id), changes, newsletter: { groupIds }, problems: [] },
        operator,
      );
    } else if (taken.do === 'platform') {
      userIds += 1;
      // The one who is found by our id must be of the chain; the second website shares the pool, so by e-mail.
      const username = (await store.customers.findById(id))!.customer.email;
      // Nobody is untied because somebody else was erased.
      const userId = taken.userId && !taken.update?.isErasure && { userId: userIds };
      const memberNumber = taken.member && { memberNumber: taken.member };
      const identifiers = { username, ...userId, ...(userId && memberNumber) };
      await accounts.applyLoyaltyUpdate(
        { ...loyaltyUpdate({ ...taken.update, identifiers }), chainId: taken.chainId },
        platform,
      );
    } else {
      const { customer } = (await store.customers.findById(id))!;
      const entry = {
        field: 'signedIn',
        before: null,
        after: deps.now(),
        customerId: customer.id,
        changedAt: deps.now(),
      };
      await store.transaction((tx) =>
        tx.history.append([{ ...entry, origin: 'gomus', actor: `customer ${id}`, requestId: 'sign-in' }]),
      );
    }
  }

  const now = (id: number) => here.accounts.getCustomerDetails({ reference: String(id) }, operator);
  const asOf = (id: number, moment: string) =>
    here.accounts.getCustomerAsOf({ reference: String(id), asOf: moment }, operator);

  it('is what it was, after any sequence of verbs', async () => {
    await fc.assert(
      fc.asyncProperty(beginning, fc.array(timed, { minLength: 1, maxLength: 12 }), async (first, steps) => {
        here.clock.advance(5);
        const id = await begin(first);
        const born = here.clock.now();
        const remembered = new Map<string, CustomerDetails>();
        /** What the clock said when `updatedAt` became what it is. */
        const movedAt = new Map<string, string>();
        let present = '';
        const remember = async () => {
          const record = comparable(await now(id));
          remembered.set(here.clock.now(), record);
          present = record.customer.updatedAt;
          if (!movedAt.has(present)) movedAt.set(present, here.clock.now());
        };
        await remember();
        for (const [pause, taken] of steps) {
          here.clock.advance(pause);
          await take(id, taken);
          await remember();
        }
        for (const [moment, record] of remembered) {
          const rebuilt = await asOf(id, moment);
          // Of changes that share a millisecond each moves updatedAt on by one; the history has what the clock said.
          const updatedAt = record.customer.updatedAt === present ? present : movedAt.get(record.customer.updatedAt);
          expect({ moment, record: comparable(rebuilt.details) }).toEqual({
            moment,
            record: { ...record, customer: { ...record.customer, updatedAt } },
          });
          expect(rebuilt).toMatchObject({ asOf: moment, uncertainFields: [], recordedSince: null });
        }
        await expect(asOf(id, before(born))).rejects.toMatchObject({
          code: 'not_created_yet',
          details: { createdAt: born },
        });
        const entries = await here.store.history.listByCustomer(id);
        expect(entries.filter(({ field }) => readHistoryField(field) === undefined)).toEqual([]);
        expect(JSON.stringify(entries)).not.toMatch(/argon2|lives/i);
      }),
      { numRuns: 20 },
    );
  });

  it('is never torn between two changes, however many nodes write at once', async () => {
    const id = await begin({ by: 'signUp', hasPassword: true, groupIds: [1], changes: {} });
    // The clocks of two nodes differ by two seconds.
    const other = createAccounts({ ...here.deps, store: database.open(), now: () => later(here.clock.now(), 2_000) });
    const writers = Array.from({ length: 12 }, (_, index) => {
      here.clock.advance(1);
      const changes = { phone: String(index), mobile: String(index) };
      const input = { reference: String(id), changes, newsletter: { groupIds: [1 + (index % 3)] }, problems: [] };
      return (index % 2 === 0 ? here.accounts : other).updateCustomer(input, operator);
    });
    const readers = Array.from({ length: 8 }, () => asOf(id, here.clock.now()));
    await Promise.all(writers);
    const whole = (details: CustomerDetails) => details.customer.phone === details.customer.mobile;
    for (const { details, uncertainFields } of await Promise.all(readers)) {
      expect([whole(details), uncertainFields]).toEqual([true, []]);
    }
    here.clock.advance(10_000);
    const entries = await here.store.history.listByCustomer(id);
    for (const moment of new Set(entries.map(({ changedAt }) => changedAt))) {
      const { details, uncertainFields } = await asOf(id, moment);
      expect([whole(details), uncertainFields]).toEqual([true, []]);
    }
    expect(comparable((await asOf(id, here.clock.now())).details)).toEqual(comparable(await now(id)));
  });

  it('takes back more changes than are read at once', async () => {
    const id = await begin({ by: 'partner', hasPassword: false, groupIds: [], changes: { phone: '0' } });
    const born = here.clock.now();
    for (let change = 1; change <= 260; change += 1) {
      here.clock.advance(1);
      await take(id, { do: 'record', changes: { phone: String(change) } });
    }
    const { details, changesSince, recordedSince } = await asOf(id, later(born, 5));
    expect([details.customer.phone, changesSince, recordedSince]).toEqual(['5', 255, null]);
  });

  it('does not take a decision between both sides for a change of the record', async () => {
    const id = await begin({ by: 'signUp', hasPassword: true, groupIds: [], changes: { phone: '1' } });
    const born = here.clock.now();
    here.clock.advance(1_000);
    const decision = { field: 'conflict.123.phone', before: { agreed: '0', ours: '1', theirs: '2' }, after: 'ours' };
    await here.store.transaction(async (tx) => {
      const current = (await tx.customers.lock(id))!;
      await changeCustomer(here.deps, tx, platform, current, { others: [decision] }, here.clock.now());
    });
    const decided = here.clock.now();
    expect((await now(id)).customer.updatedAt).toBe(born);
    here.clock.advance(1_000);
    await take(id, { do: 'update', changes: { phone: '3' } });
    for (const moment of [born, decided]) {
      const { details, uncertainFields } = await asOf(id, moment);
      expect([details.customer.phone, details.customer.updatedAt, uncertainFields]).toEqual(['1', born, []]);
    }
    expect(await here.store.history.listField(id, decision.field, { limit: 1 })).toMatchObject([decision]);
  });

  it('says since when it is recorded where a customer came without a history', async () => {
    const id = await addCustomer(here.store, { createdAt: at(-1_000), updatedAt: at(-500), phone: 'old' });
    expect(await asOf(id, at(-400))).toMatchObject({ recordedSince: null, uncertainFields: [], changesSince: 0 });
    expect(await asOf(id, at(-600))).toMatchObject({ recordedSince: at(-500), changesSince: 0 });
    here.clock.advance(1_000);
    const changed = here.clock.now();
    await take(id, { do: 'update', changes: { phone: 'new' } });
    const rebuilt = await asOf(id, at(-600));
    expect(rebuilt).toMatchObject({ recordedSince: changed, uncertainFields: ['updatedAt'], changesSince: 1 });
    expect(rebuilt.details.customer.phone).toBe('old');
    expect(await asOf(id, changed)).toMatchObject({ recordedSince: null, uncertainFields: [], changesSince: 0 });
  });

  it('marks the fields that somebody changed behind the back of the history', async () => {
    const id = await begin({ by: 'signUp', hasPassword: true, groupIds: [], changes: { phone: '1', fax: '1' } });
    const born = here.clock.now();
    here.clock.advance(1_000);
    await take(id, { do: 'update', changes: { phone: '2', fax: '2' } });
    await here.statement(`update customers set fax = '3' where id = ${id}`);
    const { details, uncertainFields } = await asOf(id, born);
    expect([details.customer.phone, uncertainFields]).toEqual(['1', ['fax']]);
  });

  it('marks a password that was written down without saying whether there was one before', async () => {
    const id = await begin({ by: 'signUp', hasPassword: true, groupIds: [], changes: {} });
    const born = here.clock.now();
    here.clock.advance(1_000);
    await take(id, { do: 'update', changes: {}, password: true });
    await here.statement(
      `update history set before = null, after = null where customer_id = ${id} and field = 'password'`,
    );
    const { details, uncertainFields } = await asOf(id, born);
    expect([details.customer.hasPassword, uncertainFields]).toEqual([true, ['password']]);
  });

  it('is refused for a moment to come, for nobody, and for an erased account, of which it names the erasure', async () => {
    await expect(asOf(1, later(here.clock.now(), 1))).rejects.toMatchObject({
      code: 'validation_failed',
      details: { problems: [{ field: 'time', rule: 'in_future' }] },
    });
    await expect(asOf(999_999, at(0))).rejects.toMatchObject({ code: 'customer_not_found' });
    const id = await begin({ by: 'signUp', hasPassword: true, groupIds: [], changes: {} });
    const erasedAt = here.clock.now();
    await here.accounts.deleteAccount({ customerId: id }, operator);
    const erasure = {
      customerId: id,
      erasedAt,
      actor: 'operator anna',
      origin: 'operator',
      requestId: 'operator-request',
    };
    // One after the other: a refusal that nobody waits for yet ends the run.
    for (const ask of [() => asOf(id, erasedAt), () => now(id)]) {
      await expect(ask()).rejects.toMatchObject({ code: 'customer_erased', details: { erasure } });
    }
  });
});

function before(moment: string): string {
  return later(moment, -1);
}

function later(moment: string, milliseconds: number): string {
  return new Date(Date.parse(moment) + milliseconds).toISOString();
}

/** Without what a link keeps for itself: it says nothing about the person, and has no history. */
function comparable(details: CustomerDetails): CustomerDetails {
  const said = (link: LoyaltyLink) => ({
    ...emptyLink(link.customerId, link.chainId),
    spaazaUserId: link.spaazaUserId,
    memberNumber: link.memberNumber,
    isProgrammeOptedIn: link.isProgrammeOptedIn,
    isMailingSubscribed: link.isMailingSubscribed,
    isPrintedMailingSubscribed: link.isPrintedMailingSubscribed,
  });
  const links = details.links
    .map(said)
    .filter((link) => JSON.stringify(link) !== JSON.stringify(emptyLink(link.customerId, link.chainId)));
  const { customer, groupIds, addresses } = details;
  return { customer, groupIds, addresses, links };
}
