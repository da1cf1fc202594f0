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
    const id = await store.addresses.insert({
      ...created,
      customerId: customer.id,
      isDefaultBilling: true,
      isDefaultShipping: true,
    });
    // The id says that the address is new: one whose fields are all empty is not the same as none.
    return [{ field: 'id', before: null, after: id }, ...differences<AddressChanges>(blankAddress, created)].map(
      underAddress,
    );
  }
  const wanted = readAgainst(address, changes);
  const fields = differences<AddressChanges>(address, wanted);
  if (fields.length > 0) await store.addresses.update(address.id, wanted);
  return fields.map(underAddress);
}

/**
 * The platform was shown a free line in parts and speaks of those: parts that repeat it leave the line as it was typed, a
 * number by itself is that of the street as shown, and a new street is a new line.
 */
function readAgainst(address: Address, changes: AddressChanges): AddressChanges {
  const { street, houseNumber, houseNumberExtension, ...others } = changes;
  const said = { street, houseNumber, houseNumberExtension };
  const shown = shownStreet(address);
  if (differences<AddressChanges>(shown, said).length === 0) return others;
  return street === undefined
    ? {
        ...others,
        street: shown.street,
        houseNumber: houseNumber ?? shown.houseNumber,
        houseNumberExtension: houseNumberExtension ?? shown.houseNumberExtension,
      }
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
