import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scopes } from './accounts/access.ts';
import type { Address } from './accounts/customer.ts';
import type { AccountDeps } from './accounts/deps.ts';
import { digestOf, type LoyaltyLink, outboundView } from './accounts/loyalty-link.ts';
import { addSeconds, hashToken, mintToken } from './accounts/session.ts';
import type { NewCustomer, Store } from './accounts/store.ts';
import type { TopologyData } from './accounts/topology.ts';
import type { AppOptions } from './app.ts';

/** The one key of the demo; it lives in memory, so that no other mode can ever accept it. */
export const demoKey = 'foyer-demo-key';

/** What turns a server into the demo: a throw-away database, the documented house, people and key. */
export function demoOptions(): Required<Pick<AppOptions, 'databaseUrl' | 'fixedKeys' | 'topology' | 'seed'>> & {
  directory: string;
  /** Removes the demo's data. */
  discard(): void;
} {
  const directory = mkdtempSync(join(tmpdir(), 'foyer-demo-'));
  return {
    directory,
    databaseUrl: `sqlite:${join(directory, 'foyer.db')}`,
    fixedKeys: [{ key: demoKey, name: 'demo', scopes }],
    topology: demoTopology,
    seed: seedDemo,
    discard: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** One website `default` on chain 123 with one store, newsletter groups 1 to 8 (decisions, last section). */
export const demoTopology: TopologyData = {
  pools: [{ id: 1, code: 'default' }],
  chains: [{ id: 123, api: 'https://api0.spaaza.com', hostname: 'demo.spaaza.com' }],
  newsletterGroups: [
    'General',
    'Exhibitions',
    'Families',
    'Schools',
    'Concerts',
    'Lectures',
    'Members',
    'Night at the museum',
  ].map((name, index) => ({ id: index + 1, name })),
  websites: [
    {
      id: 1,
      code: 'default',
      name: 'Main Website',
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
};

/** Writes the documented customers with their documented ids, times and hash; does nothing when they are there. */
export async function seedDemo(store: Store, deps: AccountDeps): Promise<void> {
  if ((await store.customers.countAll()) > 0) return;
  // One after the other: a queue of one place must do for a start.
  const bruceHash = await deps.passwords.hash('meowmeowmeow');
  const johnHash = await deps.passwords.hash('ThisIsEasyToGuess');
  const now = deps.now();
  await store.transaction(async (tx) => {
    await tx.customers.insert({ ...veronica, passwordHash: veronicaHash });
    await tx.addresses.insert(veronicaAddress);
    await tx.customers.insert({ ...john, passwordHash: johnHash });
    await tx.addresses.insert(johnAddress);
    await tx.links.save(johnLink);
    // The documented hash belongs to the data as documented: the digest behind it says so, and an update that brings
    // nothing new leaves it in place.
    const profile = (await tx.customers.findLoyaltyProfile(39, 123))!;
    await tx.links.save({ ...johnLink, agreedDigest: digestOf(outboundView(profile)).agreedDigest });
    await tx.customers.insert({ ...bruce, passwordHash: bruceHash });
    for (const groupId of [1, 8]) await tx.memberships.add(402, groupId, bruce.createdAt);
    // The documented update presents `meowmeow` as token, client and uid; it must answer when copied.
    await tx.sessions.insert({
      customerId: 402,
      clientId: 'meowmeow',
      tokenHash: hashToken('meowmeow'),
      previousTokenHash: null,
      previousValidUntil: null,
      rotationSeed: mintToken(),
      uid: 'meowmeow',
      expiresAt: addSeconds(now, deps.rules.sessions.lifespanSeconds),
      createdAt: now,
      lastUsedAt: now,
      networkHash: null,
    });
    await tx.settings.write('debtor_number', '10003');
  });
}

const nobody = {
  poolId: 1,
  websiteId: 1,
  storeId: 1,
  createdIn: 'Default Store View',
  salutationId: null,
  titleId: null,
  languageId: 1,
  birthday: null,
  genderCode: null,
  genderToken: null,
  phone: null,
  mobile: '',
  fax: null,
  countryCode: null,
  level: 20,
  categoryId: null,
  hasVoucherPayment: false,
  hasCollectiveInvoicePayment: false,
  isInstitution: false,
  institution: null,
  notes: null,
  paymentModeId: null,
  priceTargetAudienceId: 1,
  foreignId: null,
  groupId: 1,
  unconfirmedSince: null,
  passwordHash: null,
} satisfies Partial<NewCustomer>;

/** Customer of the go~mus document. */
const bruce: NewCustomer = {
  ...nobody,
  id: 402,
  email: 'shop-customer@giantmonkey.de',
  givenName: 'Bruce',
  familyName: 'Wayne',
  salutationId: 1,
  debtorNumber: 10003,
  createdAt: '2020-05-12T09:51:26.000Z',
  updatedAt: '2021-06-07T11:13:54.000Z',
};

/** Customer of the Spaaza document's user_info. The password is `Roni_cost3@example.com`, kept as Magento 2.0 kept it. */
const veronica: NewCustomer = {
  ...nobody,
  id: 1,
  email: 'roni_cost@example.com',
  givenName: 'Veronica',
  familyName: 'Costello',
  birthday: '1973-12-15',
  genderCode: 2,
  genderToken: 'F',
  phone: '010 123 45 67',
  debtorNumber: 10001,
  createdAt: '2018-10-18T14:00:00.000Z',
  updatedAt: '2018-10-18T14:00:00.000Z',
};
const veronicaHash =
  '05899d5971ee0004d488002fd713757201b796f43a341e5ee78edbd11cce262a:aB3dE6gH9jK2mN5pQ8sT1vW4xY7zC0fR:1';

const veronicaAddress: Address = {
  id: 1,
  customerId: 1,
  street: 'Test Street',
  houseNumber: '8',
  houseNumberExtension: '',
  line2: null,
  line3: null,
  postcode: '49628-7978',
  city: 'Amsterdam',
  region: null,
  countryCode: 'NL',
  isDefaultBilling: true,
  isDefaultShipping: true,
};

/** Customer of the Spaaza document's update; id 39 there, 7 in its other sample. */
const john: NewCustomer = {
  ...nobody,
  id: 39,
  email: 'info@spaaza.com',
  givenName: 'John',
  familyName: 'Doe',
  birthday: '2002-01-01',
  genderCode: 2,
  genderToken: 'F',
  phone: '0851234567',
  debtorNumber: 10002,
  createdAt: '2018-10-18T14:49:13.000Z',
  updatedAt: '2018-10-18T21:06:56.000Z',
};

const johnAddress: Address = {
  ...veronicaAddress,
  id: 8,
  customerId: 39,
  street: 'Dorpstraat',
  houseNumber: '1',
  postcode: '1000AA',
};

const johnLink: LoyaltyLink = {
  customerId: 39,
  chainId: 123,
  spaazaUserId: 3362356,
  memberNumber: '99102352',
  isProgrammeOptedIn: false,
  isMailingSubscribed: true,
  isPrintedMailingSubscribed: false,
  lastHash: 'deadf385f4407f78',
  agreedDigest: null,
};
