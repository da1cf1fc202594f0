import { hash } from 'node:crypto';
import type { Address, Customer } from '../src/accounts/customer.ts';
import { digestOf, type LoyaltyLink, outboundView } from '../src/accounts/loyalty-link.ts';
import { searchColumns } from '../src/storage/customer-row.ts';
import { type SearchedFields, wordsOf } from '../src/storage/search-words.ts';
import type { BulkTable } from './bulk.ts';
import { type Person, personOf, sessionOf } from './people.ts';
import { chainId, seededAt } from './seed-facts.ts';

/**
 * Foyer's tables as filled for customer after customer; sessions are fresh, so that using one writes nothing. The counts
 * are not among them: `recountCustomers` makes them.
 */
export function customerTables(options: {
  passwordHash: string;
  now: Date;
  normalizeEmail(email: string): string;
}): BulkTable[] {
  const now = options.now.toISOString();
  const expiresAt = new Date(options.now.getTime() + 14 * 86_400_000).toISOString();
  return [
    table('customers', (person) => [
      {
        ...searchColumns(searchedOf(person)),
        id: person.id,
        pool_id: 1,
        website_id: 1,
        store_id: 1,
        created_in: 'Default Store View',
        email: person.email,
        normalized_email: options.normalizeEmail(person.email),
        given_name: person.givenName,
        family_name: person.familyName,
        salutation_id: person.gender.code,
        language_id: 1,
        birthday: person.birthday,
        gender_code: person.gender.code,
        gender_token: person.gender.token,
        phone: person.phone,
        mobile: '',
        level: 20,
        debtor_number: 10_000 + person.id,
        price_target_audience_id: 1,
        group_id: 1,
        password_hash: options.passwordHash,
        created_at: seededAt,
        updated_at: seededAt,
      },
    ]),
    table('customer_words', (person) => wordsOf(searchedOf(person)).map((word) => ({ word, customer_id: person.id }))),
    table('addresses', (person) => [
      {
        id: person.id,
        customer_id: person.id,
        street: person.street,
        house_number: person.houseNumber,
        house_number_extension: '',
        postcode: person.postcode,
        city: person.city,
        country_code: person.countryCode,
        is_default_billing: 1,
        is_default_shipping: 1,
      },
    ]),
    table('loyalty_links', (person) => {
      const digest = digestOf(outboundView({ customer: customerOf(person), addresses: [addressOf(person)], link }));
      return [
        {
          customer_id: person.id,
          chain_id: chainId,
          spaaza_user_id: person.spaazaUserId,
          member_number: person.memberNumber,
          is_programme_opted_in: 1,
          is_mailing_subscribed: 1,
          is_printed_mailing_subscribed: 0,
          last_hash: digest.lastHash,
          agreed_digest: digest.agreedDigest,
        },
      ];
    }),
    table('memberships', (person) =>
      person.newsletterGroupIds.map((groupId) => ({ customer_id: person.id, group_id: groupId, joined_at: seededAt })),
    ),
    table('sessions', ({ id, email }) => {
      const { clientId, token } = sessionOf(id);
      return [
        {
          id,
          customer_id: id,
          client_id: clientId,
          token_hash: hash('sha256', token, 'base64url'),
          rotation_seed: hash('sha256', `seed ${id}`, 'base64url').slice(0, 22),
          uid: email,
          expires_at: expiresAt,
          created_at: now,
          last_used_at: now,
        },
      ];
    }),
  ];
}

const searchedOf = ({ givenName, familyName, email }: Person): SearchedFields => ({
  givenName,
  familyName,
  email,
  foreignId: null,
});

type Row = Record<string, string | number>;

/** Columns are those of the first customer that has a row; all rows of a table have the same ones. */
function table(name: string, rowsOf: (person: Person) => Row[]): BulkTable {
  let id = 1;
  while (rowsOf(personOf(id)).length === 0) id += 1;
  const columns = Object.keys(rowsOf(personOf(id))[0] ?? {});
  return { name, columns, rowsOf: (each) => rowsOf(personOf(each)).map((row) => Object.values(row)) };
}

const link = {
  isProgrammeOptedIn: true,
  isMailingSubscribed: true,
  isPrintedMailingSubscribed: false,
} as LoyaltyLink;

/** As much of the customer as the digest of what was agreed is made of. */
function customerOf(person: Person): Customer {
  const { id, email, givenName, familyName, birthday, phone, gender } = person;
  const known = { id, email, givenName, familyName, birthday, phone, countryCode: null };
  return { ...known, genderCode: gender.code, genderToken: gender.token } as Customer;
}

function addressOf({ street, houseNumber, postcode, city, countryCode }: Person): Address {
  return {
    street,
    houseNumber,
    houseNumberExtension: '',
    postcode,
    city,
    countryCode,
    isDefaultBilling: true,
  } as Address;
}
