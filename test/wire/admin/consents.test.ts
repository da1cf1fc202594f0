import { expect, it } from 'vitest';
import { call, signUp } from '../gomus/client.ts';
import { describeOnServers } from '../server-under-test.ts';
import { addMember, update } from '../spaaza/client.ts';
import { ask, type Json } from './client.ts';

interface Consents {
  customer_id: number;
  standing: Json[];
  statements: (Json & { id: number })[];
  next_cursor: string | null;
}

describeOnServers('the consents over the admin API', (server) => {
  const consentsOf = async (reference: number | string, query = '') => {
    const { status, json, text } = await ask(server, `/customers/${reference}/consents${query}`);
    if (status !== 200) throw new Error(`No consents: ${status} ${text}`);
    return json as unknown as Consents;
  };
  const said = ({ consent, group, chain, is_given }: Json) => [consent, group ?? chain, is_given];

  it('say what was agreed to and taken back, when, by whom and from where', async () => {
    const { id, email, tokens } = await signUp(server, { newsletter_groups: '8' });
    const headers = { ...tokens, 'x-request-id': 'changed-my-mind' };
    await call(server, 'PUT', '/auth', { headers, json: { newsletter_groups: '' } });
    await update(server, { username: email, user_id: 6_000_000_000 + id, printed_mailing_list_subscribed: true });
    const { customer_id, standing, statements, next_cursor } = await consentsOf(id);
    expect([customer_id, next_cursor]).toEqual([id, null]);
    expect(standing.map(said)).toEqual([
      ['newsletter', 8, false],
      ['printed_mailing', 123, true],
    ]);
    expect(standing[0]).toEqual({
      id: expect.any(Number),
      consent: 'newsletter',
      group: 8,
      group_name: 'Night at the museum',
      chain: null,
      is_given: false,
      origin: 'gomus',
      actor: `customer ${id}`,
      request_id: 'changed-my-mind',
      stated_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    });
    expect(standing[1]).toMatchObject({ group: null, group_name: null, chain: 123, origin: 'spaaza' });
    expect(statements.map(said)).toEqual([
      ['printed_mailing', 123, true],
      ['newsletter', 8, false],
      ['newsletter', 8, true],
    ]);
    expect(statements[2]).toMatchObject({ actor: 'anonymous', origin: 'gomus' });
    expect(await consentsOf(encodeURIComponent(email.toUpperCase()))).toMatchObject({ customer_id: id, standing });
  });

  it('come in pages by cursor', async () => {
    const { id, userId } = await addMember(server);
    const before = (await consentsOf(id)).statements.length;
    for (const mailing_list_subscribed of [true, false, true, false]) {
      await update(server, { user_id: userId, mailing_list_subscribed });
    }
    const { statements: all } = await consentsOf(id);
    expect(all.length).toBe(before + 4);
    const ids: number[] = [];
    for (let query = '?limit=3'; query !== ''; ) {
      const { statements, next_cursor } = await consentsOf(id, query);
      ids.push(...statements.map((statement) => statement.id));
      query = next_cursor === null ? '' : `?limit=3&cursor=${next_cursor}`;
    }
    expect(ids).toEqual(all.map((statement) => statement.id));
  });

  it('are gone with the account, and nobody’s for a stranger', async () => {
    const { id, tokens } = await signUp(server, { newsletter_groups: '8' });
    await call(server, 'DELETE', '/auth', { headers: tokens });
    expect((await ask(server, `/customers/${id}/consents`)).status).toBe(410);
    expect((await ask(server, '/customers/900000000/consents')).status).toBe(404);
    expect((await ask(server, `/customers/${id}/consents?limit=0`)).status).toBe(400);
  });
});
