import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { type Answer, send } from './client.ts';

// Bodies are those of the vendor's page, byte for byte; curl sends them as a form unless told otherwise.

const authenticateBody = `{
"email": "info@spaaza.com",
"password": "ThisIsEasyToGuess",
"spaaza_chain_id": 123
}`;

const updateBody = `{
"user_info": {
"member_number": "99102352",
"user_id": 3362356,
"username": "info@spaaza.com",
"password": "EasyOrNot?",
"address_streetname": "Dorpstraat",
"address_housenumber": "1",
"address_housenumber_extension": null,
"address_line_2": null,
"address_line_3": null,
"address_postalcode": "1000AA",
"address_regionstate": null,
"address_towncity": "Amsterdam",
"birthday": "2002-01-01T00:00:00+00:00",
"country_code": "NL",
"entity_code": {
"code": "99102352",
"type": "custom"
},
"first_name": "John",
"last_name": "Doe",
"gender": "F",
"id": 3362356,
"mailing_list": {
"mailing_list_sub_offered": true,
"mailing_list_subscribed": true,
"printed_mailing_list_subscribed": false
},
"opt_in_programme": {
"programme_opted_in": false
},
"phone_number": "0851234567"
},
"create_if_not_exists": true,
"spaaza_chain_id": 123
}`;

const authenticated = {
  authenticated: true,
  // 7 on the page, which gives the same person the id 39 elsewhere (decisions, both wires 1).
  customer_id: 39,
  message: null,
  website_code: 'default',
  store_code: 'default',
};

const johnAfterUpdate = {
  id: 39,
  group_id: 1,
  default_billing: '8',
  default_shipping: '8',
  created_at: '2018-10-18 14:49:13',
  updated_at: '2018-10-18 21:06:56',
  created_in: 'Default Store View',
  dob: '2002-01-01',
  email: 'info@spaaza.com',
  firstname: 'John',
  lastname: 'Doe',
  gender: 2,
  store_id: 1,
  website_id: 1,
  addresses: [
    {
      id: 8,
      customer_id: 39,
      region: { region_code: null, region: null, region_id: 0 },
      region_id: 0,
      country_id: 'NL',
      street: ['Dorpstraat', '1'],
      telephone: '0851234567',
      postcode: '1000AA',
      city: 'Amsterdam',
      firstname: 'John',
      lastname: 'Doe',
      default_shipping: true,
      default_billing: true,
    },
  ],
  disable_auto_group_change: 0,
  extension_attributes: {
    is_subscribed: false,
    spaaza_data: {
      customer_id: 39,
      user_id: 3362356,
      member_number: '99102352',
      programme_opted_in: false,
      mailing_list_subscribed: true,
      printed_mailing_list_subscribed: false,
      last_hash: 'deadf385f4407f78',
    },
  },
};

const veronica = {
  first_name: 'Veronica',
  last_name: 'Costello',
  birthday: '1973-12-15',
  username: 'roni_cost@example.com',
  webshop_customer_id: 1,
  gender: 'F',
  printed_mailing_list_subscribed: false,
  mailing_list_subscribed: false,
  mailing_list_sub_offered: true,
  programme_opted_in: false,
  address_streetname: 'Test Street',
  address_housenumber: '8',
  address_housenumber_extension: '',
  address_postalcode: '49628-7978',
  address_towncity: 'Amsterdam',
  country_code: 'NL',
  phone_number: '010 123 45 67',
};

const contentTypes = ['application/json', 'application/x-www-form-urlencoded'];

describeOnServers('the documented requests', (server) => {
  it.each(contentTypes)('answer the authentication as printed, sent as %s', async (contentType) => {
    const answer = await curl(
      server.url,
      'POST',
      '/rest/V1/spaaza/customer/authenticate',
      contentType,
      authenticateBody,
    );
    expectText(answer, authenticated);
  });

  it.each(contentTypes)('answer the update as printed, sent as %s, and as often as it is sent', async (contentType) => {
    for (let time = 1; time <= 2; time += 1) {
      const answer = await curl(server.url, 'POST', '/rest/V1/spaaza/customer/update', contentType, updateBody);
      expectText(answer, johnAfterUpdate);
    }
  });

  it.each([
    ['its heading, by id', '/rest/V1/spaaza/customer/user_info/1'],
    ['its heading, by e-mail', '/rest/V1/spaaza/customer/user_info_by_email/roni_cost@example.com'],
    ['its heading, by chain and e-mail', '/rest/V1/spaaza/customer/user_info_by_email/123/roni_cost@example.com'],
    ['its example, by e-mail', '/rest/V1/spaaza/customer/user_info/roni_cost@example.com'],
    ['its example, by chain and e-mail', '/rest/V1/spaaza/customer/user_info/123/roni_cost@example.com'],
  ])('answer the user info as printed at the path of %s', async (_title, path) => {
    expectText(await curl(server.url, 'GET', path), veronica);
  });

  it('leave the password of somebody who is already there as it was', async () => {
    await curl(server.url, 'POST', '/rest/V1/spaaza/customer/update', 'application/json', updateBody);
    const withNew = authenticateBody.replace('ThisIsEasyToGuess', 'EasyOrNot?');
    const path = '/rest/V1/spaaza/customer/authenticate';
    expect((await curl(server.url, 'POST', path, 'application/json', withNew)).json.authenticated).toBe(false);
    expectText(await curl(server.url, 'POST', path, 'application/json', authenticateBody), authenticated);
  });
});

/** What curl sends by itself, and the key. */
function curl(url: string, method: string, path: string, contentType?: string, body?: string): Promise<Answer> {
  const headers: Record<string, string> = { 'user-agent': 'curl/8.5.0', accept: '*/*' };
  if (contentType !== undefined) headers['content-type'] = contentType;
  return send({ url }, method, path, { headers, body });
}

/** Text, not values: the order of the keys is documented too. */
function expectText(answer: Answer, expected: object): void {
  expect(answer.text).toBe(JSON.stringify(expected));
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['set-cookie']).toBeUndefined();
}
