import { expect, it } from 'vitest';
import type { Address } from '../../../src/accounts/customer.ts';
import { addCustomer } from '../../fixtures.ts';
import { describeOnServers, type ServerUnderTest } from '../server-under-test.ts';
import { addMember, call, freshUserId, type Json, traces, update, userInfo } from './client.ts';
import { twoChains } from './topologies.ts';

const documentedKeys = [
  'first_name',
  'last_name',
  'birthday',
  'username',
  'webshop_customer_id',
  'gender',
  'printed_mailing_list_subscribed',
  'mailing_list_subscribed',
  'mailing_list_sub_offered',
  'programme_opted_in',
  'address_streetname',
  'address_housenumber',
  'address_housenumber_extension',
  'address_postalcode',
  'address_towncity',
  'country_code',
  'phone_number',
];

const street = ({ address_streetname, address_housenumber, address_housenumber_extension }: Json) => [
  address_streetname,
  address_housenumber,
  address_housenumber_extension,
];

/** Writes an address as another way in would: one line, the number in it. */
function addFreeLine(
  server: ServerUnderTest,
  customerId: number,
  line: string,
  others: Partial<Address> = {},
): Promise<number> {
  const address: Omit<Address, 'id'> = {
    customerId,
    street: line,
    houseNumber: '',
    houseNumberExtension: '',
    line2: null,
    line3: null,
    postcode: '1015CJ',
    city: 'Amsterdam',
    region: null,
    countryCode: 'NL',
    isDefaultBilling: true,
    isDefaultShipping: true,
    ...others,
  };
  return server.app.store.transaction(({ addresses }) => addresses.insert(address));
}

describeOnServers('user_info', (server) => {
  it('has the 17 documented keys in their order, and no ids of the platform', async () => {
    const { id, email, userId } = await addMember(server, {
      member_number: 'K1',
      birthday: '1990-01-01',
      gender: 'M',
      address_streetname: 'Dorpstraat',
      address_housenumber: '1',
      address_housenumber_extension: 'A',
      address_postalcode: '1000AA',
      address_towncity: 'Amsterdam',
      country_code: 'NL',
      phone_number: '0851234567',
      address_line_2: 'Wijk 7',
      address_regionstate: 'NH',
    });
    for (const path of [`/user_info/${id}`, `/user_info_by_email/${email}`, `/user_info_by_email/123/${email}`]) {
      const { json, text } = await call(server, 'GET', path);
      expect(Object.keys(json)).toEqual(documentedKeys);
      expect(json.webshop_customer_id).toBe(id);
      expect(text).not.toContain(String(userId));
    }
  });

  it('leaves out what is not known', async () => {
    const { id, email } = await addMember(server);
    expect((await call(server, 'GET', `/user_info/${id}`)).text).toBe(
      JSON.stringify({
        first_name: 'Ada',
        last_name: 'Lovelace',
        username: email,
        webshop_customer_id: id,
        printed_mailing_list_subscribed: false,
        mailing_list_subscribed: false,
        mailing_list_sub_offered: true,
        programme_opted_in: false,
      }),
    );
  });

  it('shows an empty extension wherever there is an address', async () => {
    const { id } = await addMember(server, { address_postalcode: '1000AA' });
    const info = await userInfo(server, id);
    expect(street(info)).toEqual([undefined, undefined, '']);
    expect(info.address_postalcode).toBe('1000AA');
  });

  it('shows customers whom the platform does not know', async () => {
    expect(await userInfo(server, 402)).toMatchObject({
      first_name: 'Bruce',
      username: 'shop-customer@giantmonkey.de',
    });
    const { links } = await traces(server.app, 402);
    expect(links).toEqual([]);
  });

  it('writes nothing', async () => {
    const { id } = await addMember(server);
    const before = await traces(server.app, id);
    await userInfo(server, id);
    expect(await traces(server.app, id)).toEqual(before);
  });

  it.each([
    ['Keizersgracht 123 II', 'NL', ['Keizersgracht', '123', 'II']],
    ['Am Markt 4-6', 'DE', ['Am Markt', '4-6', '']],
    ['12 rue Haute', 'FR', ['rue Haute', '12', '']],
    ['Plein 1944', 'NL', ['Plein 1944', undefined, '']],
    ['Postbus 12', 'NL', ['Postbus 12', undefined, '']],
    ['Plein 12 14', 'NL', ['Plein 12 14', undefined, '']],
    ['Keizersgracht 123', null, ['Keizersgracht 123', undefined, '']],
    ['Calle Mayor 5', 'ES', ['Calle Mayor 5', undefined, '']],
  ])('splits a street on one line only when it can be read in one way: %s in %s', async (line, countryCode, parts) => {
    const { id } = await addMember(server);
    await addFreeLine(server, id, line, { countryCode });
    expect(street(await userInfo(server, id))).toEqual(parts);
  });

  it('leaves a line as it was typed until somebody says something else', async () => {
    const { id, userId } = await addMember(server);
    await addFreeLine(server, id, 'Keizersgracht 123 II');
    const lines = async (fields: object) =>
      (await update(server, { user_id: userId, ...fields })).json.addresses?.[0]?.street;
    const shown = {
      address_streetname: 'Keizersgracht',
      address_housenumber: '123',
      address_housenumber_extension: 'II',
    };
    expect(await lines(shown)).toEqual(['Keizersgracht 123 II']);
    expect(await lines({ address_housenumber: 123 })).toEqual(['Keizersgracht 123 II']);
    expect(await lines({ address_streetname: 'Keizersgracht 123 II' })).toEqual(['Keizersgracht 123 II']);
    expect(await lines({ address_housenumber: '125' })).toEqual(['Keizersgracht', '125', 'II']);
  });

  it('takes a new street for a new line', async () => {
    const { id, userId } = await addMember(server);
    await addFreeLine(server, id, 'Keizersgracht 123 II');
    const answer = await update(server, { user_id: userId, address_streetname: 'Herengracht 5' });
    expect(answer.json.addresses?.[0]?.street).toEqual(['Herengracht 5']);
    expect(street(await userInfo(server, id))).toEqual(['Herengracht', '5', '']);
  });

  it('speaks of the billing address, and an update changes only that one', async () => {
    const { id, userId } = await addMember(server);
    const shipping = await addFreeLine(server, id, 'Shipping', { isDefaultBilling: false });
    expect((await userInfo(server, id)).address_streetname).toBe('Shipping');
    const billing = await addFreeLine(server, id, 'Billing', { isDefaultShipping: false });
    expect((await userInfo(server, id)).address_streetname).toBe('Billing');
    const { json } = await update(server, { user_id: userId, address_streetname: 'Moved' });
    expect(json).toMatchObject({ default_billing: String(billing), default_shipping: String(shipping) });
    expect(json.addresses).toMatchObject([
      { id: shipping, street: ['Shipping'], default_shipping: true },
      { id: billing, street: ['Moved'], default_billing: true },
    ]);
    expect(json.addresses?.[0]).not.toHaveProperty('default_billing');
  });
});

