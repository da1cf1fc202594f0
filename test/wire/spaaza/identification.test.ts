import { expect, it } from 'vitest';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import { addMember, call, freshEmail, freshUserId, traces, update } from './client.ts';
import { separatePools, twoChains } from './topologies.ts';

describeOnServers('a customer is identified', (server) => {
  /** Whom an update finds; undefined for nobody. */
  const found = async (userInfo: Record<string, unknown>): Promise<number | undefined> => {
    const answer = await update(server, userInfo);
    if (answer.text === '{"message":"Customer not found"}') return undefined;
    expect(answer.status).toBe(200);
    return answer.json.id;
  };
  const member = () => addMember(server, { member_number: `M${freshUserId()}` });
  const numberOf = ({ created }: { created: { extension_attributes?: { spaaza_data: Record<string, unknown> } } }) =>
    created.extension_attributes?.spaaza_data.member_number;

  it('by user_id before anything else, as a number or a text', async () => {
    const [a, b, c] = [await member(), await member(), await member()];
    const rest = { authentication_point_identifier: String(c.id) };
    expect(await found({ user_id: a.userId, ...rest })).toBe(a.id);
    expect(await found({ user_id: String(a.userId), ...rest })).toBe(a.id);
    expect(await found({ user_id: a.userId, member_number: `N${freshUserId()}` })).toBe(a.id);
    expect((await traces(server.app, b.id)).links).toMatchObject([{ spaazaUserId: b.userId }]);
  });

  it('never by member_number when there is a user_id, not even an unknown one', async () => {
    const a = await member();
    expect(await found({ user_id: freshUserId(), member_number: numberOf(a) })).toBeUndefined();
    const b = await member();
    const stranger = freshUserId();
    expect(await found({ user_id: stranger, member_number: numberOf(a), username: b.email })).toBe(b.id);
  });

  it.each([[null], [0], ['0'], [''], [false], [[]], [{}], [undefined]])(
    'by member_number when user_id is what PHP calls empty: %j',
    async (user_id) => {
      const a = await member();
      expect(await found({ user_id, member_number: numberOf(a) })).toBe(a.id);
      expect((await traces(server.app, a.id)).links[0]?.spaazaUserId).toBe(a.userId);
    },
  );

  it('by member_number before username', async () => {
    const a = await member();
    const unused = freshEmail();
    expect(await found({ member_number: numberOf(a), username: unused })).toBe(a.id);
    expect(await found({ username: unused })).toBe(a.id);
  });

  it.each([
    ['a text', (text: string) => text],
    ['an object with a code', (text: string) => ({ code: text, type: 'custom' })],
    ['spaced', (text: string) => ` ${text} `],
  ])('by member_number as %s', async (_title, spell) => {
    const a = await member();
    expect(await found({ member_number: spell(String(numberOf(a))) })).toBe(a.id);
  });

  it('by member_number as a number', async () => {
    const number = freshUserId();
    const a = await addMember(server, { member_number: String(number) });
    expect(await found({ member_number: number })).toBe(a.id);
    expect(await found({ member_number: { code: number, type: 'regular' } })).toBe(a.id);
  });

  it.each([' ', '\t', ' \n '])('never by a blank member_number: %j', async (blank) => {
    const [a, b] = [
      await addMember(server, { member_number: blank }),
      await addMember(server, { member_number: blank }),
    ];
    expect(b.id).not.toBe(a.id);
    expect(await found({ member_number: blank })).toBeUndefined();
    expect(await found({ member_number: blank, username: a.email })).toBe(a.id);
    expect(numberOf(a)).toBeUndefined();
  });

  it('by username when the number is unknown, in any case and spacing', async () => {
    const a = await member();
    expect(await found({ member_number: 'unknown', username: ` ${a.email.toUpperCase()} ` })).toBe(a.id);
  });

  it('by username before authentication_point_identifier', async () => {
    const [a, b] = [await member(), await member()];
    const both = { username: a.email, authentication_point_identifier: String(b.id) };
    expect(await found(both)).toBe(a.id);
    expect(await found({ ...both, user_id: freshUserId() })).toBe(a.id);
  });

  it('by authentication_point_identifier last, as a text or a number', async () => {
    const a = await member();
    const unknown = { user_id: freshUserId(), username: freshEmail() };
    expect(await found({ ...unknown, authentication_point_identifier: String(a.id) })).toBe(a.id);
    const b = await member();
    expect(await found({ authentication_point_identifier: b.id })).toBe(b.id);
  });

  it('not by an authentication_point_identifier that is no exact id of ours', async () => {
    const { id } = await member();
    const spellings = [
      `${id}abc`,
      ` ${id}`,
      `${id}.0`,
      `+${id}`,
      `0${id}`,
      `${id}e0`,
      -id,
      id + 0.5,
      [id],
      { id },
      true,
    ];
    for (const authentication_point_identifier of spellings) {
      expect(await found({ authentication_point_identifier })).toBeUndefined();
    }
  });

  it('not by id, entity_code, webshop_customer_id, names or phone', async () => {
    const { id, userId } = await addMember(server, { member_number: 'E1', phone_number: '0851234567' });
    const others = { id: userId, entity_code: { code: 'E1', type: 'custom' }, webshop_customer_id: id };
    const person = { first_name: 'Ada', last_name: 'Lovelace', phone_number: '0851234567' };
    expect(await found({ ...others, ...person })).toBeUndefined();
    expect(await found({})).toBeUndefined();
  });

  it('is tied to user_id and member_number when username or our id found them', async () => {
    const byName = await addMember(server, { user_id: null });
    expect(byName.created.extension_attributes?.spaaza_data).not.toHaveProperty('user_id');
    const [userId, number] = [freshUserId(), `M${freshUserId()}`];
    const answer = await update(server, { username: byName.email, user_id: userId, member_number: number });
    expect(answer.json.extension_attributes?.spaaza_data).toMatchObject({ user_id: userId, member_number: number });
    expect(await found({ user_id: userId })).toBe(byName.id);
    expect(await found({ member_number: number })).toBe(byName.id);

    const byId = await addMember(server, { user_id: null });
    const other = freshUserId();
    await update(server, { authentication_point_identifier: byId.id, user_id: other });
    expect(await found({ user_id: other })).toBe(byId.id);
  });

  it('is tied anew when the platform speaks of another person, which the history keeps', async () => {
    const a = await member();
    const other = freshUserId();
    const answer = await update(server, { username: a.email, user_id: other, member_number: 'new' });
    expect(answer.json.extension_attributes?.spaaza_data).toMatchObject({ user_id: other, member_number: 'new' });
    expect(await found({ user_id: a.userId })).toBeUndefined();
    const { history, events } = await traces(server.app, a.id);
    expect(history.slice(-2)).toMatchObject([
      { field: 'link.123.spaazaUserId', before: a.userId, after: other, origin: 'spaaza' },
      { field: 'link.123.memberNumber', before: numberOf(a), after: 'new', origin: 'spaaza' },
    ]);
    expect(events.at(-1)?.event).toMatchObject({ fields: ['link.123.spaazaUserId', 'link.123.memberNumber'] });
  });

  it('gets a new member number while user_id stays, and keeps it when none is sent', async () => {
    const a = await member();
    for (const fields of [{ member_number: 'second' }, {}, { member_number: null }, { member_number: '' }]) {
      const answer = await update(server, { user_id: a.userId, ...fields });
      expect(answer.json.extension_attributes?.spaaza_data).toMatchObject({
        user_id: a.userId,
        member_number: 'second',
      });
    }
  });

  it.each([1.5, -1, 'abc', '1e3', '12a', true, [5], { id: 5 }, '99999999999999999999'])(
    'by nothing when user_id is no id: %j is refused',
    async (user_id) => {
      const a = await member();
      const answer = await update(server, { user_id, username: a.email });
      expect(answer.status).toBe(400);
      expect(answer.json.parameters).toMatchObject({ fieldName: 'user_id' });
    },
  );

  it('once when two requests tie one platform id to different customers at the same time', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const [a, b] = [await addMember(server, { user_id: null }), await addMember(server, { user_id: null })];
      const user_id = freshUserId();
      const tie = (email: string) => update(server, { username: email, user_id });
      const answers = await Promise.all([tie(a.email), tie(b.email)]);
      // The later one finds the customer of the earlier by user_id, and the other's e-mail is then taken.
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, 400]);
      const links = [...(await traces(server.app, a.id)).links, ...(await traces(server.app, b.id)).links];
      expect(links.filter((link) => link.spaazaUserId === user_id)).toHaveLength(1);
    }
  });
});

