import { expect, it } from 'vitest';
import type { Scope } from '../../../src/accounts/access.ts';
import { scopes } from '../../../src/accounts/access.ts';
import { updateById } from '../../fixtures.ts';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import { type Answer, addKey, addMember, authenticate, call, freshEmail, john, traces, update } from './client.ts';
import { oneChainTwoPools, oneChainTwoWebsites } from './topologies.ts';

const endpoints: [Scope, string, string][] = [
  ['customer_authenticate', 'POST', '/authenticate'],
  ['customer_write', 'POST', '/update'],
  ['customer_read', 'GET', '/user_info/1'],
  ['customer_read', 'GET', '/user_info_by_email/roni_cost@example.com'],
  ['customer_read', 'GET', '/user_info_by_email/123/roni_cost@example.com'],
];

function expectRefused(answer: Answer, scope: Scope): void {
  expect(answer.text).toBe(
    `{"message":"The consumer isn't authorized to access %resources.","parameters":{"resources":"Spaaza_Loyalty::${scope}"}}`,
  );
  expect(answer.status).toBe(401);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
}

describeOnServers('the API key', (server) => {
  it.each([
    ['no header', {}],
    ['an empty one', { authorization: '' }],
    ['the key without a scheme', { authorization: 'foyer-demo-key' }],
    ['the scheme without a key', { authorization: 'Bearer' }],
    ['another scheme', { authorization: `Basic ${Buffer.from('foyer-demo-key:').toString('base64')}` }],
    ['two spaces', { authorization: 'Bearer  foyer-demo-key' }],
    ['three words', { authorization: 'Bearer foyer-demo-key more' }],
    ['an unknown key', { authorization: 'Bearer foyer-demo-kez' }],
    ['the key in capitals', { authorization: 'Bearer FOYER-DEMO-KEY' }],
    ['a very long key', { authorization: `Bearer ${'k'.repeat(8_000)}` }],
    ['OAuth 1.0a', { authorization: 'OAuth oauth_consumer_key="foyer-demo-key"' }],
  ])('is missed in one way for whatever is wrong with it: %s', async (_title, headers) => {
    for (const [scope, method, path] of endpoints) {
      expectRefused(await call(server, method, path, { key: null, headers }), scope);
    }
  });

  it.each(['Bearer', 'bearer', 'BEARER'])('is read after %s', async (scheme) => {
    const answer = await call(server, 'GET', '/user_info/1', {
      key: null,
      headers: { authorization: `${scheme} foyer-demo-key` },
    });
    expect(answer.status).toBe(200);
  });

  it.each(scopes)('opens what its scope names and nothing else: %s', async (granted) => {
    const { key } = await addKey(server.app, [granted]);
    for (const [scope, method, path] of endpoints) {
      const answer = await call(server, method, path, { key });
      if (scope !== granted) expectRefused(answer, scope);
      else expect(answer.status).toBe(method === 'GET' ? 200 : 400);
    }
  });

  it('opens nothing any more once it is revoked', async () => {
    const { id, key } = await addKey(server.app, scopes);
    expect((await call(server, 'GET', '/user_info/1', { key })).status).toBe(200);
    await server.app.accounts.revokeKey({ id });
    await server.app.accounts.directory.refresh();
    expectRefused(await call(server, 'GET', '/user_info/1', { key }), 'customer_read');
  });

  it('is named beside what it changed, with the id of the request', async () => {
    const { id, key } = await addKey(server.app, scopes);
    const member = await addMember(server);
    const headers = { 'x-request-id': 'trace-0123456789' };
    await update(server, { user_id: member.userId, birthday: '1990-01-01' }, {}, { key, headers });
    const { history, events } = await traces(server.app, member.id);
    const written = { origin: 'spaaza', actor: `key ${id} (loyalty platform)`, requestId: 'trace-0123456789' };
    expect(history.at(-1)).toMatchObject({ field: 'birthday', before: null, after: '1990-01-01', ...written });
    expect(events.at(-1)).toMatchObject({ event: { type: 'customer.updated', fields: ['birthday'] }, ...written });
  });

  it('never reaches the log', async () => {
    await call(server, 'GET', '/user_info/9999');
    await authenticate(server, { email: john.email, password: 'wrong-but-private' });
    expect(server.rawLog()).not.toContain('foyer-demo-key');
    expect(server.rawLog()).not.toContain('wrong-but-private');
  });
});

const login = { password: 'EasyOrNot?' };

