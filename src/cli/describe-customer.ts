import type { PresentedCustomer } from '../protocols/admin/present.ts';
import { columns } from './command-output.ts';
import { momentText } from './moment-text.ts';

/** What is known about one person, a line for each thing that is; `more` are lines for the end. */
export function describeCustomer(shown: PresentedCustomer, more: readonly (readonly [string, string])[] = []): string {
  const person = [
    ['name', `${shown.given_name} ${shown.family_name}`],
    ['e-mail', shown.email],
    ['birthday', shown.birthday],
    ['gender', shown.gender_token],
    ['phone', shown.phone],
    ['mobile', shown.mobile],
    ['fax', shown.fax],
    ['country', shown.country_code],
    ['institution', shown.institution],
    ['notes', shown.notes],
    ['foreign id', shown.foreign_id],
    ['debtor number', shown.debtor_number],
    ['level', shown.level],
    ['Magento group', shown.group_id],
    ['home', `website ${shown.website}, store ${shown.store}, pool ${shown.pool}`],
    ['can sign in', signInText(shown)],
    ['created', momentText(shown.created_at)],
    ['updated', momentText(shown.updated_at)],
  ];
  const addresses = shown.addresses.map((address) => [`address ${address.id}`, addressText(address)]);
  const groups = shown.newsletter_groups.map(({ id, name }) => [`newsletter ${id}`, name]);
  const links = shown.links.map((link) => [`chain ${link.chain}`, linkText(link)]);
  const rows = [...person, ...addresses, ...groups, ...links, ...more].filter(
    ([, value]) => value !== null && value !== '',
  );
  return columns(rows.map(([label, value]) => [`  ${label}`, String(value)]));
}

function signInText({ has_password, unconfirmed_since }: PresentedCustomer): string {
  if (unconfirmed_since !== null) return `no: unconfirmed since ${momentText(unconfirmed_since)}`;
  return has_password ? 'yes' : 'no: has no password';
}

function addressText(address: PresentedCustomer['addresses'][number]): string {
  const street = [address.street, address.house_number, address.house_number_extension].filter(Boolean).join(' ');
  const town = [address.postcode, address.city].filter(Boolean).join(' ');
  const parts = [street, address.line2, address.line3, town, address.region, address.country_code];
  const uses = [address.is_default_billing && 'billing', address.is_default_shipping && 'shipping'].filter(Boolean);
  return parts.filter(Boolean).join(', ') + (uses.length > 0 ? ` (${uses.join(', ')})` : '');
}

function linkText(link: PresentedCustomer['links'][number]): string {
  const parts = [
    link.spaaza_user_id === null ? 'no Spaaza user yet' : `Spaaza user ${link.spaaza_user_id}`,
    link.member_number === null ? '' : `member ${link.member_number}`,
    `programme ${onOff(link.is_programme_opted_in)}`,
    `mailing ${onOff(link.is_mailing_subscribed)}`,
    `printed mailing ${onOff(link.is_printed_mailing_subscribed)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function onOff(isOn: boolean): string {
  return isOn ? 'on' : 'off';
}
