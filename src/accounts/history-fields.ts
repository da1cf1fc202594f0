import type { AddressChanges, CustomerChanges } from './customer.ts';
import type { LoyaltyLink } from './loyalty-link.ts';

/** The part of a link that the history tells; the rest is bookkeeping of what was last agreed. */
export type RecordedLinkField = Exclude<keyof LinkOfHistory, 'customerId' | 'chainId'>;
type LinkOfHistory = Pick<
  LoyaltyLink,
  | 'customerId'
  | 'chainId'
  | 'spaazaUserId'
  | 'memberNumber'
  | 'isProgrammeOptedIn'
  | 'isMailingSubscribed'
  | 'isPrintedMailingSubscribed'
>;

/** What the field of a history entry is about. `event` changes nothing in the record. */
export type RecordedField =
  | { of: 'customer'; name: keyof CustomerChanges }
  | { of: 'groups' }
  | { of: 'password' }
  | { of: 'address'; name: keyof AddressChanges | 'id' }
  | { of: 'link'; chainId: number; name: RecordedLinkField }
  | { of: 'event'; name: 'signedIn' | 'account' | 'conflict' | 'delivery' };

// Written as maps so that the compiler finds a field that is missing here.
const customerFields: Record<keyof CustomerChanges, true> = {
  email: true,
  givenName: true,
  familyName: true,
  salutationId: true,
  titleId: true,
  languageId: true,
  birthday: true,
  genderCode: true,
  genderToken: true,
  phone: true,
  mobile: true,
  fax: true,
  countryCode: true,
  level: true,
  categoryId: true,
  hasVoucherPayment: true,
  hasCollectiveInvoicePayment: true,
  isInstitution: true,
  institution: true,
  notes: true,
  paymentModeId: true,
  priceTargetAudienceId: true,
  foreignId: true,
  groupId: true,
  unconfirmedSince: true,
};
const addressFields: Record<keyof AddressChanges | 'id', true> = {
  id: true,
  street: true,
  houseNumber: true,
  houseNumberExtension: true,
  line2: true,
  line3: true,
  postcode: true,
  city: true,
  region: true,
  countryCode: true,
};
const linkFields: Record<RecordedLinkField, true> = {
  spaazaUserId: true,
  memberNumber: true,
  isProgrammeOptedIn: true,
  isMailingSubscribed: true,
  isPrintedMailingSubscribed: true,
};

/** Stands for the number of a chain in `historyFieldNames`. */
const anyChain = 'CHAIN';

/** The name of every field that the history may speak of, for people: `link.CHAIN.memberNumber` stands for any chain. */
export const historyFieldNames: readonly string[] = [
  ...Object.keys(customerFields),
  'newsletterGroups',
  'password',
  ...Object.keys(addressFields).map((name) => `address.${name}`),
  ...Object.keys(linkFields).map((name) => `link.${anyChain}.${name}`),
  `conflict.${anyChain}.FIELD`,
  `delivery.${anyChain}`,
  'signedIn',
  'account',
];

/**
 * Reads the field of a history entry; undefined for a name that this release does not write. `address.…` is the main
 * address, `link.123.…` the link in chain 123, `conflict.123.…` a decision between both sides about a field, and
 * `delivery.123` what an operator did with something that could not be delivered.
 */
export function readHistoryField(field: string): RecordedField | undefined {
  if (has(customerFields, field)) return { of: 'customer', name: field };
  if (field === 'newsletterGroups') return { of: 'groups' };
  if (field === 'password') return { of: 'password' };
  if (field === 'signedIn' || field === 'account') return { of: 'event', name: field };
  const [room, chain = '', ...rest] = field.split('.');
  const name = rest.join('.');
  if (room === 'address' && name === '' && has(addressFields, chain)) return { of: 'address', name: chain };
  if (!/^\d{1,15}$/.test(chain)) return undefined;
  if (room === 'link' && has(linkFields, name)) return { of: 'link', chainId: Number(chain), name };
  if (room === 'delivery' && name === '') return { of: 'event', name: 'delivery' };
  return room === 'conflict' && name !== '' ? { of: 'event', name: 'conflict' } : undefined;
}

/**
 * Tells whether a change of a field is one of the record, which moves `updatedAt`: neither what only happened, such as a
 * decision between both sides, nor a password, which has never moved it.
 */
export function movesUpdatedAt({ field }: { field: string }): boolean {
  const { of } = readHistoryField(field) ?? { of: 'customer' };
  return of !== 'event' && of !== 'password';
}

function has<Names extends object>(names: Names, name: string): name is keyof Names & string {
  return Object.hasOwn(names, name);
}
