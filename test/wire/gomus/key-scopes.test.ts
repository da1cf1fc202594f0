import { beforeAll, expect, it } from 'vitest';
import type { TopologyData } from '../../../src/accounts/topology.ts';
import { demoTopology } from '../../../src/demo.ts';
import { updateById } from '../../fixtures.ts';
import { describeOnServers, type ServerUnderTest } from '../server-under-test.ts';
import { call, freshEmail, signUp } from './client.ts';

const second = 'second-shop.example';

/** The demo's house and a second website with a store of its own, both with the same customers' pool. */
const twoWebsites: TopologyData = {
  ...demoTopology,
  websites: [
    ...demoTopology.websites,
    { ...demoTopology.websites[0]!, id: 2, code: 'second', name: 'Second', chainId: null },
  ],
  shops: [
    ...demoTopology.shops,
    {
      id: 2,
      code: 'second',
      name: 'Second Store',
      websiteId: 2,
      locale: 'en',
      hosts: [second],
      defaultNewsletterGroupIds: [2, 3],
      isDefault: false,
    },
  ],
};

async function keyWith(server: ServerUnderTest, scopes: readonly string[], websiteCode?: string) {
  const { accounts } = server.app;
  const bound = websiteCode === undefined ? {} : { websiteCode };
  const { id, key } = await accounts.createKey({ name: 'a partner', scopes, ...bound });
  await accounts.directory.refresh();
  return { id, headers: { authorization: `Bearer ${key}` } };
}

describeOnServers(
  'an API key',
  (server) => {
    const someone = () => ({ customer: { email: freshEmail(), name: 'Selina', surname: 'Kyle' } });

    it('may do what its scopes say and is answered 403 for the rest', async () => {
      const statuses = async (headers: Record<string, string>) => [
        (await call(server, 'GET', '/customers', { headers })).status,
        (await call(server, 'GET', '/customers/402', { headers })).status,
        (await call(server, 'POST', '/customers', { headers, json: someone() })).status,
        (await call(server, 'PUT', '/customers/402', { headers, json: { customer: { fax: null } } })).status,
      ];
      const reader = await keyWith(server, ['customer_read']);
      const writer = await keyWith(server, ['customer_write']);
      const other = await keyWith(server, ['customer_authenticate']);
      const both = await keyWith(server, ['customer_read', 'customer_write']);
      expect(await statuses(reader.headers)).toEqual([200, 200, 403, 403]);
      expect(await statuses(writer.headers)).toEqual([403, 403, 201, 200]);
      expect(await statuses(other.headers)).toEqual([403, 403, 403, 403]);
      expect(await statuses(both.headers)).toEqual([200, 200, 201, 200]);
    });

    it('tells a key without the scope nothing about who exists, nor whether its data would do', async () => {
      const { headers } = await keyWith(server, ['customer_authenticate']);
      for (const reference of ['402', '999999', 'x']) {
        expect((await call(server, 'GET', `/customers/${reference}`, { headers })).status).toBe(403);
        const json = { customer: { email: 'not one' } };
        expect((await call(server, 'PUT', `/customers/${reference}`, { headers, json })).status).toBe(403);
      }
      expect((await call(server, 'POST', '/customers', { headers, json: {} })).status).toBe(403);
    });

    it('is answered 401 once it was revoked', async () => {
      const { id, headers } = await keyWith(server, ['customer_read']);
      expect((await call(server, 'GET', '/customers/402', { headers })).status).toBe(200);
      await server.app.accounts.revokeKey({ id });
      await server.app.accounts.directory.refresh();
      const answer = await call(server, 'GET', '/customers/402?locale=en', { headers });
      expect([answer.status, answer.json.error]).toEqual([401, 'Your API key is wrong.']);
    });

    it('is no customer: it cannot act on an account of its own', async () => {
      const { headers } = await keyWith(server, ['customer_read', 'customer_write', 'customer_authenticate']);
      expect((await call(server, 'GET', '/auth/validate_token', { headers })).status).toBe(401);
      expect((await call(server, 'PUT', '/auth', { headers, json: { name: 'Cat' } })).status).toBe(404);
      expect((await call(server, 'DELETE', '/auth', { headers })).status).toBe(404);
    });

    it('is never written to the log or the database as it is', async () => {
      const { headers } = await keyWith(server, ['customer_read']);
      await call(server, 'GET', '/customers/402', { headers });
      const key = headers.authorization.slice('Bearer '.length);
      expect(server.rawLog()).not.toContain(key);
      expect(JSON.stringify(await server.app.accounts.listKeys())).not.toContain(key);
    });
  },
  {},
  { topology: twoWebsites },
);

