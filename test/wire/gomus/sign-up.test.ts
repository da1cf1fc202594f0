import { expect, it } from 'vitest';
import { statementsOf } from '../../fixtures.ts';
import { describeOnServer, describeOnServers, type ServerUnderTest } from '../server-under-test.ts';
import { call, freshEmail, isSignedIn, signIn, signUp, tokenHeaderNames, tokenHeadersOn, tokensOf } from './client.ts';

const password = 'nine lives';

describeOnServers('signing up', (server) => {
  it('creates the customer, signs in at once and answers 200 with every token header', async () => {
    const email = freshEmail();
    const json = {
      email,
      password,
      password_confirmation: password,
      name: 'Selina',
      surname: 'Kyle',
      customer_salutation_id: 2,
      customer_title_id: '1',
      language_id: 2,
      tel: '+49 30 1',
      mobile: '+49 151 2',
      fax: '+49 30 3',
      newsletter_groups: '3,1',
    };
    const answer = await call(server, 'POST', '/auth?locale=en', { json });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['status', 'data']);
    expect(answer.json.status).toBe('success');
    expect(answer.json.data).toMatchObject({
      email,
      name: 'Selina',
      surname: 'Kyle',
      customer_salutation_id: 2,
      customer_title_id: 1,
      language_id: 2,
      tel: '+49 30 1',
      mobile: '+49 151 2',
      fax: '+49 30 3',
      newsletter_groups: '3,1',
      wants_newsletter: true,
      salutation: 'Ms',
      level: 20,
      provider: 'email',
    });
    expect(Object.keys(answer.json.data ?? {})).toHaveLength(26);
    expect(tokenHeadersOn(answer)).toEqual([...tokenHeaderNames, 'authorization']);
    expect(answer.headers.uid).toBe(email);
    expect(answer.text).not.toContain(password);
    expect(await isSignedIn(server, tokensOf(answer))).toBe(true);
    await signIn(server, email, password);
  });

  it('gives each customer a debitor number of their own', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => call(server, 'POST', '/auth', { json: { email: freshEmail(), password, ...kyle } })),
    );
    const numbers = answers.map(({ json }) => json.data?.debitor_number);
    expect(new Set(numbers).size).toBe(3);
    for (const number of numbers) expect(number).toBeGreaterThan(10_003);
  });

  it('keeps a plus sign in the e-mail, and the uid in lower case', async () => {
    const email = freshEmail().replace('@', '+cats@');
    const answer = await call(server, 'POST', '/auth', { json: { email: email.toUpperCase(), password, ...kyle } });
    expect(answer.json.data?.email).toBe(email);
    expect(answer.headers.uid).toBe(email);
  });

  it('joins the default newsletters when newsletters are wanted and none is named', async () => {
    const answer = await call(server, 'POST', '/auth', {
      json: { email: freshEmail(), password, ...kyle, wants_newsletter: true },
    });
    expect(answer.json.data).toMatchObject({ newsletter_groups: '1', wants_newsletter: true });
  });

  it('sets nothing that is not the customer’s to set', async () => {
    const json = {
      email: freshEmail(),
      password,
      ...kyle,
      id: 402,
      level: 10,
      debitor_number: 1,
      category_id: 7,
      notes: 'vip',
      has_voucher_payment: true,
      foreign_id: 'crm-1',
      created_at: '2001-01-01T00:00:00+01:00',
    };
    const { data } = (await call(server, 'POST', '/auth', { json })).json;
    expect(data).toMatchObject({ level: 20, category_id: null, notes: null, has_voucher_payment: false });
    expect(data?.id).not.toBe(402);
    expect(data?.debitor_number).not.toBe(1);
    expect(data?.created_at).not.toBe(json.created_at);
  });

  it('leaves history rows, consent, and one event', async () => {
    const { id, email } = await signUp(server, { newsletter_groups: [2] });
    const { store } = server.app;
    const history = await store.history.listByCustomer(id);
    expect(history.map(({ field, before, after, origin }) => ({ field, before, after, origin }))).toEqual(
      expect.arrayContaining([
        { field: 'email', before: '', after: email, origin: 'gomus' },
        { field: 'givenName', before: '', after: 'Selina', origin: 'gomus' },
        { field: 'familyName', before: '', after: 'Kyle', origin: 'gomus' },
        { field: 'password', before: null, after: 'set', origin: 'gomus' },
      ]),
    );
    expect(JSON.stringify(history)).not.toMatch(/nine lives|argon2/);
    expect(await statementsOf(store, id)).toMatchObject([{ subject: 'newsletter:2', isGiven: true }]);
    const events = (await store.outbox.list(1000)).filter(({ event }) => event.customerId === id);
    expect(events.map(({ event }) => event.type)).toEqual(['customer.created']);
  });

  it('makes one customer out of twenty identical sign-ups at once, the others being told that it is taken', async () => {
    const email = freshEmail();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(server, 'POST', '/auth?locale=en', { json: { email, password, ...kyle } })),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(19);
    for (const { status, json } of refused) {
      expect(status).toBe(422);
      expect(json.errors).toEqual({
        email: ['has already been taken'],
        full_messages: ['Email has already been taken'],
      });
    }
    const created = answers.find(({ status }) => status === 200);
    const id = created?.json.data?.id as number;
    const events = (await server.app.store.outbox.list(1000)).filter(({ event }) => event.customerId === id);
    expect(events).toHaveLength(1);
    expect(
      (await server.app.store.customers.search({ words: [email], websiteId: null, page: 1, perPage: 9 })).totalCount,
    ).toBe(1);
    await signIn(server, email, password);
  });
});

