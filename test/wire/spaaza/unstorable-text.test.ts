import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { addMember, authenticate, call, freshEmail, traces, update, upsert, userInfo } from './client.ts';

const texts = [
  'username',
  'first_name',
  'last_name',
  'gender',
  'birthday',
  'phone_number',
  'country_code',
  'member_number',
  'address_streetname',
  'address_housenumber',
  'address_housenumber_extension',
  'address_line_2',
  'address_line_3',
  'address_postalcode',
  'address_towncity',
  'address_regionstate',
];

describeOnServers('text that not every database keeps', (server) => {
  it.each(texts)('is refused in %s and leaves nothing behind: NUL, controls, half a surrogate pair', async (name) => {
    const { id, userId } = await addMember(server);
    const before = await traces(server.app, id);
    for (const escaped of ['\\u0000', '\\u0001', '\\ud800', '\\udc00', '\\udc00\\ud800', '\\u001b']) {
      const body = `{"user_info":{"user_id":${userId},"${name}":"a${escaped}b"}}`;
      const answer = await call(server, 'POST', '/update', { body, headers: { 'content-type': 'application/json' } });
      expect(answer.status).toBe(400);
      expect(answer.json.message).toBeTypeOf('string');
    }
    expect(await traces(server.app, id)).toEqual(before);
  });

  it('in codes, keys and nested members is refused or ignored', async () => {
    const { id, userId } = await addMember(server);
    for (const codes of [{ website_code: 'a\u0000' }, { store_code: '\u0000' }]) {
      expect((await update(server, { user_id: userId }, codes)).status).toBe(400);
    }
    expect(
      (await update(server, { user_id: userId, 'a\u0000': '\u0000', entity_code: { code: '\u0000' } })).status,
    ).toBe(200);
    expect((await update(server, { user_id: userId, member_number: { code: '\u0000' } })).status).toBe(400);
    expect((await update(server, { authentication_point_identifier: `${id}\u0000` })).status).toBe(404);
    const body = `{"user_info":{"user_id":${userId},"a\\ud800":1}}`;
    const answer = await call(server, 'POST', '/update', { body, headers: { 'content-type': 'application/json' } });
    expect(answer.text).toBe('{"message":"Decoding error."}');
  });

  it('may be a password, which is hashed and never stored', async () => {
    const fields = { username: freshEmail(), first_name: 'Ada', last_name: 'Lovelace', password: 'Easy\u0000OrNot?1' };
    expect((await upsert(server, fields)).status).toBe(200);
    const login = { email: fields.username };
    expect((await authenticate(server, { ...login, password: fields.password })).json.authenticated).toBe(true);
    expect((await authenticate(server, { ...login, password: 'Easy' })).json.authenticated).toBe(false);
  });

  it.each(['🌷', 'Ω', '\u202eright to left', 'e\u0301', 'a\u00a0b', 'שלום', '𠮷野家', 'tab\there'])(
    'is kept exactly when it only looks odd: %j',
    async (text) => {
      const { id } = await addMember(server, { phone_number: text, address_towncity: text, gender: `x${text}` });
      expect(await userInfo(server, id)).toMatchObject({
        gender: `x${text}`,
        address_towncity: text,
        phone_number: text,
      });
    },
  );

  it.each([
    ['address_towncity', 255],
    ['address_streetname', 255],
    ['gender', 255],
    ['member_number', 255],
    ['phone_number', 64],
    ['first_name', 255],
  ])('is refused in %s beyond %i characters, counted as people count', async (name, limit) => {
    const { userId } = await addMember(server);
    expect((await update(server, { user_id: userId, [name]: '🌷'.repeat(limit) })).status).toBe(200);
    const answer = await update(server, { user_id: userId, [name]: 'x'.repeat(limit + 1) });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      message: '"%fieldName" uses too many characters: at most %limit are allowed.',
      parameters: { fieldName: name, limit },
    });
  });
});
