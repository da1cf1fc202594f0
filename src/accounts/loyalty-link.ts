import { createHash } from 'node:crypto';
import { type Address, type Customer, differences, type FieldChange, mainAddress } from './customer.ts';
import type { EndedLink } from './events.ts';
import type { FormerWords } from './former-words.ts';
import { presentGender } from './gender.ts';
import type { Reads } from './store.ts';
import { type StreetParts, splitStreetLine } from './street.ts';
import type { Topology, Website } from './topology.ts';

/** Chain number under which a link is kept when no chain is configured at all. */
export const noChain = 0;

/**
 * The chain under which a website's customers are kept: its own; without one the only one that is configured, as for
 * requests that name none.
 */
export function chainOf(topology: Topology, website: Website): number {
  if (website.chainId !== null) return website.chainId;
  const chainIds = new Set(topology.data.websites.flatMap(({ chainId }) => chainId ?? []));
  return chainIds.size === 1 ? [...chainIds][0]! : noChain;
}

/** The tie of one customer to the loyalty platform in one chain. */
export interface LoyaltyLink {
  customerId: number;
  chainId: number;
  /** The platform's id of the person, up to 9,999,999,999; null while the customer was only ever named by us. */
  spaazaUserId: number | null;
  memberNumber: string | null;
  isProgrammeOptedIn: boolean;
  isMailingSubscribed: boolean;
  isPrintedMailingSubscribed: boolean;
  /** 16 hex digits shown on the wire as `last_hash`; null before the first agreement. */
  lastHash: string | null;
  /** Full digest of the outbound view that both sides last agreed on, with its schema version. */
  agreedDigest: string | null;
}

/** What both sides agree on: the view the platform has, its digests, and when that was established (ISO 8601). */
export interface LoyaltyAgreement {
  /** Undefined, and `syncedAt` null, where too little is known of what the platform has: it is asked first then. */
  view: OutboundView | undefined;
  lastHash: string;
  agreedDigest: string;
  syncedAt: string | null;
  /** When the platform last changed its record, as far as it was heard of; undefined leaves what is known. */
  platformModifiedAt?: string;
}

/** What is kept of an agreement for the next comparison. */
export interface KnownAgreement {
  view: OutboundView | undefined;
  /** A statement that is older than this is no news. */
  platformModifiedAt: string | null;
  formerWords: FormerWords | null;
  /** When the platform was last heard of; null also when it has to be asked. */
  syncedAt: string | null;
  /** Changes with all that the platform says, also where too little is known for a view. */
  digest: string | null;
}

export type LoyaltyLinkChanges = Partial<Omit<LoyaltyLink, 'customerId' | 'chainId'>>;

/** A link as it is before anything was said: everything off, nothing known. */
export function emptyLink(customerId: number, chainId: number): LoyaltyLink {
  return {
    customerId,
    chainId,
    spaazaUserId: null,
    memberNumber: null,
    isProgrammeOptedIn: false,
    isMailingSubscribed: false,
    isPrintedMailingSubscribed: false,
    lastHash: null,
    agreedDigest: null,
  };
}

/** A customer's link to a chain, or an empty one. */
export async function linkOf(
  { links }: Pick<Reads, 'links'>,
  customerId: number,
  chainId: number,
): Promise<LoyaltyLink> {
  const all = await links.listByCustomer(customerId);
  return all.find((link) => link.chainId === chainId) ?? emptyLink(customerId, chainId);
}

/** Whether the platform knows somebody by a link: it has an id of theirs, or both sides agreed once. An ended one says no. */
export function isKnownThere({ spaazaUserId, isAgreed = true }: Pick<EndedLink, 'spaazaUserId' | 'isAgreed'>): boolean {
  return spaazaUserId !== null || isAgreed;
}

/** What changes would alter in a link, as the history names it: `link.123.memberNumber`. */
export function linkChanges(link: LoyaltyLink, changes: LoyaltyLinkChanges): FieldChange[] {
  return differences<LoyaltyLink>(link, changes).map((change) => ({
    ...change,
    field: `link.${link.chainId}.${change.field}`,
  }));
}

/** A customer as one chain of the loyalty platform sees the person. */
export interface LoyaltyProfile {
  customer: Customer;
  addresses: readonly Address[];
  link: LoyaltyLink;
}

/** The flat view that is sent to the platform; undefined members are not sent (decisions, Spaaza 8). */
export interface OutboundView {
  givenName: string;
  familyName: string;
  birthday?: string;
  email: string;
  customerId: number;
  gender?: string;
  isPrintedMailingSubscribed: boolean;
  isMailingSubscribed: boolean;
  isMailingOffered: true;
  isProgrammeOptedIn: boolean;
  street?: string;
  houseNumber?: string;
  houseNumberExtension?: string;
  postcode?: string;
  city?: string;
  countryCode?: string;
  phone?: string;
}

/** Builds what the platform would be sent for a customer now. A single free street line is split when unambiguous. */
export function outboundView({ customer, addresses, link }: LoyaltyProfile): OutboundView {
  const address = mainAddress(addresses);
  const view: OutboundView = {
    givenName: customer.givenName,
    familyName: customer.familyName,
    birthday: customer.birthday ?? undefined,
    email: customer.email,
    customerId: customer.id,
    gender:
      customer.genderCode === null
        ? undefined
        : presentGender({ code: customer.genderCode, token: customer.genderToken ?? '' }),
    isPrintedMailingSubscribed: link.isPrintedMailingSubscribed,
    isMailingSubscribed: link.isMailingSubscribed,
    isMailingOffered: true,
    isProgrammeOptedIn: link.isProgrammeOptedIn,
    countryCode: address?.countryCode ?? customer.countryCode ?? undefined,
    phone: customer.phone || undefined,
  };
  if (address !== undefined) {
    const parts = shownStreet(address);
    view.street = parts.street || undefined;
    view.houseNumber = parts.houseNumber || undefined;
    view.houseNumberExtension = parts.houseNumberExtension;
    view.postcode = address.postcode || undefined;
    view.city = address.city || undefined;
  }
  return view;
}

/** The street in the parts the platform is shown: as stored, or those of a single free line that can be read one way. */
export function shownStreet(address: Address): StreetParts {
  const { street, houseNumber, houseNumberExtension } = address;
  const isFreeLine = houseNumber === '' && houseNumberExtension === '' && !address.line2;
  return isFreeLine ? splitStreetLine(street, address.countryCode) : { street, houseNumber, houseNumberExtension };
}

/** Version of the outbound mapping: a new mapping must not look like changed data. */
const digestVersion = 1;

/**
 * Digests an outbound view: SHA-256 over its canonical JSON (sorted keys, NFC, empty equals absent, ids left out).
 * `lastHash` is the first 16 hex digits, the form of the documented sample (decisions, Spaaza 7).
 */
export function digestOf(view: OutboundView): { agreedDigest: string; lastHash: string } {
  const entries = Object.entries(view)
    .filter(([key, value]) => key !== 'customerId' && value !== undefined && value !== '')
    .map(([key, value]) => [key, typeof value === 'string' ? value.normalize('NFC') : value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const hex = createHash('sha256').update(JSON.stringify(entries)).digest('hex');
  return { agreedDigest: `${digestVersion}:${hex}`, lastHash: hex.slice(0, 16) };
}
