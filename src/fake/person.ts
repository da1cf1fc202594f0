import { refusal } from './spaaza-answer.ts';

/** What is kept of a person as text, under its name in requests (spaaza 3.5); null is what was never given or emptied. */
export const textFields = [
  'username',
  'first_name',
  'last_name',
  'birthday',
  'gender',
  'address_streetname',
  'address_housenumber',
  'address_housenumber_extension',
  'address_line_2',
  'address_line_3',
  'address_postalcode',
  'address_regionstate',
  'address_towncity',
  'country_code',
  'phone_number',
  'language',
  'member_number',
  'authentication_point_identifier',
  'auxiliary_identifier',
  'referral_code',
] as const;

export const flagFields = [
  'mailing_list_subscribed',
  'mailing_list_sub_offered',
  'printed_mailing_list_subscribed',
  'programme_opted_in',
  'opt_in_secondary',
  'registered',
] as const;

export type TextField = (typeof textFields)[number];
export type FlagField = (typeof flagFields)[number];
export type PersonFields = Record<TextField, string | null> & Record<FlagField, boolean>;
export type PersonChanges = Partial<PersonFields>;

export interface Person {
  readonly userId: number;
  fields: PersonFields;
  isErased: boolean;
  createdAt: Date;
  modifiedAt: Date;
}

/**
 * Reads what a request says about a person: an absent key says nothing, "" and null empty the field. Throws SpaazaError
 * for values that cannot be; which ones the real platform refuses is not published, so this is a sensible few.
 */
export function readChanges(body: Readonly<Record<string, unknown>>): PersonChanges {
  const changes: PersonChanges = {};
  for (const field of textFields) {
    if (Object.hasOwn(body, field)) changes[field] = textOf(body[field]);
  }
  for (const field of flagFields) {
    if (Object.hasOwn(body, field)) changes[field] = [true, 'true', 1, '1'].includes(body[field] as string);
  }
  const { username, birthday, country_code: country } = changes;
  if (username !== undefined && !/^[^\s@]+@[^\s@]+$/.test(username ?? '')) throw refusal.usernameInvalid();
  if (birthday && !/^\d{4}-\d\d-\d\d$/.test(birthday)) throw refusal.birthdayInvalid();
  if (country && !/^[A-Z]{2}$/.test(country)) throw refusal.countryInvalid();
  return changes;
}

/** A person's fields before anybody said anything. */
export function blankFields(): PersonFields {
  return Object.fromEntries([
    ...textFields.map((field) => [field, null]),
    ...flagFields.map((field) => [field, false]),
  ]) as PersonFields;
}

/** What remains of a person after delete-user: ids, member number, country (spaaza 3.6). */
export function erasedFields(userId: number, { member_number, country_code }: PersonFields): PersonFields {
  const username = `${userId}@deleted.spaaza.com`;
  return { ...blankFields(), first_name: 'Deleted', last_name: 'Deleted', username, member_number, country_code };
}

/** A person as responses show them: consents one level down, ids as numbers, times in UTC without a zone (spaaza 3.7). */
export function userInfoOf(person: Person): Record<string, unknown> {
  const { userId, isErased, createdAt, modifiedAt } = person;
  const {
    mailing_list_subscribed,
    mailing_list_sub_offered,
    printed_mailing_list_subscribed,
    programme_opted_in,
    ...plain
  } = person.fields;
  return {
    id: userId,
    user_id: userId,
    ...plain,
    entity_code: plain.member_number === null ? null : { code: plain.member_number, type: 'custom' },
    mailing_list: { mailing_list_sub_offered, mailing_list_subscribed, printed_mailing_list_subscribed },
    opt_in_programme: {
      programme_opted_in,
      join_date: programme_opted_in ? momentText(createdAt) : null,
    },
    created_date: momentText(createdAt),
    last_modified_date: momentText(modifiedAt),
    user_type: 'registered',
    ...(isErased && { obfuscated: true }),
  };
}

function momentText(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace('T', ' ');
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'object') throw refusal.valueInvalid();
  return String(value);
}
