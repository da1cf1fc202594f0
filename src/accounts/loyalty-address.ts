import { type AddressChanges, differences, type FieldChange, mainAddress } from './customer.ts';
import type { LoyaltyProfile } from './loyalty-link.ts';
import type { WritableStore } from './store.ts';

/**
 * Writes what the loyalty platform says about the address: in place, or as one new address that is both defaults; none
 * while street, city and postcode are all empty (spaaza 2.6). Gives the changes for the history.
 */
export async function applyAddress(
  store: WritableStore,
  { customer, addresses }: LoyaltyProfile,
  changes: AddressChanges,
): Promise<FieldChange[]> {
  const address = mainAddress(addresses);
  if (address === undefined) {
    if (!changes.street && !changes.city && !changes.postcode) return [];
    const created = { ...blankAddress, countryCode: customer.countryCode, ...changes };
    await store.addresses.insert({
      ...created,
      customerId: customer.id,
      isDefaultBilling: true,
      isDefaultShipping: true,
    });
    return differences<AddressChanges>(blankAddress, created).map(underAddress);
  }
  const fields = differences<AddressChanges>(address, changes);
  if (fields.length > 0) await store.addresses.update(address.id, changes);
  return fields.map(underAddress);
}

const underAddress = (change: FieldChange): FieldChange => ({ ...change, field: `address.${change.field}` });

const blankAddress = {
  street: '',
  houseNumber: '',
  houseNumberExtension: '',
  line2: null,
  line3: null,
  postcode: null,
  city: null,
  region: null,
  countryCode: null,
} satisfies AddressChanges;
