import { beforeAll, expect, it } from 'vitest';
import { call, signUp } from '../gomus/client.ts';
import { describeOnServers } from '../server-under-test.ts';
import { addMember } from '../spaaza/client.ts';
import { oneChainTwoWebsites, separatePools } from '../spaaza/topologies.ts';
import { addKey, ask } from './client.ts';

describeOnServers('the admin resource of a customer', (server) => {
  it('shows everything about a person: profile, address, newsletters and links', async () => {
    const { status, headers, json } = await ask(server, '/customers/39');
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(json).toEqual({
      id: 39,
      email: 'info@spaaza.com',
      given_name: 'John',
      family_name: 'Doe',
      salutation_id: null,
      title_id: null,
      language_id: 1,
      birthday: '2002-01-01',
      gender_code: 2,
      gender_token: 'F',
      phone: '0851234567',
      mobile: '',
      fax: null,
      country_code: null,
      level: 20,
      category_id: null,
      debtor_number: 10002,
      has_voucher_payment: false,
      has_collective_invoice_payment: false,
      is_institution: false,
      institution: null,
      notes: null,
      payment_mode_id: null,
      price_target_audience_id: 1,
      foreign_id: null,
      group_id: 1,
      pool: 'default',
      website: 'default',
      store: 'default',
      created_in: 'Default Store View',
      has_password: true,
      unconfirmed_since: null,
      created_at: '2018-10-18T14:49:13.000Z',
      updated_at: '2018-10-18T21:06:56.000Z',
      addresses: [
        {
          id: 8,
          street: 'Dorpstraat',
          house_number: '1',
          house_number_extension: '',
          line2: null,
          line3: null,
          postcode: '1000AA',
          city: 'Amsterdam',
          region: null,
          country_code: 'NL',
          is_default_billing: true,
          is_default_shipping: true,
        },
      ],
      newsletter_groups: [],
      links: [
        {
          chain: 123,
          spaaza_user_id: 3362356,
          member_number: '99102352',
          is_programme_opted_in: false,
          is_mailing_subscribed: true,
          is_printed_mailing_subscribed: false,
        },
      ],
    });
    const bruce = await ask(server, '/customers/402');
    expect(bruce.json.newsletter_groups).toEqual([
      { id: 1, name: 'General' },
      { id: 8, name: 'Night at the museum' },
    ]);
  });

  it('shows no hash, token or digest, and says nobody may keep what it shows', async () => {
    const { text, headers } = await ask(server, '/customers/39');
    expect(text).not.toMatch(/argon2|hash|access.token|digest|deadf385f4407f78/i);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('is found by id, by e-mail in any case, and by foreign id', async () => {
    for (const reference of ['402', 'Shop-Customer@GiantMonkey.de', 'shop-customer%40giantmonkey.de']) {
      expect((await ask(server, `/customers/${reference}`)).json.id).toBe(402);
    }
    const { id } = await signUp(server);
    const foreignId = `crm/${id}?`;
    const headers = { authorization: 'Bearer foyer-demo-key' };
    await call(server, 'PUT', `/customers/${id}`, { headers, json: { customer: { foreign_id: foreignId } } });
    expect((await ask(server, `/customers/${encodeURIComponent(foreignId)}`)).json.id).toBe(id);
  });

  it('answers HEAD and a slash too many', async () => {
    const head = await ask(server, '/customers/39', { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect((await ask(server, '/customers/39/')).status).toBe(200);
  });
});

describeOnServers('the key of an administrator', (server) => {
  const paths = [
    '/customers/402',
    '/customers/402/history',
    '/customers/402/as-of?time=2024-05-17',
    '/customers/402/consents',
  ];

  it('needs admin_read: without a key, with a wrong or a revoked one 401, with all other scopes 403', async () => {
    const others = await addKey(server.app, ['customer_authenticate', 'customer_read', 'customer_write']);
    const revoked = await server.app.accounts.createKey({ name: 'gone', scopes: ['admin_read'] });
    await server.app.accounts.revokeKey({ id: revoked.id });
    await server.app.accounts.directory.refresh();
    for (const path of paths) {
      for (const key of [null, 'foyer_wrong', revoked.key]) {
        const answer = await ask(server, path, { key });
        expect([path, answer.status, answer.headers['www-authenticate']]).toEqual([path, 401, 'Bearer realm="Foyer"']);
        expect(answer.json).toMatchObject({ title: 'Unauthorized', status: 401, code: 'key_unknown' });
      }
      const answer = await ask(server, path, { key: others });
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({ code: 'forbidden', detail: 'The API key lacks the scope admin_read.' });
      expect(answer.headers['www-authenticate']).toContain('scope="admin_read"');
    }
  });

  it('is looked at before anything else: who lacks the right learns nothing about parameters or people', async () => {
    const key = await addKey(server.app, ['customer_read']);
    for (const path of ['/customers/999999', '/customers/402/history?limit=x', '/customers/402/as-of']) {
      expect((await ask(server, path, { key })).status).toBe(403);
      expect((await ask(server, path, { key: null })).status).toBe(401);
    }
  });

  it('is enough with admin_read alone, and then opens none of the wires', async () => {
    const key = await addKey(server.app, ['admin_read']);
    for (const path of paths) expect([path, (await ask(server, path, { key })).status]).toEqual([path, 200]);
    const headers = { authorization: `Bearer ${key}` };
    expect((await call(server, 'GET', '/customers/402', { headers })).status).toBe(403);
    expect((await call(server, 'GET', '/customers', { headers })).status).toBe(403);
    expect((await fetch(`${server.url}/rest/V1/spaaza/customer/user_info/39`, { headers })).status).toBe(401);
  });

  it.each([
    'Basic foyer-demo-key',
    'Bearer',
    'Bearer foyer-demo-key x',
    'foyer-demo-key',
    `Bearer ${'x'.repeat(5000)}`,
  ])('is read from a bearer header only: %.40s', async (authorization) => {
    expect((await ask(server, '/customers/402', { key: null, headers: { authorization } })).status).toBe(401);
    expect((await ask(server, '/customers/402?key=foyer-demo-key', { key: null })).status).toBe(401);
  });

  it('is no token of a customer, who sees nothing here', async () => {
    const { tokens, id } = await signUp(server);
    expect((await ask(server, `/customers/${id}`, { key: null, headers: { ...tokens } })).status).toBe(401);
  });
});

describeOnServers(
  'a key that is bound to a website',
  (server) => {
    let key: string;
    let here: { id: number; email: string };
    let there: { id: number; email: string };
    beforeAll(async () => {
      key = await addKey(server.app, ['admin_read'], 'outlet');
      here = await addMember(server, {}, { website_code: 'outlet', spaaza_chain_id: 123 });
      there = await addMember(server, {}, { website_code: 'default', spaaza_chain_id: 123 });
    });

    it('sees the customers of that website', async () => {
      for (const reference of [here.id, here.email]) {
        expect((await ask(server, `/customers/${reference}`, { key })).json).toMatchObject({
          id: here.id,
          website: 'outlet',
        });
        const history = await ask(server, `/customers/${reference}/history`, { key });
        expect(history.json).toMatchObject({ customer_id: here.id });
        const { created_at } = (await ask(server, `/customers/${reference}`, { key })).json;
        expect((await ask(server, `/customers/${reference}/as-of?time=${created_at}`, { key })).status).toBe(200);
      }
    });

    it('is told of all others what it is told of nobody', async () => {
      const gone = await addMember(server, {}, { website_code: 'default', spaaza_chain_id: 123 });
      await server.app.accounts.deleteAccount(
        { customerId: gone.id },
        { actor: { kind: 'system' }, origin: 'system', requestId: 'erasure' },
      );
      for (const reference of [there.id, there.email, gone.id, gone.email, 402, 999_999]) {
        for (const path of ['', '/history', '/as-of?time=2026-01-01']) {
          const { status, json } = await ask(server, `/customers/${reference}${path}`, { key });
          const problem = { ...json, request_id: '' };
          expect([reference, path, status, problem]).toEqual([reference, path, 404, nobody]);
        }
      }
    });
  },
  {},
  { topology: oneChainTwoWebsites },
);

describeOnServers(
  'an e-mail that several pools know',
  (server) => {
    it('is asked back for the id, unless the key may see one of them only', async () => {
      const { id, email } = await addMember(server, {}, { spaaza_chain_id: 123 });
      const other = await addMember(server, { username: email }, { spaaza_chain_id: 456 });
      const { status, json } = await ask(server, `/customers/${email}`);
      expect([status, json.code]).toEqual([400, 'validation_failed']);
      expect(json.errors).toEqual([
        {
          field: 'reference',
          code: 'conflict',
          detail: `several customers have this e-mail; ask by id: ${id}, ${other.id}`,
        },
      ]);
      const key = await addKey(server.app, ['admin_read'], 'outlet');
      expect((await ask(server, `/customers/${email}`, { key })).json.id).toBe(other.id);
    });
  },
  {},
  { topology: separatePools },
);

const nobody = {
  type: 'about:blank',
  title: 'Not Found',
  status: 404,
  detail: 'There is no such customer.',
  code: 'customer_not_found',
  request_id: '',
};
