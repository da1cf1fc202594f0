import type { LoyaltyConsents } from '../../accounts/apply-loyalty-update.ts';
import { parseBirthday } from '../../accounts/birthday.ts';
import { isCountryCode, normalizeCountryCode } from '../../accounts/country.ts';
import type { AddressChanges, CustomerChanges } from '../../accounts/customer.ts';
import { parseCustomerId } from '../../accounts/customer-id.ts';
import type { Problem } from '../../accounts/errors.ts';
import { parseGender, presentGender } from '../../accounts/gender.ts';
import type { OutboundView } from '../../accounts/loyalty-link.ts';
import type { LoyaltyIdentifiers } from '../../accounts/match-customer.ts';
import { isPhpEmpty } from '../../accounts/php-empty.ts';
import { readMoment } from './read-moment.ts';
import { shown, textOf } from './read-text.ts';
import { consentNames, wireOfAddress } from './wire-names.ts';

/** What a `user_info` says, in domain words. An absent key leaves no trace; null clears what may be cleared. */
export interface ReadUserInfo {
  identifiers: LoyaltyIdentifiers;
  changes: CustomerChanges;
  address: AddressChanges;
  consents: LoyaltyConsents;
  password?: string;
  isErasure: boolean;
  lastModifiedAt?: string;
  problems: Problem[];
}

interface Field {
  /** Name on the wire. */
  wire: string;
  /** Inbound: writes what the value means; absent for fields that only go out. */
  read?(value: unknown, into: ReadUserInfo): void;
  /** Outbound: the member of the view that is sent; absent for fields that only come in. */
  member?: keyof OutboundView;
}

/**
 * The one table of both directions (spaaza 2.1). Its order is the documented order of the 17 outbound keys; fields that
 * only come in follow. Nested objects come in, flat keys go out: that is how the platform itself speaks (spaaza 1.5.4).
 */
export const fields: readonly Field[] = [
  { wire: 'first_name', read: name('givenName'), member: 'givenName' },
  { wire: 'last_name', read: name('familyName'), member: 'familyName' },
  { wire: 'birthday', read: birthday, member: 'birthday' },
  { wire: 'username', read: username, member: 'email' },
  { wire: 'webshop_customer_id', member: 'customerId' },
  { wire: 'gender', read: gender, member: 'gender' },
  {
    wire: 'printed_mailing_list_subscribed',
    read: consent('isPrintedMailingSubscribed'),
    member: 'isPrintedMailingSubscribed',
  },
  {
    wire: 'mailing_list_subscribed',
    read: consent('isMailingSubscribed'),
    member: 'isMailingSubscribed',
  },
  { wire: 'mailing_list_sub_offered', member: 'isMailingOffered' },
  { wire: 'programme_opted_in', read: consent('isProgrammeOptedIn'), member: 'isProgrammeOptedIn' },
  { wire: 'address_streetname', read: streetPart('street'), member: 'street' },
  { wire: 'address_housenumber', read: streetPart('houseNumber'), member: 'houseNumber' },
  {
    wire: 'address_housenumber_extension',
    read: streetPart('houseNumberExtension'),
    member: 'houseNumberExtension',
  },
  { wire: 'address_postalcode', read: addressText('postcode'), member: 'postcode' },
  { wire: 'address_towncity', read: addressText('city'), member: 'city' },
  { wire: 'country_code', read: country, member: 'countryCode' },
  { wire: 'phone_number', read: phone, member: 'phone' },

  { wire: 'address_line_2', read: addressText('line2') },
  { wire: 'address_line_3', read: addressText('line3') },
  { wire: 'address_regionstate', read: addressText('region') },
  { wire: 'user_id', read: userId },
  { wire: 'member_number', read: memberNumber },
  { wire: 'authentication_point_identifier', read: authenticationPoint },
  { wire: 'password', read: password },
  { wire: 'mailing_list', read: nested },
  { wire: 'opt_in_programme', read: nested },
  { wire: 'last_modified_date', read: lastModified },
];

const readers = new Map(fields.flatMap(({ wire, read }) => (read === undefined ? [] : [[wire, read] as const])));
const sent = fields.flatMap(({ wire, member }) => (member === undefined ? [] : [{ wire, member }]));

/** Of an erased person nothing else is read: the values are no values (decisions, Spaaza 6). */
const identifying = new Set(['user_id', 'member_number', 'username', 'authentication_point_identifier']);

/** Reads a `user_info` object. Unknown keys are ignored: the platform adds fields without notice (spaaza 3.3). */
export function readUserInfo(userInfo: Readonly<Record<string, unknown>>): ReadUserInfo {
  const result: ReadUserInfo = {
    identifiers: {},
    changes: {},
    address: {},
    consents: {},
    isErasure: isErasure(userInfo),
    problems: [],
  };
  for (const [wire, read] of readers) {
    if (result.isErasure && !identifying.has(wire)) continue;
    if (Object.hasOwn(userInfo, wire)) read(userInfo[wire], result);
  }
  return result;
}

/** The flat object of the user_info endpoints: documented keys in documented order, keys without a value left out. */
export function presentUserInfo(view: OutboundView): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { wire, member } of sent) {
    const value = view[member];
    // Only an extension says that there is none (decisions, Spaaza 8).
    const isNone = value === undefined || (value === '' && member !== 'houseNumberExtension');
    if (!isNone) result[wire] = value;
  }
  return result;
}

