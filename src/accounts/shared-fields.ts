import type { LoyaltyConsents, LoyaltyUpdate } from './apply-loyalty-update.ts';
import type { AddressChanges, CustomerChanges } from './customer.ts';
import { normalizeEmail } from './email.ts';
import { presentGender } from './gender.ts';
import type { OutboundView } from './loyalty-link.ts';
import { splitStreetLine } from './street.ts';

/**
 * Whose value stays when both sides changed a field since they last agreed. `ours`, `theirs`: always that side's.
 * `latest`: the one that was changed last; ours when that cannot be told. `opt_out`: a no, unless the yes is newer.
 */
export type MergeRule = 'ours' | 'theirs' | 'latest' | 'opt_out';

interface FieldEntry {
  rule: MergeRule;
  /** What of an update belongs to the field; its members are those of the outbound view too, unless `view` differs. */
  changes?: readonly (keyof CustomerChanges)[];
  address?: readonly (keyof AddressChanges)[];
  consents?: readonly (keyof LoyaltyConsents)[];
  view?: readonly (keyof OutboundView)[];
  /** Where else the history tells of the field. */
  alsoRecordedAs?: readonly string[];
}

/**
 * Every field that both sides may change (spaaza 5, conflict rules). A street and its number are one: half of each would
 * be an address where nobody lives. Ids and the member number are not here, because only the platform gives them, and
 * neither are the parts of an address that are never sent.
 */
const table = {
  email: { rule: 'ours', changes: ['email'] },
  givenName: { rule: 'latest', changes: ['givenName'] },
  familyName: { rule: 'latest', changes: ['familyName'] },
  birthday: { rule: 'latest', changes: ['birthday'] },
  gender: { rule: 'latest', changes: ['genderCode', 'genderToken'], view: ['gender'] },
  phone: { rule: 'latest', changes: ['phone'] },
  street: { rule: 'latest', address: ['street', 'houseNumber', 'houseNumberExtension'] },
  postcode: { rule: 'latest', address: ['postcode'] },
  city: { rule: 'latest', address: ['city'] },
  countryCode: { rule: 'latest', address: ['countryCode'], alsoRecordedAs: ['countryCode'] },
  isProgrammeOptedIn: { rule: 'theirs', consents: ['isProgrammeOptedIn'] },
  isMailingSubscribed: { rule: 'opt_out', consents: ['isMailingSubscribed'] },
  isPrintedMailingSubscribed: { rule: 'opt_out', consents: ['isPrintedMailingSubscribed'] },
} satisfies Record<string, FieldEntry>;

/** A field that both sides may change. */
export type SharedField = keyof typeof table;

export const sharedFields = Object.keys(table) as readonly SharedField[];

/** The part of an update that says something about a person: an absent member says nothing, null that there is no value. */
export type Statement = Pick<LoyaltyUpdate, 'changes' | 'address' | 'consents'>;

/** A field's value: its members in the order of the table, '' for none. */
export type FieldValues = readonly (string | boolean)[];

const entryOf = (field: SharedField): FieldEntry => table[field];

/** What decides between two changes of a field. */
export function mergeRuleOf(field: SharedField): MergeRule {
  return entryOf(field).rule;
}

/** Members of the outbound view that make up a field. */
export function viewMembersOf(field: SharedField): readonly (keyof OutboundView)[] {
  const { view, changes, address, consents } = entryOf(field);
  return (view ?? changes ?? address ?? consents) as readonly (keyof OutboundView)[];
}

/** A field's value in a view. */
export function valuesIn(view: OutboundView, field: SharedField): FieldValues {
  return viewMembersOf(field).map((member) => (view[member] ?? '') as string | boolean);
}

/**
 * What a statement says of a field, in the form of the view; undefined when it says nothing. `known` is what the platform
 * had before: a part of a street by itself is that of the street they had. A free line is split as ours would be.
 */
