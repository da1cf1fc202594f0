import type { Address, AddressChanges } from '../accounts/customer.ts';
import type { Handle } from './handle.ts';
import type { Tables } from './tables.ts';

/** Columns of an address under a prefix of their own, for joins with customers. */
export const addressColumns = [
  'addresses.id as address_id',
  'addresses.street',
  'addresses.house_number',
  'addresses.house_number_extension',
  'addresses.line2',
  'addresses.line3',
  'addresses.postcode',
  'addresses.city',
  'addresses.region',
  'addresses.country_code as address_country_code',
  'addresses.is_default_billing',
  'addresses.is_default_shipping',
] as const;

type Nullable<T> = { [Key in keyof T]: T[Key] | null };
export type JoinedAddressRow = Nullable<
  Omit<Tables['addresses'], 'id' | 'customer_id' | 'country_code'> & {
    address_id: number;
    address_country_code: string;
  }
>;

/** The address of a left-joined row, or undefined when the join found none. */
export function toAddress(customerId: number, row: JoinedAddressRow): Address | undefined {
  if (row.address_id === null) return undefined;
  return {
    id: row.address_id,
    customerId,
    street: row.street ?? '',
    houseNumber: row.house_number ?? '',
    houseNumberExtension: row.house_number_extension ?? '',
    line2: row.line2,
    line3: row.line3,
    postcode: row.postcode,
    city: row.city,
    region: row.region,
    countryCode: row.address_country_code,
    isDefaultBilling: row.is_default_billing === 1,
    isDefaultShipping: row.is_default_shipping === 1,
  };
}

/** Writes an address and gives its id: the one it brings, else a new one. */
export async function insert(handle: Handle, address: Omit<Address, 'id'> & { id?: number }): Promise<number> {
  const rows = await handle.run(
    handle.db
      .insertInto('addresses')
      .values({
        ...(address.id === undefined ? {} : { id: address.id }),
        customer_id: address.customerId,
        street: address.street,
        house_number: address.houseNumber,
        house_number_extension: address.houseNumberExtension,
        line2: address.line2,
        line3: address.line3,
        postcode: address.postcode,
        city: address.city,
        region: address.region,
        country_code: address.countryCode,
        is_default_billing: Number(address.isDefaultBilling),
        is_default_shipping: Number(address.isDefaultShipping),
      })
      .returning('id')
      .compile(),
  );
  return rows[0]!.id;
}

/**
 * Changes the columns that `changes` names; undefined leaves a column alone, and which address is the default stays.
 */
export async function update(handle: Handle, id: number, changes: AddressChanges): Promise<void> {
  if (Object.values(changes).every((value) => value === undefined)) return;
  await handle.run(
    handle.db
      .updateTable('addresses')
      .set({
        street: changes.street,
        house_number: changes.houseNumber,
        house_number_extension: changes.houseNumberExtension,
        line2: changes.line2,
        line3: changes.line3,
        postcode: changes.postcode,
        city: changes.city,
        region: changes.region,
        country_code: changes.countryCode,
      })
      .where('id', '=', id)
      .compile(),
  );
}
