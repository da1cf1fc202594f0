import { expect, it } from 'vitest';
import { at } from '../../fixtures.ts';
import { call as callGomus, signUp } from '../gomus/client.ts';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import { addMember, type Json, traces, update } from './client.ts';
import { coupled, coupledOnFirstOfTwoChains } from './topologies.ts';

describeOnServers('consent in an update', (server) => {
  const data = (json: Json) => json.extension_attributes?.spaaza_data;

  it('never takes consent from null', async () => {
    const flags = { mailing_list_subscribed: true, printed_mailing_list_subscribed: true, programme_opted_in: true };
    const { userId } = await addMember(server, flags);
    const nulls = Object.fromEntries(Object.keys(flags).map((name) => [name, null]));
    for (const said of [nulls, { mailing_list: null, opt_in_programme: null }, { mailing_list: nulls }]) {
      expect(data((await update(server, { user_id: userId, ...said })).json)).toMatchObject(flags);
    }
  });

  it.each([
    [
      'nested',
      {
        mailing_list: { mailing_list_subscribed: true, printed_mailing_list_subscribed: true },
        opt_in_programme: { programme_opted_in: true, join_date: 'x' },
      },
    ],
    ['flat', { mailing_list_subscribed: true, printed_mailing_list_subscribed: true, programme_opted_in: true }],
    ['as texts', { mailing_list_subscribed: 'true', printed_mailing_list_subscribed: '1', programme_opted_in: 'true' }],
    ['as numbers', { mailing_list_subscribed: 1, printed_mailing_list_subscribed: 1, programme_opted_in: 1 }],
  ])('takes the three consents, each its own, %s, and writes them down', async (_title, said) => {
    const { id, userId } = await addMember(server);
    const on = { programme_opted_in: true, mailing_list_subscribed: true, printed_mailing_list_subscribed: true };
    expect(data((await update(server, { user_id: userId, ...said })).json)).toMatchObject(on);
    const answer = await update(server, { user_id: userId, mailing_list: { mailing_list_subscribed: false } });
    expect(data(answer.json)).toMatchObject({ ...on, mailing_list_subscribed: false });
    // The newsletter of the shop is another matter (decisions, Spaaza 10).
    expect(answer.json.extension_attributes?.is_subscribed).toBe(false);
    const { consents } = await traces(server.app, id);
    expect(consents.map(({ subject, isGiven }) => `${subject} ${isGiven}`).sort()).toEqual([
      'mailing:123 false',
      'mailing:123 true',
      'printed_mailing:123 true',
      'programme:123 true',
    ]);
    expect(new Set(consents.map(({ origin, actor }) => `${origin} ${actor}`))).toEqual(
      new Set(['spaaza key 0 (demo)']),
    );
  });

  it.each(['yes', 2, '', [], {}, [true]])('refuses a consent that is neither yes nor no: %j', async (value) => {
    const { userId } = await addMember(server);
    const answer = await update(server, { user_id: userId, mailing_list: { mailing_list_subscribed: value } });
    expect(answer.status).toBe(400);
    expect(answer.json.parameters).toMatchObject({ fieldName: 'mailing_list_subscribed' });
  });
});

describeOnServer(
  'on a website that couples them',
  (server) => {
    it('the mailing flag takes the general newsletter along, both ways, said once', async () => {
      const { id, userId } = await addMember(server);
      const said = async (mailing_list_subscribed: boolean) =>
        (await update(server, { user_id: userId, mailing_list_subscribed })).json.extension_attributes;
      expect(await said(true)).toMatchObject({ is_subscribed: true, spaaza_data: { mailing_list_subscribed: true } });
      expect(await said(false)).toMatchObject({
        is_subscribed: false,
        spaaza_data: { mailing_list_subscribed: false },
      });
      const { consents, customer } = await traces(server.app, id);
      expect(customer?.groupIds).toEqual([]);
      expect(consents.map(({ subject, isGiven }) => `${subject} ${isGiven}`)).toEqual([
        'newsletter:1 true',
        'mailing:123 true',
        'newsletter:1 false',
        'mailing:123 false',
      ]);
    });

    it('the general newsletter takes the mailing flag along, and the history says so, from sign-up on', async () => {
      const { id, tokens } = await signUp(server, { newsletter_groups: '1,2' });
      await callGomus(server, 'PUT', '/auth', { headers: tokens, json: { newsletter_groups: '2' } });
      await callGomus(server, 'PUT', '/auth', { headers: tokens, json: { newsletter_groups: '' } });
      const { history } = await traces(server.app, id);
      const flags = history.filter(({ field }) => field === 'link.123.isMailingSubscribed');
      expect(flags.map(({ before, after }) => [before, after])).toEqual([
        [false, true],
        [true, false],
      ]);
    });

    it('a mailing flag that only catches up with the newsletter is written down all the same', async () => {
      const { id, userId } = await addMember(server);
      await server.app.store.transaction(({ memberships }) => memberships.add(id, 1, at(0)));
      await update(server, { user_id: userId, mailing_list_subscribed: true });
      const { consents } = await traces(server.app, id);
      expect(consents.map(({ subject, isGiven }) => `${subject} ${isGiven}`)).toEqual(['mailing:123 true']);
    });
  },
  {},
  { topology: coupled },
);

describeOnServer(
  'on a website that couples them, beside another chain,',
  (server) => {
    const flagsOf = async (id: number) =>
      (await traces(server.app, id)).links.map((link) => [link.chainId, link.isMailingSubscribed]);

    it('the newsletter follows the flag of its own chain only', async () => {
      const { id, email } = await addMember(server, {}, { spaaza_chain_id: 123 });
      const flag = { username: email, mailing_list_subscribed: true };
      expect((await update(server, flag, { spaaza_chain_id: 456 })).status).toBe(200);
      expect((await traces(server.app, id)).customer?.groupIds).toEqual([]);
      expect(await flagsOf(id)).toEqual([
        [123, false],
        [456, true],
      ]);
    });

    it('the flag of its own chain only follows the newsletter', async () => {
      const { id, tokens } = await signUp(server);
      await server.app.store.transaction(({ links }) => links.touch(id, 77, null));
      await callGomus(server, 'PUT', '/auth', { headers: tokens, json: { newsletter_groups: '1' } });
      expect(await flagsOf(id)).toEqual([
        [77, false],
        [123, true],
      ]);
    });
  },
  {},
  { topology: coupledOnFirstOfTwoChains },
);