export function valuesSaid(said: Statement, field: SharedField, known: OutboundView): FieldValues | undefined {
  if (field === 'street') {
    const parts = streetSaid(said, known);
    const isFreeLine = parts?.slice(1).every((part) => part === '') && !said.address.line2;
    const { countryCode = known.countryCode ?? null } = said.address;
    return isFreeLine ? Object.values(splitStreetLine(parts![0]!, countryCode)) : parts;
  }
  if (field === 'gender') {
    const { genderCode: code, genderToken: token = null } = said.changes;
    return code === undefined ? undefined : [presentGender({ code, token }) ?? ''];
  }
  const { changes = [], address = [], consents = [] } = entryOf(field);
  const [value]: unknown[] = [
    ...changes.map((member) => said.changes[member]),
    ...address.map((member) => said.address[member]),
    ...consents.map((member) => said.consents[member]),
  ];
  return value === undefined ? undefined : [(value ?? '') as string | boolean];
}

/** Tells whether two values of a field mean the same. */
export function isSameValue(field: SharedField, one: FieldValues, other: FieldValues): boolean {
  const plain = plainValues(field, other);
  return plainValues(field, one).every((value, index) => value === plain[index]);
}

/** A value in the form in which values of the field are compared. */
export function plainValues(field: SharedField, values: FieldValues): FieldValues {
  return values.map((value) => {
    if (typeof value !== 'string') return value;
    return field === 'email' ? normalizeEmail(value) : value.trim().normalize('NFC');
  });
}

/** Fields that a view has a value for; a no is one. */
export function fieldsWithValue(view: OutboundView): SharedField[] {
  return sharedFields.filter((field) => valuesIn(view, field).some((value) => value !== ''));
}

/** Fields in which two views differ, in spelling as well. */
export function fieldsApart(one: OutboundView, other: OutboundView): SharedField[] {
  return sharedFields.filter((field) => {
    const values = valuesIn(other, field);
    return valuesIn(one, field).some((value, index) => spelling(value) !== spelling(values[index]));
  });
}

function spelling(value: string | boolean | undefined): string | boolean | undefined {
  return typeof value === 'string' ? value.normalize('NFC') : value;
}

/** A view with some fields as they are in another. */
export function withFields(view: OutboundView, fields: readonly SharedField[], other: OutboundView): OutboundView {
  const result: Record<string, unknown> = { ...view };
  for (const field of fields) {
    for (const member of viewMembersOf(field)) {
      if (other[member] === undefined) delete result[member];
      else result[member] = other[member];
    }
  }
  return result as unknown as OutboundView;
}

/** A statement without what it says of a field. */
export function without({ changes, address, consents }: Statement, field: SharedField): Statement {
  const entry = entryOf(field);
  return {
    changes: omit(changes, entry.changes),
    address: omit(address, entry.address),
    consents: omit(consents, entry.consents),
  };
}

/** A statement in which the street is whole, also where it spoke of a part. */
export function withWholeStreet(said: Statement, known: OutboundView): Statement {
  const [street, houseNumber, houseNumberExtension] = streetSaid(said, known) ?? [];
  return { ...said, address: { ...said.address, street, houseNumber, houseNumberExtension } };
}

/** Names under which the history tells of a field, in a chain. */
export function recordedNames(field: SharedField, chainId: number): string[] {
  const { changes = [], address = [], consents = [], alsoRecordedAs = [] } = entryOf(field);
  return [
    ...changes,
    ...address.map((member) => `address.${member}`),
    ...consents.map((member) => `link.${chainId}.${member}`),
    ...alsoRecordedAs,
  ];
}

/** True for a field that somebody agrees or objects to. */
export function isConsent(field: SharedField): boolean {
  return entryOf(field).consents !== undefined;
}

function streetSaid({ address }: Statement, known: OutboundView): string[] | undefined {
  const members = ['street', 'houseNumber', 'houseNumberExtension'] as const;
  if (members.every((member) => address[member] === undefined)) return undefined;
  return members.map((member) => address[member] ?? known[member] ?? '');
}

function omit<T extends object>(members: T, names: readonly (keyof T)[] = []): T {
  if (names.length === 0) return members;
  const rest = { ...members };
  for (const name of names) delete rest[name];
  return rest;
}
