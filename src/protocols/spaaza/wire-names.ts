import type { LoyaltyConsents } from '../../accounts/apply-loyalty-update.ts';

/** The wire's name of a domain field, for refusals. */
export function wireName(field: string): string {
  return wireNames[field] ?? field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const wireNames: Readonly<Record<string, string>> = {
  givenName: 'first_name',
  familyName: 'last_name',
  email: 'username',
  phone: 'phone_number',
  countryCode: 'country_code',
};

/** Members of `user_info` that say where somebody lives, by domain field. */
export const wireOfAddress = {
  street: 'address_streetname',
  houseNumber: 'address_housenumber',
  houseNumberExtension: 'address_housenumber_extension',
  postcode: 'address_postalcode',
  city: 'address_towncity',
  line2: 'address_line_2',
  line3: 'address_line_3',
  region: 'address_regionstate',
} as const;

/** Members of `user_info` that say what somebody agreed to, by domain field. */
export const consentNames: Record<keyof LoyaltyConsents, string> = {
  isProgrammeOptedIn: 'programme_opted_in',
  isMailingSubscribed: 'mailing_list_subscribed',
  isPrintedMailingSubscribed: 'printed_mailing_list_subscribed',
};
