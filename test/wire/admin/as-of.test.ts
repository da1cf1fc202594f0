import { expect, it } from 'vitest';
import { call, signUp } from '../gomus/client.ts';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import { update } from '../spaaza/client.ts';
import { ask, type Json } from './client.ts';

describeOnServers('a customer as of a moment, over the admin API', (server) => {
  const shown = async (id: number) => (await ask(server, `/customers/${id}`)).json;
  const asOf = (id: number, time: string) => ask(server, `/customers/${id}/as-of?time=${encodeURIComponent(time)}`);

  it('is the customer resource as it was then, after each of several changes over both wires', async () => {
    const { id, email, tokens } = await signUp(server, { newsletter_groups: '1' });
    const states: [string, Json][] = [];
    const remember = async () => {
      states.push([new Date().toISOString(), await shown(id)]);
      // The next change is dated later.
      await new Promise((done) => setTimeout(done, 3));
    };
    await remember();
    await call(server, 'PUT', '/auth', { headers: tokens, json: { newsletter_groups: '8,2', tel: '040 1' } });
    await remember();
    const user_id = 7_000_000_000 + id;
    await update(server, {
      username: email,
      user_id,
      address_streetname: 'Kade',
      address_towncity: 'Kiel',
      gender: 'F',
    });
    await remember();
    await update(server, { user_id, address_towncity: 'Lübeck', mailing_list_subscribed: true, first_name: 'Cat' });
    await remember();
    for (const [time, customer] of states) {
      const { status, json } = await asOf(id, time);
      expect([status, json]).toEqual([
        200,
        { as_of: time, customer, uncertain_fields: [], recorded_since: null, changes_since: expect.any(Number) },
      ]);
    }
    expect((await asOf(id, states[0]![0])).json.changes_since).toBeGreaterThan(6);
    expect((await asOf(id, states.at(-1)![0])).json.changes_since).toBe(0);
  });

  it('is not there before it was created', async () => {
    const { status, json } = await asOf(402, '2020-05-12T09:51:25.999Z');
    expect([status, json.code, json.created_at]).toEqual([404, 'not_created_yet', '2020-05-12T09:51:26.000Z']);
    expect(json.detail).toBe('There was no such customer then: it was created at 2020-05-12T09:51:26.000Z.');
  });

  it('says since when it is recorded', async () => {
    const { json } = await asOf(1, '2018-10-19');
    expect(json).toMatchObject({ recorded_since: null, changes_since: 0 });
    expect((await asOf(402, '2021-01-01')).json).toMatchObject({ recorded_since: '2021-06-07T11:13:54.000Z' });
  });

  it.each([
    ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01', '2025-12-31T23:00:00.000Z'],
    ['2026-06-01 12:00', '2026-06-01T10:00:00.000Z'],
    ['2026-01-01T02:00:00+02:00', '2026-01-01T00:00:00.000Z'],
  ])('takes %j for the moment %s', async (time, moment) => {
    expect((await asOf(39, time)).json.as_of).toBe(moment);
  });

  it('takes the plus of an offset though a query reads it as a space', async () => {
    const { json } = await ask(server, '/customers/39/as-of?time=2026-01-01T02:00:00+02:00');
    expect(json.as_of).toBe('2026-01-01T00:00:00.000Z');
  });

  it.each([
    ['', 'invalid'],
    ['?time=', 'invalid'],
    ['?time=yesterday', 'invalid'],
    ['?time=2024-02-30', 'invalid'],
    ['?time=2024-01-01&time=2024-01-02', 'invalid'],
    ['?time=9999-01-01', 'in_future'],
  ])('is refused for %j', async (query, code) => {
    const { status, json } = await ask(server, `/customers/39/as-of${query}`);
    expect([status, json.code, json.errors]).toEqual([
      400,
      'validation_failed',
      [{ field: 'time', code, detail: expect.any(String) }],
    ]);
  });
});

describeOnServer(
  'a server in another zone',
  (server) => {
    it('takes a time without an offset for one of that zone', async () => {
      const { json } = await ask(server, '/customers/39/as-of?time=2026-01-01T06:00');
      expect(json.as_of).toBe('2026-01-01T00:15:00.000Z');
    });
  },
  { FOYER_TIMEZONE: 'Asia/Kathmandu' },
);
