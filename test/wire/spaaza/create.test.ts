import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { authenticate, call, freshEmail, freshUserId, traces, upsert } from './client.ts';

const person = () => ({ username: freshEmail(), first_name: 'Ada', last_name: 'Lovelace' });
const required = (fieldName: string) => ({
  message: '"%fieldName" is required. Enter and try again.',
  parameters: { fieldName },
});

describeOnServers('a new customer', (server) => {
  it('is answered like an updated one', async () => {
    const before = Date.now() - 1_000;
    const fields = { ...person(), user_id: freshUserId(), member_number: 'N1', password: 'EasyOrNot?' };
    const answer = await upsert(server, fields);
    expect(answer.status).toBe(200);
    const { id, created_at, updated_at } = answer.json;
    expect(id).toBeGreaterThan(402);
    expect(created_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(updated_at).toBe(created_at);
    expect(Date.parse(`${created_at}Z`)).toBeGreaterThan(before - 1_000);
    const hash = answer.json.extension_attributes?.spaaza_data.last_hash;
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    // Text, for the order of the members and for those that are left out.
    expect(answer.text).toBe(
      JSON.stringify({
        id,
        group_id: 1,
        created_at,
        updated_at,
        created_in: 'Default Store View',
        email: fields.username,
        firstname: 'Ada',
        lastname: 'Lovelace',
        store_id: 1,
        website_id: 1,
        addresses: [],
        disable_auto_group_change: 0,
        extension_attributes: {
          is_subscribed: false,
          spaaza_data: {
            customer_id: id,
            user_id: fields.user_id,
            member_number: 'N1',
            programme_opted_in: false,
            mailing_list_subscribed: false,
            printed_mailing_list_subscribed: false,
            last_hash: hash,
          },
        },
      }),
    );
    expect((await authenticate(server, { email: fields.username, password: 'EasyOrNot?' })).json.customer_id).toBe(id);
  });

  it('may come without a password, and cannot sign in then', async () => {
    const fields = person();
    expect((await upsert(server, { ...fields, password: null })).status).toBe(200);
    expect((await authenticate(server, { email: fields.username, password: '' })).json.authenticated).toBe(false);
  });

  it('needs e-mail and both names, all of which are named at once', async () => {
    for (const nothing of [
      {},
      { username: null, first_name: null, last_name: '' },
      { username: '', first_name: ' ' },
    ]) {
      const answer = await upsert(server, { user_id: freshUserId(), ...nothing });
      expect(answer.status).toBe(400);
      expect(answer.json).toEqual({
        message: 'One or more input exceptions have occurred.',
        errors: [required('username'), required('first_name'), required('last_name')],
      });
    }
    const { last_name, ...half } = person();
    expect((await upsert(server, half)).json).toEqual(required('last_name'));
    expect((await upsert(server, { ...half, last_name })).status).toBe(200);
  });

  it('is refused with all problems at once, and is not there afterwards', async () => {
    const username = freshEmail();
    const answer = await upsert(
      server,
      {
        username,
        first_name: '<b>',
        last_name: 'x'.repeat(256),
        birthday: 'soon',
        country_code: 'XX',
        password: 'short',
        gender: [1],
        user_id: 'abc',
      },
      { website_code: 'nosuch', store_code: 'nosuch' },
    );
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.json)).toEqual(['message', 'errors']);
    expect(answer.json.errors?.map(({ message }) => message).sort()).toEqual(
      [
        "The website that was requested wasn't found. Verify the website and try again.",
        "The store that was requested wasn't found. Verify the store and try again.",
        'First Name is not valid!',
        '"%fieldName" uses too many characters: at most %limit are allowed.',
        'Invalid value of "%value" provided for the %fieldName field.',
        'Invalid value of "%value" provided for the %fieldName field.',
        'Invalid value of "%value" provided for the %fieldName field.',
        'Invalid value of "%value" provided for the %fieldName field.',
        'The password needs at least %1 characters. Create a new password and try again.',
      ].sort(),
    );
    expect(answer.text).not.toContain('short');
    expect((await call(server, 'GET', `/user_info_by_email/${username}`)).status).toBe(404);
  });

  it.each([
    'plain',
    '@example.org',
    'a@b',
    'a b@example.org',
    'a@@example.org',
    'a@localhost',
    `${'a'.repeat(65)}@example.org`,
  ])('needs an e-mail that mail can be sent to: %s', async (username) => {
    const answer = await upsert(server, { ...person(), username });
    expect(answer.text).toBe('{"message":"\\"Email\\" is not a valid email address."}');
    expect(answer.status).toBe(400);
  });

  it.each([
    "D'Artagnan",
    'Anne-Marie',
    'María José Carreño Quiñones',
    'X Æ A-12 Musk',
    '李',
    'Zoë 🌷',
    'é'.repeat(255),
  ])('may be called %s', async (first_name) => {
    expect((await upsert(server, { ...person(), first_name })).json.firstname).toBe(first_name);
  });

  it.each([
    ['too short', 'Short1!', 'The password needs at least %1 characters. Create a new password and try again.', ['8']],
    ['too long', `Aa1${'x'.repeat(254)}`, 'Please enter a password with at most %1 characters.', [256]],
    [
      'spaced',
      ' EasyOrNot? ',
      "The password can't begin or end with a space. Verify the password and try again.",
      undefined,
    ],
    [
      'too plain',
      'easyornot',
      'Minimum of different classes of characters in password is %1. Classes of characters: Lower Case, Upper Case, Digits, Special Characters.',
      ['3'],
    ],
  ])('is refused a password that is %s, in Magento’s words', async (_title, password, message, parameters) => {
    const answer = await upsert(server, { ...person(), password });
    expect(answer.status).toBe(400);
    expect(answer.text).toBe(JSON.stringify(parameters === undefined ? { message } : { message, parameters }));
  });

  it('is refused the e-mail as a password', async () => {
    const fields = person();
    const answer = await upsert(server, { ...fields, password: fields.username.toUpperCase() });
    expect(answer.json).toEqual({
      message: "The password can't be the same as the email address. Create a new password and try again.",
    });
  });

  it.each(['EasyOrN1', 'abc DEF 1', `Aa1${'x'.repeat(253)}`, 'Пароль12a', '1a-1a-1a'])(
    'may have the password %s',
    async (password) => {
      const fields = person();
      expect((await upsert(server, { ...fields, password })).status).toBe(200);
      expect((await authenticate(server, { email: fields.username, password })).json.authenticated).toBe(true);
    },
  );

  it('is made once when the same request comes twenty times at once', async () => {
    const fields = { ...person(), user_id: freshUserId(), member_number: 'T1', address_towncity: 'Ede', gender: 'F' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => upsert(server, fields)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    const { events, addresses, links } = await traces(server.app, answers[0]!.json.id!);
    expect(events.filter(({ event }) => event.type === 'customer.created')).toHaveLength(1);
    expect(addresses).toHaveLength(1);
    expect(links).toHaveLength(1);
  });

  it('is made once when twenty requests differ only in what says nothing about who it is', async () => {
    const fields = person();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => upsert(server, { ...fields, phone_number: `06${index}` })),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => answer.json.id)).size).toBe(1);
  });

  it('and everybody else are told apart by the event', async () => {
    const { json } = await upsert(server, { ...person(), user_id: freshUserId(), birthday: '1990-01-01' });
    const { events, history } = await traces(server.app, json.id!);
    expect(events.map(({ event }) => event.type)).toEqual(['customer.created', 'customer.updated']);
    expect(events.every(({ origin, actor }) => origin === 'spaaza' && actor === 'key 0 (demo)')).toBe(true);
    const fields = history.map(({ field }) => field);
    expect(fields).toEqual(['givenName', 'familyName', 'birthday', 'email', 'link.123.spaazaUserId']);
  });

  it('has no password in history, events, consents or log', async () => {
    const { json } = await upsert(server, { ...person(), password: 'Hush-Hush-1' });
    const left = await traces(server.app, json.id!);
    expect(JSON.stringify(left)).not.toMatch(/Hush-Hush|argon2/);
    expect(left.history.find(({ field }) => field === 'password')).toMatchObject({ before: null, after: 'set' });
    expect(server.rawLog()).not.toContain('Hush-Hush');
  });
});
