import type { Static } from 'typebox';
import type { CustomerAsOf } from '../../accounts/customer-as-of.ts';
import type { CustomerConsents } from '../../accounts/customer-consents.ts';
import type { CustomerDetails } from '../../accounts/customer-details.ts';
import type { CustomerHistory } from '../../accounts/customer-history.ts';
import type { HistoryEntry } from '../../accounts/events.ts';
import type { KeptConsent } from '../../accounts/store.ts';
import type { Topology } from '../../accounts/topology.ts';
import { wireField } from './field-names.ts';
import type {
  AsOfAnswer,
  ConsentsAnswer,
  CustomerShape,
  EntryShape,
  HistoryAnswer,
  StatementShape,
} from './schemas.ts';

export type PresentedCustomer = Static<typeof CustomerShape>;
export type PresentedEntry = Static<typeof EntryShape>;
export type PresentedHistory = Static<typeof HistoryAnswer>;
export type PresentedAsOf = Static<typeof AsOfAnswer>;
export type PresentedStatement = Static<typeof StatementShape>;
export type PresentedConsents = Static<typeof ConsentsAnswer>;

/** An allow-list: a new field of the domain, perhaps a secret, is not shown before somebody writes it here. */
export function presentCustomer(
  { customer, groupIds, addresses, links }: CustomerDetails,
  topology: Topology,
): PresentedCustomer {
  const names = groupNames(topology);
  return {
    id: customer.id,
    email: customer.email,
    given_name: customer.givenName,
    family_name: customer.familyName,
    salutation_id: customer.salutationId,
    title_id: customer.titleId,
    language_id: customer.languageId,
    birthday: customer.birthday,
    gender_code: customer.genderCode,
    gender_token: customer.genderToken,
    phone: customer.phone,
    mobile: customer.mobile,
    fax: customer.fax,
    country_code: customer.countryCode,
    level: customer.level,
    category_id: customer.categoryId,
    debtor_number: customer.debtorNumber,
    has_voucher_payment: customer.hasVoucherPayment,
    has_collective_invoice_payment: customer.hasCollectiveInvoicePayment,
    is_institution: customer.isInstitution,
    institution: customer.institution,
    notes: customer.notes,
    payment_mode_id: customer.paymentModeId,
    price_target_audience_id: customer.priceTargetAudienceId,
    foreign_id: customer.foreignId,
    group_id: customer.groupId,
    pool: topology.data.pools.find(({ id }) => id === customer.poolId)?.code ?? null,
    website: topology.data.websites.find(({ id }) => id === customer.websiteId)?.code ?? null,
    store: topology.shopById(customer.storeId)?.code ?? null,
    created_in: customer.createdIn,
    has_password: customer.hasPassword,
    unconfirmed_since: customer.unconfirmedSince,
    created_at: customer.createdAt,
    updated_at: customer.updatedAt,
    addresses: addresses.map((address) => ({
      id: address.id,
      street: address.street,
      house_number: address.houseNumber,
      house_number_extension: address.houseNumberExtension,
      line2: address.line2,
      line3: address.line3,
      postcode: address.postcode,
      city: address.city,
      region: address.region,
      country_code: address.countryCode,
      is_default_billing: address.isDefaultBilling,
      is_default_shipping: address.isDefaultShipping,
    })),
    newsletter_groups: groupIds.map((id) => ({ id, name: names.get(id) ?? null })),
    links: links.map((link) => ({
      chain: link.chainId,
      spaaza_user_id: link.spaazaUserId,
      member_number: link.memberNumber,
      is_programme_opted_in: link.isProgrammeOptedIn,
      is_mailing_subscribed: link.isMailingSubscribed,
      is_printed_mailing_subscribed: link.isPrintedMailingSubscribed,
    })),
  };
}

/** A page of the history, fields spelled as the members of the customer. */
export function presentHistory({
  customerId,
  erasure,
  entries,
  nextBeforeId,
  lastWrites,
}: CustomerHistory): PresentedHistory {
  return {
    customer_id: customerId,
    erasure: erasure && presentEntry(erasure),
    entries: entries.map(presentEntry),
    next_cursor: cursorOf(nextBeforeId),
    last_writes: lastWrites.map(presentEntry),
  };
}

/** The record as it was, and how far that is certain. */
export function presentAsOf(
  { asOf, details, uncertainFields, recordedSince, changesSince }: CustomerAsOf,
  topology: Topology,
): PresentedAsOf {
  return {
    as_of: asOf,
    customer: presentCustomer(details, topology),
    uncertain_fields: uncertainFields.map(wireField),
    recorded_since: recordedSince,
    changes_since: changesSince,
  };
}

/** What was agreed to and taken back; groups with the names that they have today. */
export function presentConsents(
  { customerId, standing, entries, nextBeforeId }: CustomerConsents,
  topology: Topology,
): PresentedConsents {
  const names = groupNames(topology);
  const present = (record: KeptConsent) => presentStatement(record, names);
  return {
    customer_id: customerId,
    standing: standing.map(present),
    statements: entries.map(present),
    next_cursor: cursorOf(nextBeforeId),
  };
}

function groupNames({ data }: Topology): ReadonlyMap<number, string> {
  return new Map(data.newsletterGroups.map(({ id, name }) => [id, name]));
}

/** A cursor is text, so that nobody reckons with it. */
function cursorOf(nextBeforeId: number | null): string | null {
  return nextBeforeId === null ? null : String(nextBeforeId);
}

function presentStatement(
  { id, subject, isGiven, origin, actor, requestId, statedAt }: KeptConsent,
  names: ReadonlyMap<number, string>,
): PresentedStatement {
  const [kind, number] = subject.split(':') as [PresentedStatement['consent'], string];
  const about = Number(number);
  const isOfGroup = kind === 'newsletter';
  return {
    id,
    consent: kind,
    group: isOfGroup ? about : null,
    group_name: isOfGroup ? (names.get(about) ?? null) : null,
    chain: isOfGroup ? null : about,
    is_given: isGiven,
    origin,
    actor,
    request_id: requestId,
    stated_at: statedAt,
  };
}

function presentEntry({ id, field, before, after, origin, actor, requestId, changedAt }: HistoryEntry) {
  return {
    id,
    field: wireField(field),
    before: before ?? null,
    after: after ?? null,
    origin,
    actor,
    request_id: requestId,
    changed_at: changedAt,
  };
}
