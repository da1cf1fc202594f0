import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { addMember, traces, update, userInfo } from './client.ts';

const address = {
  address_streetname: 'Dorpstraat',
  address_housenumber: '1',
  address_housenumber_extension: 'A',
  address_postalcode: '1000AA',
  address_towncity: 'Amsterdam',
  address_regionstate: 'Noord-Holland',
  address_line_2: 'Wijk 7',
  country_code: 'NL',
};

describeOnServers('the address in an update', (server) => {
  it('changes the address in place and never adds a second one', async () => {
    const { id, userId, created } = await addMember(server, address);
    const addressId = created.addresses?.[0]?.id;
    expect(created).toMatchObject({ default_billing: String(addressId), default_shipping: String(addressId) });
    const answer = await update(server, {
      user_id: userId,
      ...address,
      address_streetname: 'Kade',
      address_housenumber: '2',
    });
    expect(answer.json.addresses).toEqual([
      {
        id: addressId,
        customer_id: id,
        region: { region_code: null, region: 'Noord-Holland', region_id: 0 },
        region_id: 0,
        country_id: 'NL',
        street: ['Kade', '2', 'A'],
        postcode: '1000AA',
        city: 'Amsterdam',
        firstname: 'Ada',
        lastname: 'Lovelace',
        default_shipping: true,
        default_billing: true,
      },
    ]);
    const { history } = await traces(server.app, id);
    expect(history.slice(-2).map(({ field, before, after }) => [field, before, after])).toEqual([
      ['address.street', 'Dorpstraat', 'Kade'],
      ['address.houseNumber', '1', '2'],
    ]);
  });

  it('is in the history from its first day: the id says that it is new', async () => {
    const { id } = await addMember(server, address);
    const { history, addresses } = await traces(server.app, id);
    const entries = history.filter(({ field }) => field.startsWith('address.'));
    expect(entries[0]).toMatchObject({ field: 'address.id', before: null, after: addresses?.[0]?.id });
    expect(entries).toHaveLength(9);
  });

  it.each([
    ['nothing but a country', { country_code: 'NL' }],
    [
      'nothing but a number and an extension',
      { address_housenumber: '5', address_housenumber_extension: 'b', country_code: 'NL' },
    ],
    ['blanks', { address_streetname: ' ', address_towncity: '', address_postalcode: null, country_code: 'NL' }],
  ])('makes no address of %s: the country is then the person’s', async (_title, fields) => {
    const { id, userId, created } = await addMember(server, fields);
    expect(created.addresses).toEqual([]);
    expect(created).not.toHaveProperty('default_billing');
    const info = await userInfo(server, id);
    expect(info.country_code).toBe('NL');
    expect(info).not.toHaveProperty('address_housenumber_extension');

    const answer = await update(server, { user_id: userId, address_towncity: 'Amsterdam' });
    expect(answer.json.addresses).toMatchObject([{ city: 'Amsterdam', country_id: 'NL', street: [] }]);
    await update(server, { user_id: userId, country_code: null });
    expect(await userInfo(server, id)).not.toHaveProperty('country_code');
  });

  it('makes the country of a new address none of the person’s', async () => {
    const { id, userId } = await addMember(server);
    await update(server, { user_id: userId, ...address });
    const { customer, addresses } = await traces(server.app, id);
    expect([customer?.customer.countryCode, addresses?.[0]?.countryCode]).toEqual([null, 'NL']);
  });

  it.each([
    ['nl', 'NL'],
    [' de ', 'DE'],
  ])('reads a country: %j', async (country_code, code) => {
    const { id } = await addMember(server, { country_code });
    expect((await userInfo(server, id)).country_code).toBe(code);
  });

  it.each(['NLD', 'XX', 'UK', 'Netherlands', '12', true])(
    'refuses a country that is none: %j',
    async (country_code) => {
      const { userId } = await addMember(server);
      const answer = await update(server, { user_id: userId, country_code });
      expect(answer.status).toBe(400);
      expect(answer.json).toEqual({
        message: 'Invalid value of "%value" provided for the %fieldName field.',
        parameters: { fieldName: 'country_code', value: String(country_code) },
      });
    },
  );
});
