import { expect, it } from 'vitest';
import { updateById } from '../../fixtures.ts';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import { call, freshEmail, isSignedIn, signIn, signUp, tokenHeaderNames, tokenHeadersOn, tokensOf } from './client.ts';

describeOnServers('changing the account', (server) => {
  it('takes every permitted field, in one request', async () => {
    const { tokens, id } = await signUp(server);
    const email = freshEmail();
    const json = {
      name: 'Catherine',
      surname: "O'Kyle-Ångström",
      email: email.toUpperCase(),
      email_confirmation: email,
      customer_salutation_id: 3,
      customer_title_id: 2,
      language_id: 2,
      tel: '+49 30 1',
      mobile: '',
      fax: '+49 30 3',
      newsletter_groups: [2, 5],
    };
    const answer = await call(server, 'PUT', '/auth?locale=nl', { headers: tokens, json });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['status', 'data']);
    expect(answer.json.data).toMatchObject({
      id,
      name: 'Catherine',
      surname: "O'Kyle-Ångström",
      email,
      customer_salutation_id: 3,
      customer_title_id: 2,
      language_id: 2,
      tel: '+49 30 1',
      mobile: '',
      fax: '+49 30 3',
      newsletter_groups: '5,2',
      salutation: 'Mx',
    });
    expect(tokenHeadersOn(answer)).toEqual([...tokenHeaderNames, 'authorization']);
    const seen = await call(server, 'GET', '/auth/validate_token?locale=nl', { headers: tokens });
    expect(seen.json.data).toEqual(answer.json.data);
  });

  it('does the same by PATCH', async () => {
    const { tokens } = await signUp(server);
    const answer = await call(server, 'PATCH', '/auth', { headers: tokens, json: { name: 'Cat' } });
    expect([answer.status, answer.json.data?.name]).toEqual([200, 'Cat']);
  });

  it('leaves absent fields alone, clears optional ones with null, and moves updated_at only when something changed', async () => {
    const { tokens, id } = await signUp(server, { tel: '1', customer_salutation_id: 2 });
    const longAgo = '2020-01-01T00:00:00.000Z';
    await server.app.store.transaction(({ customers }) => updateById(customers, id, {}, longAgo));
    const same = await call(server, 'PUT', '/auth', { headers: tokens, json: { tel: '1', name: 'Selina' } });
    expect(same.json.data).toMatchObject({ tel: '1', updated_at: '2020-01-01T01:00:00+01:00' });
    const cleared = await call(server, 'PUT', '/auth', {
      headers: tokens,
      json: { tel: null, customer_salutation_id: null },
    });
    expect(cleared.json.data).toMatchObject({ tel: null, customer_salutation_id: null, salutation: null });
    expect(cleared.json.data?.name).toBe('Selina');
    expect(cleared.json.data?.updated_at).not.toBe('2020-01-01T01:00:00+01:00');
  });

  it('writes a history row for each changed field, and one event', async () => {
    const { tokens, id } = await signUp(server);
    await call(server, 'PUT', '/auth', { headers: tokens, json: { name: 'Cat', surname: 'Kyle', tel: '7' } });
    const history = await server.app.store.history.listByCustomer(id);
    const changes = history.filter(({ before, field }) => before === 'Selina' || field === 'phone');
    expect(changes).toMatchObject([
      { field: 'givenName', before: 'Selina', after: 'Cat', origin: 'gomus', actor: `customer ${id}` },
      { field: 'phone', before: null, after: '7' },
    ]);
    const events = (await server.app.store.outbox.list(1000)).filter(({ event }) => event.customerId === id);
    expect(events.map(({ event }) => event)).toMatchObject([
      { type: 'customer.created' },
      { type: 'customer.updated', fields: ['givenName', 'phone'] },
    ]);
  });

  it('moves e-mail and uid at once, and both uids open the door afterwards', async () => {
    const { tokens, email, password } = await signUp(server);
    const next = freshEmail();
    const answer = await call(server, 'PUT', '/auth', { headers: tokens, json: { email: next } });
    expect(answer.json.data?.email).toBe(next);
    expect(answer.headers.uid).toBe(next);
    expect(await isSignedIn(server, tokens)).toBe(true);
    expect(await isSignedIn(server, tokensOf(answer))).toBe(true);
    await signIn(server, next, password);
    await expect(signIn(server, email, password)).rejects.toThrow('401');
  });

  it('refuses a taken e-mail in any case and changes nothing', async () => {
    const other = await signUp(server);
    const { tokens, email } = await signUp(server);
    const answer = await call(server, 'PUT', '/auth?locale=en', {
      headers: tokens,
      json: { email: ` ${other.email.toUpperCase()} `, name: 'Cat' },
    });
    expect(answer.status).toBe(422);
    expect(answer.json).toEqual({
      status: 'error',
      errors: { email: ['has already been taken'], full_messages: ['Email has already been taken'] },
      error: 'Email has already been taken',
    });
    expect(tokenHeadersOn(answer)).toEqual([...tokenHeaderNames, 'authorization']);
    const seen = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect(seen.json.data).toMatchObject({ email, name: 'Selina' });
  });

  it('lets one of two customers have an e-mail that both change to at once', async () => {
    const rivals = [await signUp(server), await signUp(server)];
    for (let round = 1; round <= 3; round += 1) {
      const email = freshEmail();
      const answers = await Promise.all(
        rivals.map(({ tokens }) => call(server, 'PUT', '/auth?locale=en', { headers: tokens, json: { email } })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
      const refused = answers.find(({ status }) => status === 422);
      expect(refused?.json.errors).toMatchObject({ email: ['has already been taken'] });
      const shown = await Promise.all(
        rivals.map(({ tokens }) => call(server, 'GET', '/auth/validate_token', { headers: tokens })),
      );
      expect(shown.filter(({ json }) => json.data?.email === email)).toHaveLength(1);
    }
  });

  it('keeps every one of many changes made at once', async () => {
    const { tokens } = await signUp(server);
    const fields = [
      { name: 'Cat' },
      { surname: 'Woman' },
      { tel: '1' },
      { mobile: '2' },
      { fax: '3' },
      { language_id: 4 },
    ];
    const answers = await Promise.all(fields.map((json) => call(server, 'PUT', '/auth', { headers: tokens, json })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    const { data } = (await call(server, 'GET', '/auth/validate_token', { headers: tokens })).json;
    expect(data).toMatchObject({ name: 'Cat', surname: 'Woman', tel: '1', mobile: '2', fax: '3', language_id: 4 });
  });

  it('tells of many changes of one field at once what each of them replaced', async () => {
    const { tokens, id } = await signUp(server, { tel: '0' });
    const phones = ['1', '2', '3', '4', '5', '6', '7', '8'];
    await Promise.all(phones.map((tel) => call(server, 'PUT', '/auth', { headers: tokens, json: { tel } })));
    const { data } = (await call(server, 'GET', '/auth/validate_token', { headers: tokens })).json;
    const history = (await server.app.store.history.listByCustomer(id)).filter(({ field }) => field === 'phone');
    const replaced = history.map(({ before }) => before).filter((before) => before !== null);
    expect([...replaced, data?.tel].toSorted()).toEqual(['0', ...phones]);
  });
});

describeOnServer('a change that cannot be', (server) => {
  const userNotFound = 'User not found.';

  it.each([
    ['no credentials', {}],
    ['a wrong token', { 'access-token': 'wrong' }],
  ])('answers 404 with %s', async (_, overrides) => {
    const { tokens } = await signUp(server);
    const headers: Record<string, string> = 'access-token' in overrides ? { ...tokens, ...overrides } : {};
    const answer = await call(server, 'PUT', '/auth?locale=en', { headers, json: { name: 'Cat' } });
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({ status: 'error', success: false, errors: [userNotFound], error: userNotFound });
    expect(tokenHeadersOn(answer)).toEqual([]);
    expect(await isSignedIn(server, tokens)).toBe(true);
  });

  it('answers 422 to a body of ignored keys before it looks at the token', async () => {
    const { tokens } = await signUp(server);
    for (const headers of [tokens, {}]) {
      for (const json of [{}, [], { level: 10, notes: 'vip', foreign_id: 'x' }, { data: { name: 'Cat' } }]) {
        const answer = await call(server, 'PUT', '/auth?locale=en', { headers, json });
        expect(answer.status).toBe(422);
        expect(answer.json.error).toBe('Please submit proper account update data in request body.');
        expect(tokenHeadersOn(answer)).toEqual([]);
      }
    }
  });

  it('ignores keys that are not the customer’s to change beside one that is', async () => {
    const { tokens, id } = await signUp(server);
    const json = { name: 'Cat', id: 1, level: 10, notes: 'vip', category_id: 3, provider: 'x', created_at: 'never' };
    const { data } = (await call(server, 'PUT', '/auth', { headers: tokens, json })).json;
    expect(data).toMatchObject({ id, name: 'Cat', level: 20, notes: null, category_id: null, provider: 'email' });
  });

  it('checks an email_confirmation when one is sent, also without a new e-mail', async () => {
    const { tokens, email } = await signUp(server);
    const headers = tokens;
    for (const json of [
      { email: freshEmail(), email_confirmation: freshEmail() },
      { email: freshEmail(), email_confirmation: '' },
      { email: freshEmail(), email_confirmation: null },
      { email_confirmation: freshEmail() },
    ]) {
      const answer = await call(server, 'PUT', '/auth?locale=en', { headers, json });
      expect(answer.status).toBe(422);
      expect(answer.json.errors).toMatchObject({ email_confirmation: ["doesn't match Email"] });
    }
    const same = await call(server, 'PUT', '/auth', {
      headers,
      json: { email, email_confirmation: email.toUpperCase() },
    });
    expect([same.status, same.json.data?.email]).toEqual([200, email]);
  });

  it.each([
    ['name', [[], {}, null, '', '  ', '\u200b', 'a\u0007b', '<i>', 'x'.repeat(256)]],
    ['surname', [[1], { a: 1 }, null, '']],
    [
      'email',
      [[], {}, null, '', 'x', 7, true, 'a@b', 'a@@example.org', 'a b@example.org', 'a@example.org\nBcc: b@example.org'],
    ],
    ['customer_salutation_id', [[], {}, true, -1, 0, 1.5, 4, '1e0', 'Herr', 1e30]],
    ['customer_title_id', [[], {}, false, 99]],
    ['language_id', [[], {}, true, -1, 'de', 12345678901]],
    ['tel', [[], {}, '1'.repeat(65), 'a\u0000b']],
    ['mobile', [[], {}, '1'.repeat(65)]],
    ['fax', [[], {}, '1'.repeat(65)]],
    ['wants_newsletter', [[], {}, 'perhaps', 2]],
  ] as [string, unknown[]][])('answers 422 under %s to values that cannot be', async (field, values) => {
    const { tokens } = await signUp(server);
    const before = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    for (const value of values) {
      const answer = await call(server, 'PUT', '/auth?locale=en', {
        headers: tokens,
        json: { [field]: value, fax: '9', ...(field === 'fax' ? { fax: value } : {}) },
      });
      expect([value, answer.status]).toEqual([value, 422]);
      const errors = answer.json.errors as Record<string, string[]>;
      expect(Object.keys(errors)).toEqual([field, 'full_messages']);
      expect(errors.full_messages).toHaveLength(1);
    }
    const after = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect(after.json).toEqual(before.json);
  });

  it('takes numbers and booleans for texts, as form layers send them', async () => {
    const { tokens } = await signUp(server);
    const json = { name: 7, surname: true, tel: 4930, customer_salutation_id: '2', language_id: '' };
    const { data } = (await call(server, 'PUT', '/auth', { headers: tokens, json })).json;
    expect(data).toMatchObject({
      name: '7',
      surname: 'true',
      tel: '4930',
      customer_salutation_id: 2,
      language_id: null,
    });
  });
});
