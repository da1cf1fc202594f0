import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { type Answer, call, freshEmail, type Request, signUp } from './client.ts';

describeOnServers('the customers of a partner', (server) => {
  const ask = (method: string, path: string, request: Request = {}) =>
    call(server, method, path, { headers: { authorization: 'Bearer foyer-demo-key' }, ...request });
  const create = (fields: Record<string, unknown> = {}) =>
    ask('POST', '/customers?locale=en', { json: { customer: { ...someone(), ...fields } } });

  it('are created under `customer`, answered 201 in the one shape', async () => {
    const email = freshEmail();
    const answer = await create({ email: email.toUpperCase(), notes: 'vip', category_id: 7, newsletter_groups: '2' });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.json)).toEqual(['customer']);
    expect(Object.keys(answer.json.customer ?? {})).toHaveLength(26);
    expect(answer.json.customer).toMatchObject({ email, notes: 'vip', category_id: 7, newsletter_groups: '2' });
    const shown = await ask('GET', `/customers/${answer.json.customer?.id}`);
    expect(shown.json).toEqual(answer.json);
  });

  it('have no password: nobody can sign in before one was set', async () => {
    const answer = await create({ password: 'nine lives' });
    const json = { email: answer.json.customer?.email, password: 'nine lives' };
    expect((await call(server, 'POST', '/auth/sign_in', { json })).status).toBe(401);
    expect((await call(server, 'POST', '/auth/sign_in', { json: { ...json, password: '' } })).status).toBe(401);
  });

  it.each([
    ['a taken e-mail', { email: 'SHOP-customer@giantmonkey.de' }, ['Email has already been taken']],
    ['no e-mail', { email: undefined }, ["Email can't be blank"]],
    ['a malformed e-mail', { email: 'x' }, ['Email is not an email']],
    ['no names', { name: undefined, surname: undefined }, ["First name can't be blank", "Last name can't be blank"]],
    ['an unknown newsletter', { newsletter_groups: [99] }, ['Newsletters is unknown: 99']],
    ['a long foreign_id', { foreign_id: 'x'.repeat(256) }, ['Foreign id is too long (maximum is 255 characters)']],
    ['a category that is no id', { category_id: 'gold' }, ['Category is invalid']],
  ])('are not created with %s', async (_, fields, errors) => {
    const before = await server.app.store.customers.countAll();
    const answer = await create(fields);
    expect(answer.status).toBe(422);
    expect(answer.json).toEqual({ error: 'The data you have passed cannot be processed.', errors });
    expect(await server.app.store.customers.countAll()).toBe(before);
  });

  it.each([{}, { customer: null }, { customer: [] }, { customer: 'x' }, { name: 'Selina' }, []])(
    'are not created or changed without `customer`: %j',
    async (json) => {
      for (const [method, path] of [
        ['POST', '/customers'],
        ['PUT', '/customers/402'],
      ] as const) {
        const answer = await ask(method, `${path}?locale=en`, { json });
        const sentence = "Please submit the data of the customer under the key 'customer'.";
        expect([answer.status, answer.json]).toEqual([422, { error: sentence, errors: [sentence] }]);
      }
    },
  );

  it('are found and changed by id and by foreign_id', async () => {
    const foreignId = `crm/${freshEmail()} ü%`;
    const { id } = (await create({ foreign_id: foreignId })).json.customer as { id: number };
    for (const reference of [String(id), encodeURIComponent(foreignId)]) {
      expect((await ask('GET', `/customers/${reference}`)).json.customer?.id).toBe(id);
      const changed = await ask('PUT', `/customers/${reference}`, {
        json: { customer: { tel: reference.slice(0, 9) } },
      });
      expect([changed.status, changed.json.customer]).toMatchObject([
        200,
        { id, tel: reference.slice(0, 9), name: 'Selina' },
      ]);
    }
    const patched = await ask('PATCH', `/customers/${id}`, { json: { customer: { foreign_id: null } } });
    expect(patched.status).toBe(200);
    expect((await ask('GET', `/customers/${encodeURIComponent(foreignId)}`)).status).toBe(404);
  });

  it('cannot share a foreign_id, on creation or later', async () => {
    const foreignId = freshEmail();
    await create({ foreign_id: foreignId });
    const second = await create({ foreign_id: foreignId });
    expect([second.status, second.json.errors]).toEqual([422, ['Foreign id has already been taken']]);
    const { id } = (await create()).json.customer as { id: number };
    const changed = await ask('PUT', `/customers/${id}?locale=en`, {
      json: { customer: { foreign_id: foreignId, tel: '9' } },
    });
    expect([changed.status, changed.json.errors]).toEqual([422, ['Foreign id has already been taken']]);
    expect((await ask('GET', `/customers/${id}`)).json.customer?.tel).toBeNull();
  });

  it('may all have an empty foreign_id, which is none', async () => {
    for (const _ of [1, 2]) expect((await create({ foreign_id: '' })).status).toBe(201);
    expect((await ask('GET', '/customers/')).json).toHaveProperty('customers');
  });

  it('are found by id where an all-digit foreign_id is the same number', async () => {
    const { id: first } = (await create()).json.customer as { id: number };
    const { id: second } = (await create({ foreign_id: String(first) })).json.customer as { id: number };
    expect((await ask('GET', `/customers/${first}`)).json.customer?.id).toBe(first);
    const digits = `9${Date.now()}`;
    await ask('PUT', `/customers/${second}`, { json: { customer: { foreign_id: digits } } });
    expect((await ask('GET', `/customers/${digits}`)).json.customer?.id).toBe(second);
  });

  it.each([
    '0',
    '-1',
    '402.0',
    '0402',
    '4e2',
    '402abc',
    '%20402',
    '99999999999999999999',
    '9007199254740993',
    '%00',
    'x'.repeat(3000),
  ])('are not found by something like an id: %s', async (reference) => {
    expect((await ask('GET', `/customers/${reference}`)).status).toBe(404);
    expect((await ask('PUT', `/customers/${reference}`, { json: { customer: { tel: '1' } } })).status).toBe(404);
  });

  it('keep their e-mail to themselves when another is changed to it, also at once', async () => {
    const one = (await create()).json.customer as { id: number; email: string };
    const two = (await create()).json.customer as { id: number };
    const taken = await ask('PUT', `/customers/${two.id}?locale=en`, { json: { customer: { email: one.email } } });
    expect([taken.status, taken.json.errors]).toEqual([422, ['Email has already been taken']]);
    const email = freshEmail();
    const answers = await Promise.all(
      [one, two].map(({ id }) => ask('PUT', `/customers/${id}`, { json: { customer: { email } } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
  });

  it('are refused with everything that is wrong, and each thing once', async () => {
    const one = (await create()).json.customer as { id: number; email: string };
    const two = (await create()).json.customer as { id: number };
    const answer = await ask('PUT', `/customers/${two.id}?locale=en`, {
      json: { customer: { email: one.email, newsletter_groups: '99' } },
    });
    expect(answer.json.errors).toEqual(['Email has already been taken', 'Newsletters is unknown: 99']);
    const same = await ask('PUT', `/customers/${one.id}`, { json: { customer: { email: one.email.toUpperCase() } } });
    expect(same.status).toBe(200);
    const unread = await ask('POST', '/customers?locale=en', {
      json: { customer: { email: [], name: {}, surname: [], foreign_id: 2 ** 53 } },
    });
    expect(unread.json.errors).toEqual([
      'Email is not an email',
      'First name is invalid',
      'Last name is invalid',
      'Foreign id is invalid',
    ]);
  });

  it('join the newsletters of a form', async () => {
    const { id } = (await create()).json.customer as { id: number };
    const headers = { authorization: 'Bearer foyer-demo-key', 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'customer[name]=Q&customer[newsletter_groups][]=1&customer[newsletter_groups][]=8';
    const answer = await ask('PUT', `/customers/${id}`, { headers, body });
    expect(answer.json.customer).toMatchObject({ name: 'Q', newsletter_groups: '8,1' });
  });

  it('become one when they are created twenty times at once', async () => {
    const email = freshEmail();
    const answers = await Promise.all(Array.from({ length: 20 }, () => create({ email })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 422)]);
  });

  it('remember which key wrote what', async () => {
    const { id } = (await create()).json.customer as { id: number };
    await ask('PUT', `/customers/${id}`, { json: { customer: { tel: '7' } } });
    const history = await server.app.store.history.listByCustomer(id);
    expect(history.at(-1)).toMatchObject({ field: 'phone', after: '7', actor: 'key 0 (demo)', origin: 'gomus' });
  });
});

describeOnServers('the list of customers', (server) => {
  const list = (query: string): Promise<Answer> =>
    call(server, 'GET', `/customers?${query}`, { headers: { authorization: 'Bearer foyer-demo-key' } });
  const idsOf = ({ json }: Answer) => json.customers?.map(({ id }) => id);

  it('has all of them with a meta, by id, in pages of 25 unless asked otherwise, of 100 at most', async () => {
    const all = await list('');
    expect(Object.keys(all.json)).toEqual(['customers', 'meta']);
    expect(idsOf(all)).toEqual([1, 39, 402]);
    expect(all.json.meta).toEqual({ total_count: 3, page: 1, per_page: 25 });
    expect(Object.keys(all.json.customers?.[0] ?? {})).toHaveLength(26);
    expect(idsOf(await list('per_page=2'))).toEqual([1, 39]);
    const second = await list('per_page=2&page=2');
    expect([idsOf(second), second.json.meta]).toEqual([[402], { total_count: 3, page: 2, per_page: 2 }]);
    const beyond = await list('page=1000000');
    expect([idsOf(beyond), beyond.json.meta]).toEqual([[], { total_count: 3, page: 1_000_000, per_page: 25 }]);
    for (const page of ['9999999999', '9'.repeat(400)]) expect(idsOf(await list(`page=${page}`))).toEqual([]);
    for (const [query, perPage] of [
      ['per_page=100', 100],
      ['per_page=101', 100],
      ['per_page=999999999', 100],
      ['per_page=x', 25],
      ['per_page=0', 25],
    ] as const) {
      expect([query, (await list(query)).json.meta]).toEqual([query, { total_count: 3, page: 1, per_page: perPage }]);
    }
  });

  it('is searched by how words of name, e-mail and foreign id begin, all that q has, whatever the case', async () => {
    const made = await signUp(server, {
      name: 'Jürgen',
      surname: 'Großmann-O’Neil',
      email: 'juergen.g@museum.example',
    });
    for (const [query, ids] of [
      ['q=bruce', [402]],
      ['q=WAYNE', [402]],
      ['q=bruce+wayne', [402]],
      ['q=wayne%20giantmonkey', [402]],
      ['q=bruce+costello', []],
      ['q=j%C3%BCrgen', [made.id]],
      ['q=J%C3%9CRGEN', [made.id]],
      ['q=ju%CC%88rgen', [made.id]],
      ['q=gro%C3%9F', [made.id]],
      ['q=mann', []],
      ['q=neil', [made.id]],
      ['q=g@museum.ex', [made.id]],
      ['q=museum.example', [made.id]],
      ['q=%25', []],
      ['q=_', []],
      ['q=_+bruce', [402]],
      ['q=!', []],
      ['q=%5C', []],
      ["q='%20or%201=1", []],
      ['q=%00', []],
      ['q=nobody', []],
      ['q=bruce&q=nobody', []],
    ] as const) {
      const answer = await list(query);
      expect([query, answer.status, idsOf(answer)]).toEqual([query, 200, ids]);
      expect(answer.json.meta).toMatchObject({ total_count: ids.length });
    }
    for (const everything of ['q=', 'q=%20', 'q[]=bruce', 'q[a]=1']) {
      expect([everything, (await list(everything)).json.meta]).toMatchObject([everything, { total_count: 4 }]);
    }
  });

  it('follows a change of name', async () => {
    const { tokens, id } = await signUp(server, { name: 'Oswald', surname: 'Cobblepot' });
    expect(idsOf(await list('q=cobblepot'))).toEqual([id]);
    await call(server, 'PUT', '/auth', { headers: tokens, json: { surname: 'Penguin' } });
    expect(idsOf(await list('q=cobblepot'))).toEqual([]);
    expect(idsOf(await list('q=penguin+oswald'))).toEqual([id]);
  });
});

function someone(): Record<string, unknown> {
  return { email: freshEmail(), name: 'Selina', surname: 'Kyle' };
}