describeOnServers(
  'an API key of one website',
  (server) => {
    let bound: { headers: Record<string, string> };
    let here: number;
    let there: number;
    beforeAll(async () => {
      bound = await keyWith(server, ['customer_read', 'customer_write'], 'second');
      there = (await signUp(server, { newsletter_groups: '1' })).id;
      const json = { email: freshEmail(), password: 'nine lives', name: 'Edward', surname: 'Nygma', foreign_id: 'x' };
      const answer = await call(server, 'POST', '/auth', { headers: { 'x-shop-url': second }, json });
      here = answer.json.data?.id as number;
    });

    it('sees and changes the customers of that website and no others', async () => {
      const { headers } = bound;
      expect((await call(server, 'GET', `/customers/${here}`, { headers })).status).toBe(200);
      const listed = await call(server, 'GET', '/customers', { headers });
      expect(listed.json.customers?.map(({ id }) => id)).toEqual([here]);
      expect(listed.json.meta).toMatchObject({ total_count: 1 });
      for (const id of [there, 402, 999_999]) {
        const shown = await call(server, 'GET', `/customers/${id}?locale=en`, { headers });
        expect([id, shown.status, shown.json.error]).toEqual([id, 404, 'The specified record could not be found.']);
        const json = { customer: { tel: '1' } };
        expect((await call(server, 'PUT', `/customers/${id}`, { headers, json })).status).toBe(404);
      }
      expect((await server.app.store.customers.findById(there))?.customer.phone).toBeNull();
    });

    it('does not find the others by foreign_id either', async () => {
      await server.app.store.transaction(({ customers }) =>
        updateById(customers, there, { foreignId: 'crm-there' }, new Date().toISOString()),
      );
      expect((await call(server, 'GET', '/customers/crm-there', { headers: bound.headers })).status).toBe(404);
    });

    it('finds its own by a foreign_id that is the id of another', async () => {
      const { headers } = bound;
      const json = { customer: { email: freshEmail(), name: 'Oswald', surname: 'Cobblepot', foreign_id: '402' } };
      const created = await call(server, 'POST', '/customers', { headers, json });
      const { id } = created.json.customer as { id: number };
      expect((await call(server, 'GET', '/customers/402', { headers })).json.customer?.id).toBe(id);
      await server.app.accounts.deleteAccount(
        { customerId: id },
        { actor: { kind: 'system' }, origin: 'operator', requestId: 'r' },
      );
    });

    it('creates customers there, whichever store it names', async () => {
      for (const host of [second, 'demo-shop.gomus.de', undefined]) {
        const headers = host === undefined ? bound.headers : { ...bound.headers, 'x-shop-url': host };
        const json = { customer: { email: freshEmail(), name: 'Harvey', surname: 'Dent', wants_newsletter: true } };
        const answer = await call(server, 'POST', '/customers', { headers, json });
        expect([answer.status, answer.json.customer?.newsletter_groups]).toEqual([201, '3,2']);
        const id = answer.json.customer?.id as number;
        expect((await server.app.store.customers.findById(id))?.customer).toMatchObject({
          websiteId: 2,
          storeId: 2,
          createdIn: 'Second Store',
        });
      }
    });
  },
  {},
  { topology: twoWebsites },
);

describeOnServers(
  'a second store',
  (server) => {
    it('answers in its own language and joins its own newsletters', async () => {
      const json = { email: freshEmail(), password: 'nine lives', customer_salutation_id: 2, wants_newsletter: true };
      const headers = { 'x-shop-url': second };
      const answer = await call(server, 'POST', '/auth', { headers, json });
      expect(answer.json.data).toMatchObject({ salutation: 'Ms', newsletter_groups: '3,2' });
      const refused = await call(server, 'POST', '/auth/sign_in', { headers, json: { email: 'x', password: 'y' } });
      expect(refused.json.error).toBe('Invalid login credentials. Please try again.');
      const german = await call(server, 'POST', '/auth/sign_in?locale=de', {
        headers,
        json: { email: 'x', password: 'y' },
      });
      expect(german.json.error).toMatch(/^Ungültige/);
    });

    it('knows the customers of the pool: it chooses configuration, never permission', async () => {
      const { email, password, tokens } = await signUp(server);
      const headers = { 'x-shop-url': second };
      expect((await call(server, 'POST', '/auth/sign_in', { headers, json: { email, password } })).status).toBe(200);
      const seen = await call(server, 'GET', '/auth/validate_token', { headers: { ...tokens, ...headers } });
      expect(seen.status).toBe(200);
    });
  },
  {},
  { topology: twoWebsites },
);