const [website] = twoChains.websites;
const [shop] = twoChains.shops;

describeOnServers(
  'user_info of a customer whose website has no chain, where there are several',
  (server) => {
    it('shows the chain that they are tied in, as by e-mail', async () => {
      const { poolId } = website!;
      const id = await addCustomer(server.app.store, { poolId, websiteId: 3, storeId: 3 });
      const { email } = (await server.app.store.customers.findById(id))!.customer;
      expect(await userInfo(server, id)).toMatchObject({ programme_opted_in: false });
      const said = { user_id: freshUserId(), username: email, opt_in_programme: { programme_opted_in: true } };
      expect((await update(server, said, { spaaza_chain_id: 123 })).status).toBe(200);
      const shown = await userInfo(server, id);
      expect(shown).toMatchObject({ programme_opted_in: true });
      const byEmail = await call(server, 'GET', `/user_info_by_email/123/${encodeURIComponent(email)}`);
      expect(byEmail.json).toEqual(shown);
      // A tie that has ended is none.
      const gone = { user_id: freshUserId(), username: email };
      for (const words of [gone, { ...gone, obfuscated: true }]) {
        expect((await update(server, words, { spaaza_chain_id: 456 })).status).toBe(200);
      }
      expect(await userInfo(server, id)).toEqual(shown);
    });
  },
  {},
  {
    topology: {
      ...twoChains,
      websites: [...twoChains.websites, { ...website!, id: 3, code: 'kiosk', chainId: null }],
      shops: [...twoChains.shops, { ...shop!, id: 3, code: 'kiosk', websiteId: 3, hosts: [], isDefault: false }],
    },
  },
);
