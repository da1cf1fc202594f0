import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { addMember, authenticate, freshEmail, traces, update, userInfo } from './client.ts';

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
const profile = { birthday: '1990-02-28', gender: 'M', phone_number: '+31 (0)20-123' };

describeOnServers('an update', (server) => {
  it('leaves alone what it does not name', async () => {
    const consents = {
      mailing_list: { mailing_list_subscribed: true },
      opt_in_programme: { programme_opted_in: true },
    };
    const { id, userId } = await addMember(server, { ...address, ...profile, ...consents });
    const before = await userInfo(server, id);
    await update(server, { user_id: userId });
    expect(await userInfo(server, id)).toEqual(before);
    await update(server, { user_id: userId, address_towncity: 'Utrecht' });
    expect(await userInfo(server, id)).toEqual({ ...before, address_towncity: 'Utrecht' });
  });

  it.each([[null], ['']])('clears optional fields with %j, and only those', async (nothing) => {
    const { id, userId, email } = await addMember(server, { ...address, ...profile, mailing_list_subscribed: true });
    const names = [...Object.keys(address), ...Object.keys(profile), 'username', 'first_name', 'last_name'];
    const empty = Object.fromEntries(names.map((name) => [name, nothing]));
    const answer = await update(server, { user_id: userId, ...empty, member_number: nothing, password: nothing });
    expect(answer.status).toBe(200);
    expect(await userInfo(server, id)).toEqual({
      first_name: 'Ada',
      last_name: 'Lovelace',
      username: email,
      webshop_customer_id: id,
      printed_mailing_list_subscribed: false,
      mailing_list_subscribed: true,
      mailing_list_sub_offered: true,
      programme_opted_in: false,
      address_housenumber_extension: '',
    });
    expect(answer.json.addresses).toHaveLength(1);
    expect(answer.json).not.toHaveProperty('dob');
    expect(answer.json).not.toHaveProperty('gender');
  });

  it.each([
    ['M', 1, 'M'],
    ['male', 1, 'M'],
    ['MALE', 1, 'M'],
    ['f', 2, 'F'],
    ['Female', 2, 'F'],
    ['nonbinary', 3, 'nonbinary'],
    ['twospirit', 3, 'twospirit'],
    ['X', 3, 'X'],
    [3, 3, '3'],
  ])('reads and gives back gender: %s', async (gender, code, token) => {
    const { id, created } = await addMember(server, { gender });
    expect(created.gender).toBe(code);
    expect((await userInfo(server, id)).gender).toBe(token);
  });

  it.each([
    ['1990-02-28', '1990-02-28'],
    ['1990-02-28T00:00:00+00:00', '1990-02-28'],
    ['1990-02-28T23:59:59-12:00', '1990-02-28'],
    ['1990-02-28 00:00:00', '1990-02-28'],
    ['2004-02-29T00:00:00Z', '2004-02-29'],
    ['1000-01-01', '1000-01-01'],
  ])('takes the day of birth as written: %s', async (birthday, day) => {
    const { id, created } = await addMember(server, { birthday });
    expect(created.dob).toBe(day);
    expect((await userInfo(server, id)).birthday).toBe(day);
  });

  it.each([
    '28-02-1990',
    '1990-02-30',
    '2023-02-29',
    '0000-00-00',
    'yesterday',
    19900228,
    true,
    '1990',
    ['1990-02-28'],
  ])('refuses a birthday that is no day: %j', async (birthday) => {
    const { userId } = await addMember(server, { birthday: '1990-01-01' });
    const answer = await update(server, { user_id: userId, birthday });
    expect(answer.status).toBe(400);
    expect(answer.json.parameters).toMatchObject({ fieldName: 'birthday' });
    expect((await update(server, { user_id: userId })).json.dob).toBe('1990-01-01');
  });

  it('refuses a birthday to come', async () => {
    const { userId } = await addMember(server);
    const answer = await update(server, { user_id: userId, birthday: '9999-12-31' });
    expect(answer.text).toBe('{"message":"The Date of Birth should not be greater than today."}');
  });

  it.each(['010 123 45 67', '+31-220445641', '(214)-5555-7016', ' 0851234567 ', '112'])(
    'passes a phone number on as typed: %j',
    async (phone_number) => {
      const { id, created } = await addMember(server, { phone_number, address_towncity: 'Ede' });
      expect(created.addresses?.[0]?.telephone).toBe(phone_number);
      expect((await userInfo(server, id)).phone_number).toBe(phone_number);
    },
  );

  it('leaves a phone number out of the address when go~mus has emptied it', async () => {
    const { id, userId } = await addMember(server, { phone_number: '112', address_towncity: 'Ede' });
    const { status } = await fetch(`${server.url}/api/v4/customers/${id}`, {
      method: 'PUT',
      headers: { authorization: 'Bearer foyer-demo-key', 'content-type': 'application/json' },
      body: '{"customer":{"tel":""}}',
    });
    expect(status).toBe(200);
    expect((await update(server, { user_id: userId })).json.addresses?.[0]).not.toHaveProperty('telephone');
  });

  it('refuses a whole number that JSON has rounded, which would name somebody else', async () => {
    const { id } = await addMember(server, { member_number: '9007199254740992' });
    const answer = await update(server, { member_number: 2 ** 53, phone_number: '112' });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('member_number')]);
    expect(await userInfo(server, id)).not.toHaveProperty('phone_number');
  });

  it('stringifies numbers and booleans where a text is expected', async () => {
    const fields = {
      address_housenumber: 12,
      address_postalcode: 1000,
      address_towncity: 'Ede',
      phone_number: 31655222555,
    };
    const { id } = await addMember(server, fields);
    expect(await userInfo(server, id)).toMatchObject({
      address_housenumber: '12',
      address_postalcode: '1000',
      phone_number: '31655222555',
    });
  });

  it('moves to a new e-mail when user_id is known and nobody has it', async () => {
    const { id, userId, email } = await addMember(server, { password: 'EasyOrNot?' });
    const username = freshEmail();
    expect((await update(server, { user_id: userId, username })).json).toMatchObject({ id, email: username });
    expect((await authenticate(server, { email: username, password: 'EasyOrNot?' })).json.customer_id).toBe(id);
    expect((await authenticate(server, { email, password: 'EasyOrNot?' })).json.authenticated).toBe(false);
  });

  it('shows the e-mail as typed', async () => {
    const { userId, email } = await addMember(server);
    const username = email.replace('member', 'Member');
    expect((await update(server, { user_id: userId, username })).json.email).toBe(username);
  });

  it('refuses an e-mail that somebody else has, and changes nothing', async () => {
    const other = await addMember(server);
    const { id, userId } = await addMember(server);
    const before = await traces(server.app, id);
    const answer = await update(server, {
      user_id: userId,
      username: other.email.toUpperCase(),
      birthday: '1990-01-01',
    });
    expect(answer.text).toBe(
      '{"message":"A customer with the same email address already exists in an associated website."}',
    );
    expect(answer.status).toBe(400);
    expect(await traces(server.app, id)).toEqual(before);
  });

  it('names a taken e-mail beside everything else that is wrong', async () => {
    const other = await addMember(server);
    const { userId } = await addMember(server);
    const answer = await update(server, {
      user_id: userId,
      username: other.email,
      birthday: 'soon',
      country_code: 'XX',
    });
    expect(answer.json.errors?.map(({ parameters }) => parameters)).toEqual([
      { fieldName: 'birthday', value: 'soon' },
      { fieldName: 'country_code', value: 'XX' },
      [],
    ]);
    expect(answer.json.errors?.[2]?.message).toContain('same email address');
  });

  it('does not look at the password of somebody who is there', async () => {
    const { id, userId, email } = await addMember(server, { password: 'EasyOrNot?' });
    for (const password of ['An0therOne!', 'x', ' ', 12345678, ['EasyOrNot?'], { a: 1 }, true]) {
      expect((await update(server, { user_id: userId, password })).status).toBe(200);
    }
    expect((await authenticate(server, { email, password: 'EasyOrNot?' })).json.customer_id).toBe(id);
  });

  it('does not move anybody to another website or store', async () => {
    const { userId } = await addMember(server);
    const answer = await update(server, { user_id: userId }, { website_code: 'default', store_code: 'default' });
    expect(answer.json).toMatchObject({ website_id: 1, store_id: 1 });
  });

  it('ignores keys it does not know, whatever they are called', async () => {
    const { id, userId } = await addMember(server);
    const before = await traces(server.app, id);
    const unknown = {
      loyalty_status: { points: 1 },
      constructor: 1,
      hasOwnProperty: 1,
      email: 'x',
      firstname: 5,
      language: 'nl-NL',
    };
    expect((await update(server, { user_id: userId, ...unknown })).status).toBe(200);
    expect(await traces(server.app, id)).toEqual(before);
  });

  it('survives members called like what every object inherits', async () => {
    const { userId } = await addMember(server);
    const trap = { toString: 1, valueOf: 1, toJSON: 1 };
    for (const name of [
      'user_id',
      'username',
      'first_name',
      'mailing_list_subscribed',
      'gender',
      'address_towncity',
      'birthday',
    ]) {
      expect((await update(server, { user_id: userId, [name]: trap })).status).toBe(400);
      expect((await update(server, { user_id: userId, [name]: [trap] })).status).toBe(400);
    }
    expect((await update(server, { user_id: userId, mailing_list: trap, password: trap })).status).toBe(200);
  });
});
