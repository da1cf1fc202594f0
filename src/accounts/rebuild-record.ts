import { type Address, mainAddress } from './customer.ts';
import type { CustomerDetails } from './customer-details.ts';
import type { HistoryEntry } from './events.ts';
import { type RecordedField, readHistoryField } from './history-fields.ts';
import { formatIdList, parseIdList } from './id-list.ts';
import { emptyLink, type LoyaltyLink } from './loyalty-link.ts';

/** A record as it was, and the fields of which the history does not tell for certain. */
export interface RebuiltRecord {
  details: CustomerDetails;
  uncertainFields: readonly string[];
}

/**
 * Takes changes back from a record: `entries` are the newest changes up to some moment, newest first and without a gap,
 * and `present` is the record after them. A field is uncertain when an entry does not fit what the record says, or when
 * the entry is of a kind that this release does not know. Bookkeeping of a link (digests of what was last agreed) has no
 * history and is left empty; a link that says nothing is left out. `updatedAt` is left as it is.
 */
export function takeBack(present: CustomerDetails, entries: readonly HistoryEntry[]): RebuiltRecord {
  const { customer } = present;
  const draft: Draft = {
    customer: { ...customer },
    groupIds: present.groupIds,
    addresses: present.addresses.map((address) => ({ ...address })),
    links: new Map(
      present.links.map((link) => [link.chainId, { ...emptyLink(customer.id, link.chainId), ...said(link) }]),
    ),
  };
  const uncertain = new Set<string>();
  for (const entry of entries) {
    const field = readHistoryField(entry.field);
    if (field === undefined || !takeBackOne(draft, field, entry)) uncertain.add(entry.field);
  }
  const links = [...draft.links.values()].filter((link) => !isSilent(link)).sort((a, b) => a.chainId - b.chainId);
  return { details: { ...draft, links }, uncertainFields: [...uncertain].sort() };
}

interface Draft {
  customer: CustomerDetails['customer'];
  groupIds: readonly number[];
  addresses: Address[];
  links: Map<number, LoyaltyLink>;
}

/** Puts the value from before in place; false when the one that was there is not what the entry wrote. */
function takeBackOne(draft: Draft, field: RecordedField, { before, after }: HistoryEntry): boolean {
  switch (field.of) {
    case 'event':
      return true;
    case 'customer':
      return replace(draft.customer, field.name, after, before);
    case 'groups': {
      const isKnown = formatIdList(draft.groupIds) === after;
      const list = parseIdList(before);
      if (list.ok) draft.groupIds = [...list.ids].sort((a, b) => a - b);
      return isKnown && list.ok;
    }
    case 'password': {
      // Older releases wrote that a password was set, and not whether there was one before.
      if (after === null) return false;
      const isKnown = draft.customer.hasPassword;
      draft.customer.hasPassword = before !== null;
      return isKnown;
    }
    case 'address':
      return field.name === 'id' ? removeAddress(draft, after) : replaceInAddress(draft, field.name, after, before);
    case 'link': {
      const link = draft.links.get(field.chainId) ?? emptyLink(draft.customer.id, field.chainId);
      draft.links.set(field.chainId, link);
      return replace(link, field.name, after, before);
    }
  }
}

function replaceInAddress(draft: Draft, name: keyof Address, after: unknown, before: unknown): boolean {
  const address = mainAddress(draft.addresses);
  return address !== undefined && replace(address, name, after, before);
}

/** An address whose id was written is one that was made then. */
function removeAddress(draft: Draft, id: unknown): boolean {
  const index = draft.addresses.findIndex((address) => address.id === id);
  if (index >= 0) draft.addresses.splice(index, 1);
  return index >= 0;
}

function replace<T extends object>(record: T, name: keyof T, after: unknown, before: unknown): boolean {
  const isKnown = (record[name] ?? null) === after;
  record[name] = before as T[keyof T];
  return isKnown;
}

function said(link: LoyaltyLink) {
  const { spaazaUserId, memberNumber, isProgrammeOptedIn, isMailingSubscribed, isPrintedMailingSubscribed } = link;
  return { spaazaUserId, memberNumber, isProgrammeOptedIn, isMailingSubscribed, isPrintedMailingSubscribed };
}

function isSilent(link: LoyaltyLink): boolean {
  const empty = said(emptyLink(link.customerId, link.chainId));
  return Object.entries(said(link)).every(([name, value]) => value === empty[name as keyof typeof empty]);
}