describeOnServer(
  'in a house with two chains that share customers',
  (server) => {
    it('one person has a tie per chain, and the answer shows that of the request', async () => {
      const first = { spaaza_chain_id: 123 };
      const second = { spaaza_chain_id: 456 };
      const member = await addMember(server, { member_number: 'A', mailing_list_subscribed: true }, first);
      const other = freshUserId();
      const tied = await update(server, { username: member.email, user_id: other, member_number: 'B' }, second);
      expect(tied.json.id).toBe(member.id);
      expect(tied.json.extension_attributes?.spaaza_data).toMatchObject({
        user_id: other,
        member_number: 'B',
        mailing_list_subscribed: false,
      });
      const again = await update(server, { user_id: member.userId }, first);
      expect(again.json.extension_attributes?.spaaza_data).toMatchObject({
        user_id: member.userId,
        member_number: 'A',
        mailing_list_subscribed: true,
      });
      expect((await update(server, { user_id: member.userId }, second)).status).toBe(404);
      expect((await update(server, { member_number: 'A' }, second)).status).toBe(404);
    });

    it('our id counts within the chain’s own websites only', async () => {
      const { id } = await addMember(server, {}, { spaaza_chain_id: 123 });
      const byId = { authentication_point_identifier: id };
      expect((await update(server, byId, { spaaza_chain_id: 456 })).status).toBe(404);
      expect((await update(server, byId, { spaaza_chain_id: 123 })).json.id).toBe(id);
    });

    it('user_info shows the flags of the chain asked for, by id those of the customer’s own', async () => {
      const { id, email } = await addMember(server, { mailing_list_subscribed: true }, { spaaza_chain_id: 123 });
      await update(server, { username: email, programme_opted_in: true }, { spaaza_chain_id: 456 });
      const flags = async (path: string) => {
        const { json } = await call(server, 'GET', path);
        return [json.mailing_list_subscribed, json.programme_opted_in];
      };
      expect(await flags(`/user_info_by_email/123/${email}`)).toEqual([true, false]);
      expect(await flags(`/user_info_by_email/456/${email}`)).toEqual([false, true]);
      expect(await flags(`/user_info/${id}`)).toEqual([true, false]);
    });
  },
  {},
  { topology: twoChains },
);

describeOnServer(
  'in a house with two chains that keep customers apart',
  (server) => {
    it('nobody is found across the wall', async () => {
      const member = await addMember(server, { member_number: 'W' }, { spaaza_chain_id: 123 });
      for (const identifier of [
        { user_id: member.userId },
        { member_number: 'W' },
        { username: member.email },
        { authentication_point_identifier: member.id },
      ]) {
        expect((await update(server, identifier, { spaaza_chain_id: 456 })).status).toBe(404);
        expect((await update(server, identifier, { spaaza_chain_id: 123 })).json.id).toBe(member.id);
      }
    });
  },
  {},
  { topology: separatePools },
);
