import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';
import { addMember, authenticate, call, freshUserId, type Member, traces, update, upsert, userInfo } from './client.ts';

/** What get-user gives of somebody who was deleted over there (spaaza 3.6). */
const erased = ({ userId }: Pick<Member, 'userId'>) => ({
  id: userId,
  user_id: userId,
  obfuscated: true,
  username: `${userId}@deleted.spaaza.com`,
  first_name: 'Deleted',
  last_name: 'Deleted',
  authentication_point_identifier: null,
  birthday: null,
  gender: null,
  phone_number: null,
  address_streetname: null,
  address_housenumber: null,
  address_postalcode: null,
  address_towncity: null,
  country_code: 'NL',
  mailing_list: { mailing_list_subscribed: false, printed_mailing_list_subscribed: false },
  opt_in_programme: { programme_opted_in: false },
  entity_code: null,
  registered: false,
});

describeOnServers('a person erased at the platform', (server) => {
  const member = () =>
    addMember(server, {
      member_number: `M${freshUserId()}`,
      password: 'EasyOrNot?',
      birthday: '1990-01-01',
      address_towncity: 'Ede',
      mailing_list_subscribed: true,
    });

  it('is unlinked and otherwise kept, sign-in included', async () => {
    const one = await member();
    const before = await userInfo(server, one.id);
    const answer = await update(server, erased(one));
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ id: one.id, email: one.email, firstname: 'Ada', dob: '1990-01-01' });
    expect(answer.json.extension_attributes?.spaaza_data).toEqual({
      customer_id: one.id,
      programme_opted_in: false,
      mailing_list_subscribed: true,
      printed_mailing_list_subscribed: false,
    });
    expect(await userInfo(server, one.id)).toEqual(before);
    expect((await authenticate(server, { email: one.email, password: 'EasyOrNot?' })).json.customer_id).toBe(one.id);

    const { history, events, links } = await traces(server.app, one.id);
    expect(history.slice(-2)).toMatchObject([
      { field: 'link.123.spaazaUserId', before: one.userId, after: null, origin: 'spaaza' },
      { field: 'link.123.memberNumber', after: null, origin: 'spaaza' },
    ]);
    expect(events.at(-1)?.event).toMatchObject({ fields: ['link.123.spaazaUserId', 'link.123.memberNumber'] });
    expect(links).toMatchObject([{ spaazaUserId: null, memberNumber: null, lastHash: null }]);
    expect(JSON.stringify(history)).not.toContain('eleted');
  });

  it.each([
    ['obfuscated', { obfuscated: true }],
    ['obfuscated, as text', { obfuscated: 'true' }],
    ['the pseudo e-mail', { username: '5@deleted.spaaza.com' }],
    ['the pseudo e-mail in capitals', { username: ' 5@DELETED.SPAAZA.COM ' }],
    ['both names', { first_name: 'Deleted', last_name: 'Deleted' }],
  ])('is known by any one mark: %s', async (_title, mark) => {
    const one = await member();
    const answer = await update(server, { user_id: one.userId, phone_number: 'none', ...mark });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ email: one.email, firstname: 'Ada', lastname: 'Lovelace' });
    expect(answer.json.extension_attributes?.spaaza_data).not.toHaveProperty('user_id');
    expect(await userInfo(server, one.id)).not.toHaveProperty('phone_number');
  });

  it('is found by member number, e-mail or our id as well', async () => {
    const byNumber = await member();
    const memberNumber = byNumber.created.extension_attributes?.spaaza_data.member_number;
    const byEmail = await member();
    const byId = await member();
    const cases = [
      [byNumber, { member_number: memberNumber }],
      [byEmail, { username: byEmail.email }],
      [byId, { authentication_point_identifier: String(byId.id) }],
    ] as const;
    for (const [one, identifier] of cases) {
      const answer = await update(server, { ...identifier, obfuscated: true });
      expect(answer.json.id).toBe(one.id);
      expect((await update(server, { user_id: one.userId })).status).toBe(404);
    }
  });

  it('is not refused for values that nobody will write', async () => {
    const one = await member();
    const garbage = {
      first_name: '<>',
      birthday: 'never',
      country_code: '??',
      gender: [],
      password: 'x',
      mailing_list_subscribed: 'x',
    };
    expect((await update(server, { ...erased(one), ...garbage })).status).toBe(200);
  });

  it('is not created, and not found a second time', async () => {
    const stranger = { userId: freshUserId() };
    expect((await upsert(server, erased(stranger))).text).toBe('{"message":"Customer not found"}');
    expect((await call(server, 'GET', `/user_info_by_email/${stranger.userId}@deleted.spaaza.com`)).status).toBe(404);
    const one = await member();
    await update(server, erased(one));
    const before = await traces(server.app, one.id);
    expect((await upsert(server, erased(one))).status).toBe(404);
    expect(await traces(server.app, one.id)).toEqual(before);
  });

  it('can be linked again later', async () => {
    const one = await member();
    await update(server, erased(one));
    const userId = freshUserId();
    const answer = await update(server, { user_id: userId, username: one.email });
    expect(answer.json.id).toBe(one.id);
    expect(answer.json.extension_attributes?.spaaza_data).toMatchObject({ user_id: userId });
  });

  it('is not anybody who is called Deleted by one name only', async () => {
    const one = await addMember(server, { first_name: 'Deleted', last_name: 'Visser' });
    expect(one.created).toMatchObject({ firstname: 'Deleted', lastname: 'Visser' });
    const answer = await update(server, {
      user_id: one.userId,
      first_name: 'deleted',
      last_name: 'deleted',
      obfuscated: false,
    });
    expect(answer.json).toMatchObject({ firstname: 'deleted', lastname: 'deleted' });
  });
});
