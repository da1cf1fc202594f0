import type { Static } from 'typebox';
import type { AppliedUpdate } from '../../accounts/apply-loyalty-update.ts';
import type { Address, Customer } from '../../accounts/customer.ts';
import { joinStreetLines } from '../../accounts/street.ts';
import type { Website } from '../../accounts/topology.ts';
import type { MagentoCustomer } from './schemas.ts';

/** Gives a customer as Magento's REST API does, with the link of the request's chain as `spaaza_data`. */
export function presentMagentoCustomer(
  { profile, groupIds }: AppliedUpdate,
  website: Website,
): Static<typeof MagentoCustomer> {
  const { customer, addresses, link } = profile;
  const billing = addresses.find((address) => address.isDefaultBilling);
  const shipping = addresses.find((address) => address.isDefaultShipping);
  const general = website.generalNewsletterGroupId;
  return {
    id: customer.id,
    group_id: customer.groupId,
    // Ids of addresses are text here and numbers in `addresses` (magento-webapi 6.2).
    default_billing: billing && String(billing.id),
    default_shipping: shipping && String(shipping.id),
    created_at: magentoTime(customer.createdAt),
    updated_at: magentoTime(customer.updatedAt),
    created_in: customer.createdIn,
    dob: customer.birthday ?? undefined,
    email: customer.email,
    firstname: customer.givenName,
    lastname: customer.familyName,
    gender: customer.genderCode ?? undefined,
    store_id: customer.storeId,
    website_id: customer.websiteId,
    addresses: addresses.map((address) => presentAddress(address, customer)),
    disable_auto_group_change: 0,
    extension_attributes: {
      is_subscribed: general !== null && groupIds.includes(general),
      spaaza_data: {
        customer_id: customer.id,
        user_id: link.spaazaUserId ?? undefined,
        member_number: link.memberNumber ?? undefined,
        programme_opted_in: link.isProgrammeOptedIn,
        mailing_list_subscribed: link.isMailingSubscribed,
        printed_mailing_list_subscribed: link.isPrintedMailingSubscribed,
        last_hash: link.lastHash ?? undefined,
      },
    },
  };
}

function presentAddress(address: Address, customer: Customer): Static<typeof MagentoCustomer>['addresses'][number] {
  return {
    id: address.id,
    customer_id: customer.id,
    region: { region_code: null, region: address.region, region_id: 0 },
    region_id: 0,
    country_id: address.countryCode ?? undefined,
    street: joinStreetLines(address),
    telephone: customer.phone || undefined,
    postcode: address.postcode ?? undefined,
    city: address.city ?? undefined,
    firstname: customer.givenName,
    lastname: customer.familyName,
    // Only when true (magento-webapi 6.3).
    default_shipping: address.isDefaultShipping || undefined,
    default_billing: address.isDefaultBilling || undefined,
  };
}

/** `YYYY-MM-DD HH:MM:SS` in UTC, without a zone mark. */
function magentoTime(isoUtc: string): string {
  return `${isoUtc.slice(0, 10)} ${isoUtc.slice(11, 19)}`;
}