/** A person erased over there arrives as data with these marks (decisions, Spaaza 6; spaaza 3.6). */
function isErasure({
  obfuscated,
  username: name,
  first_name: first,
  last_name: last,
}: Record<string, unknown>): boolean {
  if (obfuscated === true || obfuscated === 'true' || obfuscated === 1) return true;
  if (typeof name === 'string' && name.trim().toLowerCase().endsWith('@deleted.spaaza.com')) return true;
  return first === 'Deleted' && last === 'Deleted';
}

type Read = NonNullable<Field['read']>;

/** A name is never cleared, so that null says nothing (decisions, Spaaza 5). */
function name(field: 'givenName' | 'familyName'): Read {
  return (value, into) => {
    if (value === null) return;
    const text = typeof value === 'object' ? textOf(value, field, field, into) : String(value).trim();
    if (typeof text === 'string' && text !== '') into.changes[field] = text;
  };
}

function birthday(value: unknown, into: ReadUserInfo): void {
  const text = textOf(value, 'birthday', 'birthday', into);
  if (text === undefined) return;
  const date = text === null ? null : parseBirthday(text.trim());
  if (date === undefined) into.problems.push({ field: 'birthday', rule: 'invalid', value: text ?? '' });
  else into.changes.birthday = date;
}

function username(value: unknown, into: ReadUserInfo): void {
  if (isPhpEmpty(value)) return;
  const text = textOf(value, 'email', 'email', into);
  if (typeof text !== 'string') return;
  into.identifiers.username = text.trim();
  into.changes.email = text.trim();
}

function gender(value: unknown, into: ReadUserInfo): void {
  const text = textOf(value, 'gender', 'gender', into);
  if (text === undefined) return;
  const parsed = text === null || text.trim() === '' ? { code: null, token: null } : parseGender(text);
  into.changes.genderCode = parsed.code;
  // As it goes out again, so that "female" coming back as "F" is no change (decisions, Spaaza 9).
  into.changes.genderToken = presentGender(parsed) ?? null;
}

/** null leaves consent as it is: nobody said anything (decisions, Spaaza 5). */
function consent(flag: keyof LoyaltyConsents): Read {
  return (value, into) => {
    if (value === null || value === undefined) return;
    if (value === true || value === 'true' || value === 1 || value === '1') into.consents[flag] = true;
    else if (value === false || value === 'false' || value === 0 || value === '0') into.consents[flag] = false;
    else into.problems.push({ field: consentNames[flag], rule: 'invalid', value: shown(value) });
  };
}

/** `mailing_list` and `opt_in_programme` hold the flat names one level down. */
function nested(value: unknown, into: ReadUserInfo): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const wire of Object.values(consentNames)) {
    if (Object.hasOwn(value, wire)) readers.get(wire)?.((value as Record<string, unknown>)[wire], into);
  }
}

function streetPart(field: 'street' | 'houseNumber' | 'houseNumberExtension'): Read {
  return (value, into) => {
    const text = textOf(value, field, wireOfAddress[field], into);
    if (text !== undefined) into.address[field] = text ?? '';
  };
}

function addressText(field: 'postcode' | 'city' | 'line2' | 'line3' | 'region'): Read {
  return (value, into) => {
    const text = textOf(value, field, wireOfAddress[field], into);
    if (text !== undefined) into.address[field] = text;
  };
}

function country(value: unknown, into: ReadUserInfo): void {
  const text = textOf(value, 'countryCode', 'country_code', into);
  if (text === undefined) return;
  const code = text === null ? null : normalizeCountryCode(text);
  if (code !== null && !isCountryCode(code)) {
    into.problems.push({ field: 'country_code', rule: 'unknown', value: text ?? '' });
  } else into.address.countryCode = code;
}

function phone(value: unknown, into: ReadUserInfo): void {
  const text = textOf(value, 'phone', 'phone_number', into);
  if (text !== undefined) into.changes.phone = text;
}

function userId(value: unknown, into: ReadUserInfo): void {
  if (isPhpEmpty(value)) return;
  const id = parseCustomerId(value);
  if (id === undefined) into.problems.push({ field: 'user_id', rule: 'invalid', value: shown(value) });
  else into.identifiers.userId = id;
}

/** A string or number; webhooks send `{code, type}` (spaaza 3.8). */
function memberNumber(value: unknown, into: ReadUserInfo): void {
  const plain = typeof value === 'object' && value !== null && 'code' in value ? value.code : value;
  if (isPhpEmpty(plain)) return;
  const text = textOf(plain, 'memberNumber', 'member_number', into);
  // Blank is no number: it would be everybody's.
  const trimmed = text?.trim();
  if (trimmed) into.identifiers.memberNumber = trimmed;
}

/** Our own customer id; what is not an exact integer is somebody else's and ignored (spaaza Q4). */
function authenticationPoint(value: unknown, into: ReadUserInfo): void {
  const id = parseCustomerId(value);
  if (id !== undefined) into.identifiers.customerId = id;
}

function lastModified(value: unknown, into: ReadUserInfo): void {
  const moment = readMoment(value);
  if (moment !== undefined) into.lastModifiedAt = moment;
}

function password(value: unknown, into: ReadUserInfo): void {
  if (isPhpEmpty(value)) return;
  if (typeof value === 'string' || typeof value === 'number') into.password = String(value);
  else into.problems.push({ field: 'password', rule: 'invalid' });
}
