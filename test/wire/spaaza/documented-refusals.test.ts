import { expect, it } from 'vitest';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import { type Answer, addMember, authenticate, call, freshEmail, john, update } from './client.ts';
import { noChains, separatePools, twoChains } from './topologies.ts';

const notConfigured = '{"message":"The given Chain Id is not configured in Magento."}';
const websiteScope = '{"message":"Missing Chain Id: Customers are configured to have a website sharing scope."}';
const notFound = '{"message":"Customer not found"}';

describeOnServers('the documented refusals', (server) => {
  it('are a result, not an error, for a wrong password and an unknown e-mail alike', async () => {
    const refused =
      '{"authenticated":false,"customer_id":null,"message":"Invalid login or password.","website_code":null,"store_code":null}';
    for (const email of ['info@spaaza.com', 'nobody@spaaza.com']) {
      expectRefusal(await authenticate(server, { email, password: 'wrong', spaaza_chain_id: 123 }), 200, refused);
    }
  });

  it('name a chain that is not configured, on every endpoint that takes one', async () => {
    expectRefusal(await authenticate(server, { ...john, spaaza_chain_id: 124 }), 400, notConfigured);
    expectRefusal(await update(server, { user_id: 3362356 }, { spaaza_chain_id: 124 }), 400, notConfigured);
    expectRefusal(await call(server, 'GET', '/user_info_by_email/124/roni_cost@example.com'), 400, notConfigured);
    expectRefusal(await call(server, 'GET', '/user_info/124/roni_cost@example.com'), 400, notConfigured);
  });

  it('say that nobody matches an update, without parameters, unless a create is asked for', async () => {
    const email = freshEmail();
    const stranger = { user_id: 1, username: email, first_name: 'No', last_name: 'Body' };
    expectRefusal(await update(server, stranger), 404, notFound);
    expectRefusal(await update(server, stranger, { create_if_not_exists: false }), 404, notFound);
    expectRefusal(await update(server, stranger, { create_if_not_exists: null }), 404, notFound);
    expect((await call(server, 'GET', `/user_info_by_email/${email}`)).status).toBe(404);
  });

  it('name e-mail and website when nobody has the e-mail', async () => {
    const expected =
      '{"message":"No such entity with %fieldName = %fieldValue, %field2Name = %field2Value",' +
      '"parameters":{"fieldName":"email","fieldValue":"nobody@example.com","field2Name":"websiteId","field2Value":"1"}}';
    for (const path of ['/user_info_by_email/', '/user_info_by_email/123/', '/user_info/', '/user_info/123/']) {
      expectRefusal(await call(server, 'GET', `${path}nobody@example.com`), 404, expected);
    }
  });

  it('name the customer id, as a number, when nobody has it', async () => {
    const expected =
      '{"message":"No such entity with %fieldName = %fieldValue","parameters":{"fieldName":"customerId","fieldValue":9999}}';
    expectRefusal(await call(server, 'GET', '/user_info/9999'), 404, expected);
  });
});

describeOnServer(
  'a house whose websites keep their customers apart',
  (server) => {
    it('asks for the chain on the route by e-mail, for known and unknown people alike', async () => {
      for (const email of ['roni_cost@example.com', 'nobody@example.com']) {
        expectRefusal(await call(server, 'GET', `/user_info_by_email/${email}`), 400, websiteScope);
        expectRefusal(await call(server, 'GET', `/user_info/${email}`), 400, websiteScope);
      }
    });

    it('finds a customer by id and by e-mail in the right chain only, and names that chain’s website', async () => {
      expect((await call(server, 'GET', '/user_info/1')).json.username).toBe('roni_cost@example.com');
      const path = '/user_info_by_email/123/roni_cost@example.com';
      expect((await call(server, 'GET', path)).json.webshop_customer_id).toBe(1);
      const elsewhere = await call(server, 'GET', '/user_info_by_email/456/roni_cost@example.com');
      expect(elsewhere.status).toBe(404);
      expect(elsewhere.json.parameters).toMatchObject({ field2Value: '2' });
    });

    it('lets one e-mail be two people', async () => {
      const fields = { username: freshEmail(), password: 'EasyOrNot?' };
      const here = await addMember(server, fields, { spaaza_chain_id: 123 });
      const there = await addMember(server, { ...fields, password: 'Other0rNot?' }, { spaaza_chain_id: 456 });
      expect(there.id).not.toBe(here.id);
      expect([here.created.website_id, there.created.website_id]).toEqual([1, 2]);
      const login = { email: fields.username, password: 'Other0rNot?' };
      expect((await authenticate(server, { ...login, spaaza_chain_id: 123 })).json.authenticated).toBe(false);
      expect((await authenticate(server, { ...login, spaaza_chain_id: 456 })).json).toEqual({
        authenticated: true,
        customer_id: there.id,
        message: null,
        website_code: 'outlet',
        store_code: 'outlet_en',
      });
    });
  },
  {},
  { topology: separatePools },
);

describeOnServer(
  'a house with several chains',
  (server) => {
    it('asks for the chain wherever one can be given', async () => {
      const answers = [
        await authenticate(server, john),
        await authenticate(server, { ...john, spaaza_chain_id: null }),
        await update(server, { user_id: 3362356 }),
        await call(server, 'GET', '/user_info_by_email/roni_cost@example.com'),
      ];
      for (const answer of answers) {
        expect(answer.status).toBe(400);
        expect(Object.keys(answer.json)).toEqual(['message']);
        expect(answer.json.message).toMatch(/^Missing Chain Id: /);
      }
    });

    it('takes either chain for a customer that all websites share', async () => {
      for (const spaaza_chain_id of [123, 456]) {
        const answer = await authenticate(server, { ...john, spaaza_chain_id });
        expect(answer.json).toMatchObject({ authenticated: true, customer_id: 39, website_code: 'default' });
      }
      expect(
        (await call(server, 'GET', '/user_info_by_email/456/roni_cost@example.com')).json.webshop_customer_id,
      ).toBe(1);
    });
  },
  {},
  { topology: twoChains },
);

describeOnServer(
  'a house without a chain',
  (server) => {
    it('refuses any chain id', async () => {
      expectRefusal(await authenticate(server, { ...john, spaaza_chain_id: 123 }), 400, notConfigured);
      expectRefusal(await update(server, { username: john.email }, { spaaza_chain_id: 0 }), 400, notConfigured);
    });

    it('serves everything without one, and remembers the link', async () => {
      expect((await authenticate(server, john)).json.authenticated).toBe(true);
      const member = await addMember(server, { mailing_list_subscribed: true });
      expect((await update(server, { user_id: member.userId })).json.id).toBe(member.id);
      expect((await call(server, 'GET', `/user_info/${member.id}`)).json.mailing_list_subscribed).toBe(true);
      expect((await call(server, 'GET', `/user_info_by_email/${member.email}`)).json.mailing_list_subscribed).toBe(
        true,
      );
    });
  },
  {},
  { topology: noChains },
);

function expectRefusal(answer: Answer, status: number, text: string): void {
  expect(answer.text).toBe(text);
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
}
