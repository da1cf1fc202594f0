import { randomUUID } from 'node:crypto';
import type { CustomerChanges } from '../src/accounts/customer.ts';
import type { NewSession } from '../src/accounts/session.ts';
import type { KeptConsent, NewCustomer, Store, Writes } from '../src/accounts/store.ts';
import type { TopologyData } from '../src/accounts/topology.ts';

/** One pool, website and store, the smallest set-up that serves both wires. */
export const smallTopology: TopologyData = {
  pools: [{ id: 1, code: 'default' }],
  websites: [
    {
      id: 1,
      code: 'default',
      name: 'Default',
      poolId: 1,
      chainId: 123,
      generalNewsletterGroupId: 1,
      couplesNewsletter: false,
    },
  ],
  shops: [
    {
      id: 1,
      code: 'default',
      name: 'Default Store View',
      websiteId: 1,
      locale: 'de',
      hosts: ['demo-shop.gomus.de', 'localhost'],
      defaultNewsletterGroupIds: [1],
      isDefault: true,
    },
  ],
  chains: [{ id: 123, api: 'https://api.spaaza.example', hostname: 'demo-shop.gomus.de' }],
  newsletterGroups: [1, 2, 3, 4, 5, 6, 7, 8].map((id) => ({ id, name: `Newsletter ${id}` })),
};

/** Saves a whole topology in one transaction, parents first. */
export async function saveTopology(store: Store, data: TopologyData): Promise<void> {
  await store.transaction(async ({ topology }) => {
    for (const pool of data.pools) await topology.savePool(pool);
    for (const chain of data.chains) await topology.saveChain(chain);
    for (const group of data.newsletterGroups) await topology.saveNewsletterGroup(group);
    for (const website of data.websites) await topology.saveWebsite(website);
    for (const shop of data.shops) await topology.saveShop(shop);
  });
}

/** A moment on the day all fixtures live in: `at(90)` is a minute and a half past ten. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2024, 4, 17, 10) + seconds * 1000).toISOString();
}

/** An e-mail that nothing else in the run uses. */
export function someEmail(): string {
  return `visitor-${randomUUID()}@example.org`;
}

/** Changes a customer's row alone, without a history. */
export async function updateById(
  customers: Writes['customers'],
  id: number,
  changes: CustomerChanges,
  updatedAt: string,
): Promise<void> {
  await customers.update((await customers.lock(id))!, changes, updatedAt);
}

/** A customer of `smallTopology` with an e-mail of their own and otherwise nothing known; overrides win. */
export function newCustomer(overrides: Partial<NewCustomer> = {}): NewCustomer {
  return {
    poolId: 1,
    websiteId: 1,
    storeId: 1,
    createdIn: 'Default Store View',
    email: someEmail(),
    givenName: 'Grace',
    familyName: 'Hopper',
    salutationId: null,
    titleId: null,
    languageId: null,
    birthday: null,
    genderCode: null,
    genderToken: null,
    phone: null,
    mobile: null,
    fax: null,
    countryCode: null,
    level: 20,
    categoryId: null,
    debtorNumber: null,
    hasVoucherPayment: false,
    hasCollectiveInvoicePayment: false,
    isInstitution: false,
    institution: null,
    notes: null,
    paymentModeId: null,
    priceTargetAudienceId: null,
    foreignId: null,
    groupId: 1,
    passwordHash: null,
    unconfirmedSince: null,
    createdAt: at(0),
    updatedAt: at(0),
    ...overrides,
  };
}

/** What a customer stated about consents, oldest first. */
export async function statementsOf(store: Pick<Store, 'consents'>, customerId: number): Promise<KeptConsent[]> {
  return (await store.consents.listByCustomer(customerId, { limit: 1_000 })).toReversed();
}

/** A session of a customer that lasts an hour, with random tokens; overrides win. */
export function newSession(customerId: number, overrides: Partial<NewSession> = {}): NewSession {
  return {
    customerId,
    clientId: randomUUID(),
    tokenHash: randomUUID(),
    previousTokenHash: null,
    previousValidUntil: null,
    rotationSeed: 'seed',
    uid: 'visitor@example.org',
    expiresAt: at(3600),
    createdAt: at(0),
    lastUsedAt: at(0),
    networkHash: null,
    ...overrides,
  };
}

/** Opens a session for a customer; gives its id. */
export async function openSession(store: Store, customerId: number): Promise<number> {
  const session = newSession(customerId);
  await store.transaction(({ sessions }) => sessions.insert(session));
  return (await store.sessions.findByClientId(session.clientId))!.session.id;
}

/** Writes a customer in a transaction of its own; gives the id. Fails when the e-mail is taken. */
export async function addCustomer(store: Store, overrides: Partial<NewCustomer> = {}): Promise<number> {
  const id = await store.transaction(({ customers }) => customers.insert(newCustomer(overrides)));
  if (id === undefined) throw new Error('The e-mail of the fixture is taken');
  return id;
}
