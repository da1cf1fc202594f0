import type { Command } from 'commander';
import type { CustomerDetails } from '../accounts/customer-details.ts';
import type { Topology } from '../accounts/topology.ts';
import { columns, printing } from './command-output.ts';
import { momentText } from './moment-text.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';

/** `foyer customer show REFERENCE`: what is known about one person. */
export function customerShow(customer: Command, env: NodeJS.ProcessEnv): void {
  customer
    .command('show')
    .summary('show one customer')
    .description(
      'Shows profile, addresses, newsletter groups and loyalty links of one customer. Secrets are never shown.',
    )
    .argument('<reference>', 'e-mail, id or foreign id; an id goes before an equal foreign id')
    .option('--json', 'print one JSON document')
    .action(
      printing(async (reference: string) => {
        const shown = await withAccounts(env, 'present', async ({ accounts }) =>
          present(await accounts.getCustomerDetails({ reference }, operatorContext()), accounts.directory.topology),
        );
        return { data: shown, text: describe(shown) };
      }),
    );
}

type Shown = ReturnType<typeof present>;

/** An allow-list: a new field of the domain, perhaps a secret, is not shown before somebody writes it here. */
function present({ customer, groupIds, addresses, links }: CustomerDetails, topology: Topology) {
  const names = new Map(topology.data.newsletterGroups.map(({ id, name }) => [id, name]));
  return {
    id: customer.id,
    email: customer.email,
    givenName: customer.givenName,
    familyName: customer.familyName,
    birthday: customer.birthday,
    gender: customer.genderToken,
    phone: customer.phone,
    mobile: customer.mobile,
    fax: customer.fax,
    country: customer.countryCode,
    foreignId: customer.foreignId,
    debtorNumber: customer.debtorNumber,
    level: customer.level,
    magentoGroup: customer.groupId,
    institution: customer.institution,
    notes: customer.notes,
    pool: topology.data.pools.find(({ id }) => id === customer.poolId)?.code ?? null,
    website: topology.data.websites.find(({ id }) => id === customer.websiteId)?.code ?? null,
    store: topology.shopById(customer.storeId)?.code ?? null,
    hasPassword: customer.hasPassword,
    unconfirmedSince: customer.unconfirmedSince,
    createdAt: customer.createdAt,
    updatedAt: customer.updatedAt,
    addresses: addresses.map(({ customerId: _, ...address }) => address),
    newsletterGroups: groupIds.map((id) => ({ id, name: names.get(id) ?? null })),
    links: links.map((link) => ({
      chain: link.chainId,
      spaazaUserId: link.spaazaUserId,
      memberNumber: link.memberNumber,
      isProgrammeOptedIn: link.isProgrammeOptedIn,
      isMailingSubscribed: link.isMailingSubscribed,
      isPrintedMailingSubscribed: link.isPrintedMailingSubscribed,
    })),
  };
}

function describe(shown: Shown): string {
  const person = [
    ['name', `${shown.givenName} ${shown.familyName}`],
    ['e-mail', shown.email],
    ['birthday', shown.birthday],
    ['gender', shown.gender],
    ['phone', shown.phone],
    ['mobile', shown.mobile],
    ['fax', shown.fax],
    ['country', shown.country],
    ['institution', shown.institution],
    ['notes', shown.notes],
    ['foreign id', shown.foreignId],
    ['debtor number', shown.debtorNumber],
    ['level', shown.level],
    ['Magento group', shown.magentoGroup],
    ['home', `website ${shown.website}, store ${shown.store}, pool ${shown.pool}`],
    ['can sign in', signInText(shown)],
    ['created', momentText(shown.createdAt)],
    ['updated', momentText(shown.updatedAt)],
  ];
  const addresses = shown.addresses.map((address) => [`address ${address.id}`, addressText(address)]);
  const groups = shown.newsletterGroups.map(({ id, name }) => [`newsletter ${id}`, name]);
  const links = shown.links.map((link) => [`chain ${link.chain}`, linkText(link)]);
  const rows = [...person, ...addresses, ...groups, ...links].filter(([, value]) => value !== null && value !== '');
  return `Customer ${shown.id}\n${columns(rows.map(([label, value]) => [`  ${label}`, String(value)]))}`;
}

function signInText({ hasPassword, unconfirmedSince }: Shown): string {
  if (unconfirmedSince !== null) return `no: unconfirmed since ${momentText(unconfirmedSince)}`;
  return hasPassword ? 'yes' : 'no: has no password';
}

function addressText(address: Shown['addresses'][number]): string {
  const street = [address.street, address.houseNumber, address.houseNumberExtension].filter(Boolean).join(' ');
  const town = [address.postcode, address.city].filter(Boolean).join(' ');
  const parts = [street, address.line2, address.line3, town, address.region, address.countryCode];
  const uses = [address.isDefaultBilling && 'billing', address.isDefaultShipping && 'shipping'].filter(Boolean);
  return parts.filter(Boolean).join(', ') + (uses.length > 0 ? ` (${uses.join(', ')})` : '');
}

function linkText(link: Shown['links'][number]): string {
  const parts = [
    link.spaazaUserId === null ? 'no Spaaza user yet' : `Spaaza user ${link.spaazaUserId}`,
    link.memberNumber === null ? '' : `member ${link.memberNumber}`,
    `programme ${onOff(link.isProgrammeOptedIn)}`,
    `mailing ${onOff(link.isMailingSubscribed)}`,
    `printed mailing ${onOff(link.isPrintedMailingSubscribed)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function onOff(isOn: boolean): string {
  return isOn ? 'on' : 'off';
}
