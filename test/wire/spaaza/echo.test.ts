import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { addMember, type Json, traces, update, upsert, userInfo } from './client.ts';

const everything = {
  member_number: 'R1',
  password: 'EasyOrNot?',
  address_streetname: 'Dorpstraat',
  address_housenumber: '1',
  address_housenumber_extension: null,
  address_line_2: null,
  address_postalcode: '1000AA',
  address_towncity: 'Amsterdam',
  address_regionstate: null,
  birthday: '2002-01-01T00:00:00+00:00',
  country_code: 'nl',
  gender: 'female',
  mailing_list: {
    mailing_list_sub_offered: true,
    mailing_list_subscribed: true,
    printed_mailing_list_subscribed: false,
  },
  opt_in_programme: { programme_opted_in: true },
  phone_number: '0851234567',
};

const lastHash = (json: Json) => json.extension_attributes?.spaaza_data.last_hash;

describeOnServers('the same update again', (server) => {
  it('changes nothing at all and answers the same', async () => {
    const { id, userId, email, created } = await addMember(server, everything);
    const before = await traces(server.app, id);
    const userInfoSent = { user_id: userId, username: email, first_name: 'Ada', last_name: 'Lovelace', ...everything };
    for (let time = 1; time <= 3; time += 1) {
      expect((await upsert(server, userInfoSent)).json).toEqual(created);
      expect(await traces(server.app, id)).toEqual(before);
    }
  });

  it('changes nothing in another spelling of the same', async () => {
    const { id, userId, email } = await addMember(server, everything);
    const before = await traces(server.app, id);
    const { mailing_list, opt_in_programme, ...flat } = everything;
    const respelled = {
      ...flat,
      ...mailing_list,
      ...opt_in_programme,
      user_id: String(userId),
      username: ` ${email} `,
      first_name: ' Ada ',
      member_number: { code: 'R1', type: 'custom' },
      address_housenumber: 1,
      address_housenumber_extension: '',
      birthday: '2002-01-01',
      country_code: ' NL ',
      gender: 'F',
    };
    expect((await update(server, respelled)).status).toBe(200);
    expect(await traces(server.app, id)).toEqual(before);
  });

  it('with one real change is written once, with a new hash and a later time', async () => {
    const { id, userId, created } = await addMember(server, everything);
    const before = await traces(server.app, id);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const answer = await update(server, { user_id: userId, phone_number: '0857654321' });
    expect(lastHash(answer.json)).toMatch(/^[0-9a-f]{16}$/);
    expect(lastHash(answer.json)).not.toBe(lastHash(created));
    expect(answer.json.updated_at! > created.updated_at!).toBe(true);
    const after = await traces(server.app, id);
    expect(after.history.slice(before.history.length)).toMatchObject([
      { field: 'phone', before: '0851234567', after: '0857654321', origin: 'spaaza' },
    ]);
    expect(after.events.slice(before.events.length)).toMatchObject([
      { event: { type: 'customer.updated', fields: ['phone'] }, origin: 'spaaza' },
    ]);
    // And back: the hash speaks of the content only.
    const back = await update(server, { user_id: userId, phone_number: '0851234567' });
    expect(lastHash(back.json)).toBe(lastHash(created));
  });

  it.each([
    ['the e-mail', (n: number) => ({ username: `other-${n}-${Date.now()}@example.org` })],
    ['a name', () => ({ first_name: 'Grace' })],
    ['the birthday', () => ({ birthday: '2002-01-02' })],
    ['the gender', () => ({ gender: 'X' })],
    ['a consent', () => ({ mailing_list: { mailing_list_subscribed: false } })],
    ['the street', () => ({ address_streetname: 'Kade' })],
    ['the extension', () => ({ address_housenumber_extension: 'B' })],
    ['the city', () => ({ address_towncity: 'Utrecht' })],
    ['the country', () => ({ country_code: 'BE' })],
  ])('has another hash when this differs: %s', async (_title, change) => {
    const { id, userId, created } = await addMember(server, everything);
    expect(lastHash((await update(server, { user_id: userId, ...change(id) })).json)).not.toBe(lastHash(created));
  });

  it.each([
    ['member_number', { member_number: 'R2' }],
    ['user_id', { user_id: 1 }],
  ])('has the same hash when only an id differs: %s', async (_title, change) => {
    const { id, email, created } = await addMember(server, everything);
    const answer = await update(server, {
      username: email,
      ...change,
      ...('user_id' in change ? { user_id: 7_000_000_000 + id } : {}),
    });
    expect(answer.status).toBe(200);
    expect(lastHash(answer.json)).toBe(lastHash(created));
  });
});

describeOnServers('what user_info shows, sent back as the platform would', (server) => {
  /** The flat view in the platform's own nested form. */
  const asPlatformSays = ({
    mailing_list_subscribed,
    printed_mailing_list_subscribed,
    programme_opted_in,
    ...flat
  }: Json) => ({
    ...flat,
    mailing_list: { mailing_list_sub_offered: true, mailing_list_subscribed, printed_mailing_list_subscribed },
    opt_in_programme: { programme_opted_in },
  });

  it.each([
    ['everything', everything],
    ['next to nothing', {}],
    ['no number', { address_streetname: 'Kasteel', address_towncity: 'Ede', gender: 'nonbinary' }],
    ['a number in the street', { address_streetname: 'Keizersgracht 123 II', country_code: 'NL' }],
    ['a country only', { country_code: 'DE', phone_number: ' 030 1 ' }],
  ])('changes nothing: %s', async (_title, fields) => {
    const { id, userId } = await addMember(server, fields);
    const shown = await userInfo(server, id);
    const before = await traces(server.app, id);
    const sent = { ...asPlatformSays(shown), user_id: userId, authentication_point_identifier: String(id) };
    expect((await update(server, sent)).status).toBe(200);
    expect(await traces(server.app, id)).toEqual(before);
    expect(await userInfo(server, id)).toEqual(shown);
  });

  it('changes nothing for the documented customers either', async () => {
    for (const id of [1, 39, 402]) {
      // The first contact agrees on what is shown, and links nobody.
      await update(server, { authentication_point_identifier: String(id) });
      const before = await traces(server.app, id);
      await update(server, { ...asPlatformSays(await userInfo(server, id)), authentication_point_identifier: id });
      expect(await traces(server.app, id)).toEqual(before);
    }
  });
});
