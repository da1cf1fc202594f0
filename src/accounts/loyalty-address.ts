import { type Address, type AddressChanges, differences, type FieldChange, mainAddress } from './customer.ts';
import { type LoyaltyProfile, shownStreet } from './loyalty-link.ts';
import type { WritableStore } from './store.ts';

/**
 * Writes what the loyalty platform says about the address: in place, or as one new address that is both defaults; none
 * while street, city and postcode are all empty (spaaza 2.6). What repeats the address as it is shown there changes
 * nothing. Gives the changes for the history.
 */
export async function applyAddress(
  store: WritableStore,
  { customer, addresses }: LoyaltyProfile,
  changes: AddressChanges,
): Promise<FieldChange[]> {
  const address = mainAddress(addresses);
  if (address === undefined) {
    if ([changes.street, changes.city, changes.postcode].every(isBlank)) return [];
    const created = { ...blankAddress, countryCode: customer.countryCode, ...changes };
    await store.addresses.insert({
      ...created,
      customerId: customer.id,
      isDefaultBilling: true,
      isDefaultShipping: true,
    });
    return differences<AddressChanges>(blankAddress, created).map(underAddress);
  }
  const wanted = readAgainst(address, changes);
  const fields = differences<AddressChanges>(address, wanted);
  if (fields.length > 0) await store.addresses.update(address.id, wanted);
  return fields.map(underAddress);
}

/**
 * The platform was shown a free line in parts and speaks of those: parts that differ replace the whole line, parts that
 * do not leave it as it was typed.
 */
function readAgainst(address: Address, changes: AddressChanges): AddressChanges {
  const shown = shownStreet(address);
  const { street = shown.street, houseNumber = shown.houseNumber, ...others } = changes;
  const houseNumberExtension = changes.houseNumberExtension ?? shown.houseNumberExtension;
  const said = { street, houseNumber, houseNumberExtension };
  return differences<AddressChanges>(shown, said).length === 0
    ? { ...others, houseNumberExtension: undefined }
    : { ...others, ...said };
}

function isBlank(text: string | null | undefined): boolean {
  return (text ?? '').trim() === '';
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
