import { beforeAll, expect, it } from 'vitest';
import type { Address } from '../../src/accounts/customer.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { addCustomer, at, saveTopology, smallTopology } from '../fixtures.ts';

const chainId = 123;

function fullAddress(customerId: number): Omit<Address, 'id'> {
  return {
    customerId,
    street: 'Straße des 17. Juni',
    houseNumber: '135',
    houseNumberExtension: 'a',
    line2: 'c/o Lovelace',
    line3: '',
    postcode: '10623',
    city: 'Berlin',
    region: null,
    countryCode: 'DE',
    isDefaultBilling: true,
    isDefaultShipping: false,
  };
}

describeOnBothDatabases('addresses and memberships', (database) => {
  let store: OpenStore;

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
  });

  const addressesOf = async (id: number) => (await store.customers.findLoyaltyProfile(id, chainId))?.addresses;

  it('gives back every address of a customer exactly, oldest first', async () => {
    const customerId = await addCustomer(store);
    const first = fullAddress(customerId);
    const second = { ...first, street: '', line2: null, line3: null, postcode: null, city: null, countryCode: null };
    const shipping = { ...second, isDefaultBilling: false, isDefaultShipping: true };
    const written = await store.transaction(async ({ addresses }) => [
      { ...first, id: await addresses.insert(first) },
      { ...shipping, id: await addresses.insert(shipping) },
    ]);
    expect(await addressesOf(customerId)).toEqual(written);
    expect(await addressesOf(await addCustomer(store))).toEqual([]);
  });

  it('gives addresses by their ids, in whatever order they came', async () => {
    const address = fullAddress(await addCustomer(store));
    const ids = [90_003, 90_001, 90_002];
    await store.transaction(async ({ addresses }) => {
      for (const id of ids) await addresses.insert({ ...address, id });
    });
    expect((await addressesOf(address.customerId))?.map(({ id }) => id)).toEqual(ids.toSorted());
  });

  it('changes the given parts of one address only', async () => {
    const customerId = await addCustomer(store);
    const address = fullAddress(customerId);
    const [id, other] = await store.transaction(async ({ addresses }) => [
      await addresses.insert(address),
      await addresses.insert(address),
    ]);
    await store.transaction(({ addresses }) => addresses.update(id, { city: null, houseNumber: '1' }));
    expect(await addressesOf(customerId)).toEqual([
      { ...address, id, city: null, houseNumber: '1' },
      { ...address, id: other },
    ]);
  });

  it('leaves an address alone when nothing is to change', async () => {
    const customerId = await addCustomer(store);
    const address = fullAddress(customerId);
    const id = await store.transaction(({ addresses }) => addresses.insert(address));
    await store.transaction(({ addresses }) => addresses.update(id, {}));
    expect(await addressesOf(customerId)).toEqual([{ ...address, id }]);
  });

  it('adds a group once, however often it is asked', async () => {
    const id = await addCustomer(store);
    await store.transaction(async ({ memberships }) => {
      await memberships.add(id, 5, at(0));
      await memberships.add(id, 2, at(0));
      await memberships.add(id, 5, at(1));
    });
    expect((await store.customers.findById(id))?.groupIds).toEqual([2, 5]);
  });

  it('removes one group and shrugs at one that was never joined', async () => {
    const [id, other] = [await addCustomer(store), await addCustomer(store)];
    await store.transaction(async ({ memberships }) => {
      for (const owner of [id, other]) await memberships.add(owner, 1, at(0));
      await memberships.add(id, 2, at(0));
      await memberships.remove(id, 1);
      await memberships.remove(id, 8);
    });
    expect((await store.customers.findById(id))?.groupIds).toEqual([2]);
    expect((await store.customers.findById(other))?.groupIds).toEqual([1]);
  });

  it('refuses a group that does not exist', async () => {
    const id = await addCustomer(store);
    await expect(store.transaction(({ memberships }) => memberships.add(id, 999, at(0)))).rejects.toThrow(
      /foreign key/i,
    );
    expect((await store.customers.findById(id))?.groupIds).toEqual([]);
  });
});