describeOnServers(
  'a key of one website among several that share their customers',
  (server) => {
    it('sees nothing of another website’s customers', async () => {
      const { key } = await addKey(server.app, scopes, 'outlet');
      const member = await addMember(server, login);
      const before = await traces(server.app, member.id);

      const byId = await call(server, 'GET', `/user_info/${member.id}`, { key });
      expect([byId.status, byId.json.parameters]).toEqual([404, { fieldName: 'customerId', fieldValue: member.id }]);
      for (const path of ['/user_info_by_email/', '/user_info_by_email/123/']) {
        expect((await call(server, 'GET', path + member.email, { key })).status).toBe(404);
      }
      for (const password of [login.password, 'wrong']) {
        const answer = await authenticate(server, { email: member.email, password }, { key });
        expect(answer.json).toMatchObject({ authenticated: false, message: 'Invalid login or password.' });
      }
      for (const identifier of [
        { user_id: member.userId },
        { username: member.email },
        { authentication_point_identifier: String(member.id) },
      ]) {
        const answer = await update(server, { ...identifier, first_name: 'Eve' }, {}, { key });
        expect(answer.text).toBe('{"message":"Customer not found"}');
      }
      expect(await traces(server.app, member.id)).toEqual(before);
    });

    it('cannot tell an unconfirmed account there from none', async () => {
      const { key } = await addKey(server.app, scopes, 'outlet');
      const member = await addMember(server, login);
      await server.app.store.transaction((store) =>
        updateById(
          store.customers,
          member.id,
          { unconfirmedSince: '2024-01-01T00:00:00.000Z' },
          '2024-01-01T00:00:00.000Z',
        ),
      );
      const answer = await authenticate(server, { email: member.email, ...login }, { key });
      expect(answer.json.message).toBe('Invalid login or password.');
    });

    it('cannot lock anybody there', async () => {
      const { key } = await addKey(server.app, scopes, 'outlet');
      const member = await addMember(server, login);
      for (let failure = 1; failure <= 10; failure += 1) {
        await authenticate(server, { email: member.email, password: 'wrong' }, { key });
      }
      expect((await authenticate(server, { email: member.email, ...login })).json.authenticated).toBe(true);
    });

    it('creates in its own website, unless told to go elsewhere', async () => {
      const { key } = await addKey(server.app, scopes, 'outlet');
      const person = () => ({ username: freshEmail(), first_name: 'Ada', last_name: 'Lovelace' });
      const create = (codes: object) => update(server, person(), { create_if_not_exists: true, ...codes }, { key });
      expect((await create({})).json).toMatchObject({ website_id: 2, store_id: 2, created_in: 'Outlet English' });
      expect((await create({ website_code: 'outlet' })).json.website_id).toBe(2);
      expect((await create({ website_code: 'default' })).json.message).toContain(
        "website that was requested wasn't found",
      );
      expect((await create({ store_code: 'default' })).json.message).toContain("store that was requested wasn't found");
    });

    it('cannot take an e-mail or a platform id that somebody there has', async () => {
      const { key } = await addKey(server.app, scopes, 'outlet');
      const member = await addMember(server);
      const create = (fields: object) =>
        update(server, { first_name: 'E', last_name: 'V', ...fields }, { create_if_not_exists: true }, { key });
      const taken = await create({ username: member.email });
      expect([taken.status, taken.json.message]).toEqual([
        400,
        'A customer with the same email address already exists in an associated website.',
      ]);
      const tied = await create({ username: freshEmail(), user_id: member.userId });
      expect([tied.status, tied.json.parameters]).toEqual([
        400,
        { fieldName: 'user_id', value: String(member.userId) },
      ]);
      expect((await update(server, { user_id: member.userId })).json.id).toBe(member.id);
    });
  },
  {},
  { topology: oneChainTwoWebsites },
);

describeOnServer(
  'a key of one website among several that keep customers apart on one chain',
  (server) => {
    it('finds its own customer behind another one with the same e-mail', async () => {
      const fields = { username: freshEmail(), ...login };
      const here = await addMember(server, fields);
      const { key } = await addKey(server.app, scopes, 'outlet');
      const created = await update(
        server,
        { ...fields, first_name: 'Grace', last_name: 'Hopper' },
        { create_if_not_exists: true },
        { key },
      );
      expect(created.json.id).not.toBe(here.id);
      const found = await call(server, 'GET', `/user_info_by_email/123/${fields.username}`, { key });
      expect(found.json.webshop_customer_id).toBe(created.json.id);
      const answer = await authenticate(server, { email: fields.username.toUpperCase(), ...login }, { key });
      expect(answer.json).toMatchObject({ customer_id: created.json.id, website_code: 'outlet' });
      expect((await authenticate(server, { email: fields.username, ...login })).json.customer_id).toBe(here.id);
    });
  },
  {},
  { topology: oneChainTwoPools },
);
