import { expect, it } from 'vitest';
import { call, signIn, signUp } from '../gomus/client.ts';
import { describeOnServers } from '../server-under-test.ts';
import { addMember, update } from '../spaaza/client.ts';
import { ask, type Json } from './client.ts';

interface Entry extends Json {
  id: number;
  field: string;
  before: unknown;
  after: unknown;
  changed_at: string;
}

describeOnServers('the history over the admin API', (server) => {
  const historyOf = async (id: number, query = '') => {
    const { status, json, text } = await ask(server, `/customers/${id}/history${query}`);
    if (status !== 200) throw new Error(`No history: ${status} ${text}`);
    return json as { entries: Entry[]; last_writes: Entry[]; next_cursor: string | null; erasure: Entry | null };
  };

  it('says of each change who made it, when, from where and what it was before, across both wires', async () => {
    const { id, email, tokens } = await signUp(server, { tel: '1' });
    const headers = { ...tokens, 'x-request-id': 'from-the-shop' };
    await call(server, 'PUT', '/auth', { headers, json: { tel: '2', newsletter_groups: '8,1' } });
    await update(server, { username: email, user_id: 6_000_000_000 + id, phone_number: '3', address_towncity: 'Kiel' });
    const { entries, last_writes, next_cursor, erasure } = await historyOf(id);
    expect([next_cursor, erasure]).toEqual([null, null]);
    const phones = entries.filter(({ field }) => field === 'phone');
    expect(phones).toEqual([
      {
        id: expect.any(Number),
        field: 'phone',
        before: '2',
        after: '3',
        origin: 'spaaza',
        actor: 'key 0 (demo)',
        request_id: expect.stringMatching(/^[0-9a-f]{16}$/),
        changed_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      },
      expect.objectContaining({
        before: '1',
        after: '2',
        origin: 'gomus',
        actor: `customer ${id}`,
        request_id: 'from-the-shop',
      }),
      expect.objectContaining({ before: null, after: '1', origin: 'gomus', actor: 'anonymous' }),
    ]);
    expect(entries.map((entry) => entry.id)).toEqual(entries.map((entry) => entry.id).toSorted((a, b) => b - a));
    expect(last_writes.find(({ field }) => field === 'phone')).toEqual(phones[0]);
    expect(last_writes.map(({ field }) => field)).toEqual([
      'address.city',
      'address.id',
      'email',
      'family_name',
      'given_name',
      'link.123.spaaza_user_id',
      'newsletter_groups',
      'password',
      'phone',
    ]);
    expect(last_writes.find(({ field }) => field === 'newsletter_groups')).toMatchObject({ before: '', after: '8,1' });
  });

  it('tells of a password that it was set, and nothing else', async () => {
    const { id, tokens, password } = await signUp(server);
    const json = { password: 'ten lives', password_confirmation: 'ten lives', current_password: password };
    await call(server, 'PUT', '/auth/password', { headers: tokens, json });
    const { entries } = await historyOf(id, '?field=password');
    expect(entries.map(({ before, after }) => [before, after])).toEqual([
      ['set', 'set'],
      [null, 'set'],
    ]);
    expect((await ask(server, `/customers/${id}/history`)).text).not.toMatch(/lives|argon2/);
  });

  it('comes in pages by cursor, for all fields or for one', async () => {
    const { id, userId } = await addMember(server);
    for (const phone_number of ['1', '2', '3', '4', '5']) await update(server, { user_id: userId, phone_number });
    for (const query of ['?', '?field=phone&']) {
      const all = (await historyOf(id, query)).entries;
      const paged: Entry[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page = await historyOf(id, `${query}limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
        expect(page.entries.length).toBeLessThanOrEqual(2);
        paged.push(...page.entries);
        cursor = page.next_cursor;
      }
      expect(paged).toEqual(all);
    }
  });

  it('keeps sign-ins apart', async () => {
    const { id, email, password } = await signUp(server);
    for (const _ of ['once', 'twice']) await signIn(server, email, password);
    const { entries, last_writes } = await historyOf(id);
    expect([...entries, ...last_writes].filter(({ field }) => field === 'signed_in')).toEqual([]);
    const signIns = await historyOf(id, '?field=signed_in');
    expect(signIns.entries.map(({ field }) => field)).toEqual(['signed_in', 'signed_in']);
    expect(signIns.last_writes).toEqual([signIns.entries[0]]);
  });

  it('of an erased account is when, by whom and from where', async () => {
    const { id, tokens } = await signUp(server);
    await call(server, 'DELETE', '/auth', { headers: { ...tokens, 'x-request-id': 'goodbye-all' } });
    const { entries, erasure, last_writes } = await historyOf(id);
    expect(erasure).toMatchObject({
      field: 'account',
      after: 'erased',
      actor: `customer ${id}`,
      origin: 'gomus',
      request_id: 'goodbye-all',
    });
    expect([entries, last_writes]).toEqual([[erasure], [erasure]]);
    const details = {
      customer_id: id,
      erased_at: erasure?.changed_at,
      actor: `customer ${id}`,
      origin: 'gomus',
      request_id: 'goodbye-all',
    };
    for (const path of ['', '/as-of?time=2026-01-01']) {
      const { status, json } = await ask(server, `/customers/${id}${path}`);
      expect([status, json]).toMatchObject([410, { title: 'Gone', code: 'customer_erased', erasure: details }]);
    }
  });

  it.each([
    ['field=fone', 'field', 'unknown'],
    ['field=', 'field', 'unknown'],
    ['field=phone&field=fax', 'field', 'invalid'],
    ['limit=0', 'limit', 'invalid'],
    ['limit=251', 'limit', 'invalid'],
    ['limit=ten', 'limit', 'invalid'],
    ['limit=1.5', 'limit', 'invalid'],
    ['cursor=0', 'cursor', 'invalid'],
    ['cursor=abc', 'cursor', 'invalid'],
    ['cursor=12345678901234567890', 'cursor', 'invalid'],
  ])('is refused for %s, and says which parameter is at fault', async (query, field, code) => {
    const { status, headers, json } = await ask(server, `/customers/402/history?${query}`);
    expect([status, headers['content-type']]).toEqual([400, 'application/problem+json; charset=utf-8']);
    expect(json).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400, code: 'validation_failed' });
    expect(json.request_id).toBe(headers['x-request-id']);
    expect(json.errors).toEqual([{ field, code, detail: expect.any(String) }]);
    expect(json.detail).toContain(`${field}: `);
  });

  it('lists the fields there are when it is asked for one there is not', async () => {
    const { json } = await ask(server, '/customers/402/history?field=fone');
    expect(json.known_fields).toEqual(expect.arrayContaining(['phone', 'given_name', 'link.CHAIN.member_number']));
    expect(json.detail).toBe('field: "fone" is not known.');
  });

  it('may be asked for a field in the spelling of the history too', async () => {
    const { id } = await signUp(server);
    expect((await historyOf(id, '?field=givenName')).entries).toEqual(
      (await historyOf(id, '?field=given_name')).entries,
    );
  });
});