const kyle = { name: 'Selina', surname: 'Kyle' };

describeOnServer('a sign-up that cannot be', (server) => {
  const cases: [string, Record<string, unknown>, Record<string, string[]>][] = [
    ['no e-mail', { email: undefined }, { email: ["can't be blank"] }],
    ['a blank e-mail', { email: '  ' }, { email: ["can't be blank"] }],
    ['null for an e-mail', { email: null }, { email: ["can't be blank"] }],
    ['a malformed e-mail', { email: 'selina.example.org' }, { email: ['is not an email'] }],
    ['an e-mail that is no text', { email: ['a@example.org'] }, { email: ['is not an email'] }],
    ['another e-mail confirmed', { email_confirmation: 'o@x.org' }, { email_confirmation: ["doesn't match Email"] }],
    ['a blank e-mail confirmed', { email_confirmation: null }, { email_confirmation: ["doesn't match Email"] }],
    ['no password', { password: undefined }, { password: ["can't be blank"] }],
    ['a blank password', { password: '      ' }, { password: ["can't be blank"] }],
    ['null for a password', { password: null }, { password: ["can't be blank"] }],
    ['a password that is no text', { password: { a: 1 } }, { password: ['is invalid'] }],
    ['a short password', { password: 'lives' }, { password: ['is too short (minimum is 6 characters)'] }],
    ['a long password', { password: 'x'.repeat(129) }, { password: ['is too long (maximum is 128 characters)'] }],
    ['another confirmation', { password_confirmation: 'no' }, { password_confirmation: ["doesn't match Password"] }],
    ['a blank confirmation', { password_confirmation: '' }, { password_confirmation: ["doesn't match Password"] }],
    ['a blank name', { name: ' ' }, { name: ["can't be blank"] }],
    ['null for a name', { surname: null }, { surname: ["can't be blank"] }],
    ['a name of markup', { name: '<b>Selina</b>' }, { name: ['is invalid'] }],
    ['a long name', { name: 'x'.repeat(256) }, { name: ['is too long (maximum is 255 characters)'] }],
    ['an unknown salutation', { customer_salutation_id: 9 }, { customer_salutation_id: ['is unknown: 9'] }],
    ['an unknown title', { customer_title_id: 77 }, { customer_title_id: ['is unknown: 77'] }],
    ['a language that is no id', { language_id: 'de' }, { language_id: ['is invalid'] }],
    ['a long telephone number', { tel: '1'.repeat(65) }, { tel: ['is too long (maximum is 64 characters)'] }],
    ['an unknown newsletter', { newsletter_groups: '1,99' }, { newsletter_groups: ['is unknown: 99'] }],
    ['a wish that is neither yes nor no', { wants_newsletter: 'perhaps' }, { wants_newsletter: ['is invalid'] }],
  ];

  it.each(cases)('answers 422 to %s, creating nobody', async (_, fields, errors) => {
    const before = await server.app.store.customers.countAll();
    const json = { email: freshEmail(), password, ...kyle, ...fields };
    const answer = await call(server, 'POST', '/auth?locale=en', { json });
    expect(answer.status).toBe(422);
    const { full_messages: sentences, ...byField } = answer.json.errors as Record<string, string[]>;
    expect(byField).toEqual(errors);
    expect(sentences).toHaveLength(Object.values(errors).flat().length);
    expect(answer.json.error).toBe(sentences?.[0]);
    expect(answer.json.status).toBe('error');
    expect(answer.json).not.toHaveProperty('success');
    expect(tokenHeadersOn(answer)).toEqual([]);
    expect(await server.app.store.customers.countAll()).toBe(before);
  });

  it('lists every fault at once, in the order of the gem, in German', async () => {
    const { email } = await signUp(server);
    const json = { ...kyle, email: email.toUpperCase(), password: 's', password_confirmation: 'x' };
    const answer = await call(server, 'POST', '/auth?locale=de', { json });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.json.errors)).toBe(
      JSON.stringify({
        password_confirmation: ['stimmt nicht mit Passwort überein'],
        password: ['ist zu kurz (weniger als 6 Zeichen)'],
        email: ['ist bereits vergeben'],
        full_messages: [
          'Passwortbestätigung stimmt nicht mit Passwort überein',
          'Passwort ist zu kurz (weniger als 6 Zeichen)',
          'E-Mail ist bereits vergeben',
        ],
      }),
    );
    expect(answer.json.error).toBe('Passwortbestätigung stimmt nicht mit Passwort überein');
  });

  it('shows what it would have been under data, without id, times or password', async () => {
    const json = { ...kyle, email: 'selina', password: 'much too secret', tel: 12, customer_salutation_id: 2 };
    const answer = await call(server, 'POST', '/auth?locale=en', { json });
    expect(answer.status).toBe(422);
    expect(Object.keys(answer.json).sort()).toEqual(['data', 'error', 'errors', 'status']);
    expect(answer.json.data).toMatchObject({ id: null, email: 'selina', name: 'Selina', surname: 'Kyle', tel: '12' });
    expect(answer.json.data).toMatchObject({ created_at: null, updated_at: null, debitor_number: null });
    expect(answer.json.data).toMatchObject({ customer_salutation_id: 2, salutation: 'Ms', newsletter_groups: '' });
    expect(answer.text).not.toContain('much too secret');
    const created = await call(server, 'POST', '/auth', { json: { ...json, email: freshEmail() } });
    expect(Object.keys(answer.json.data ?? {})).toEqual(Object.keys(created.json.data ?? {}));
  });

  it('tells of an e-mail that cannot be read once, and not that its repetition differs', async () => {
    const json = { ...kyle, password: 'nine lives', email: { a: 1 }, email_confirmation: 'x@example.com' };
    const answer = await call(server, 'POST', '/auth?locale=en', { json });
    expect(answer.json.errors).toEqual({ email: ['is not an email'], full_messages: ['Email is not an email'] });
  });

  it('shows newsletters that are null as not mentioned', async () => {
    const json = { ...kyle, email: 'selina', newsletter_groups: null, wants_newsletter: true };
    const { data } = (await call(server, 'POST', '/auth', { json })).json;
    expect(data).toMatchObject({ wants_newsletter: true, newsletter_groups: '' });
  });

  it.each([
    ['an empty body', {}],
    ['nothing that is permitted', { shoe_size: 46, id: 1 }],
    ['a list', [1, 2]],
  ])('answers 422 to %s with the sentence for it', async (_, json) => {
    for (const [locale, sentence] of [
      ['en', 'Please submit proper sign up data in request body.'],
      ['de', 'Bitte übermitteln sie vollständige Anmeldeinformationen im Body des Requests.'],
    ]) {
      const answer = await call(server, 'POST', `/auth?locale=${locale}`, { json });
      expect(answer.status).toBe(422);
      expect(answer.json).toEqual({ status: 'error', success: false, errors: [sentence], error: sentence });
    }
  });

  it('answers 422 to no body at all', async () => {
    expect((await call(server, 'POST', '/auth')).status).toBe(422);
  });

  it('is not filled in from request headers', async () => {
    const headers = { email: freshEmail(), password, surname: 'Kyle', name: 'Selina' };
    expect((await call(server, 'POST', '/auth', { headers })).status).toBe(422);
    const answer = await call(server, 'POST', '/auth?locale=en', { headers, json: { name: 'Selina' } });
    expect(answer.json.errors).toMatchObject({ email: ["can't be blank"] });
  });
});

describeOnServer('a sign-up with the least there can be', (server: ServerUnderTest) => {
  it('needs no confirm_success_url and ignores one', async () => {
    for (const fields of [{}, { confirm_success_url: 'https://evil.example/', config_name: 'default' }]) {
      const { tokens } = await signUp(server, fields);
      expect(await isSignedIn(server, tokens)).toBe(true);
    }
  });

  it('confirms an e-mail in any case and spacing', async () => {
    const email = freshEmail();
    expect((await signUp(server, { email, email_confirmation: ` ${email.toUpperCase()}` })).email).toBe(email);
  });

  it('takes e-mail and password alone, as the gem’s own clients send them', async () => {
    const email = freshEmail();
    const answer = await call(server, 'POST', '/auth', { json: { email, password, password_confirmation: password } });
    expect(answer.status).toBe(200);
    expect(answer.json.data).toMatchObject({ email, name: '', surname: '', mobile: null, newsletter_groups: '' });
  });
});
