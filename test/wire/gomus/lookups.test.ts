import { expect, it } from 'vitest';
import { describeOnServer } from '../server-under-test.ts';
import { call, signUp, tokenHeaderNames, tokenHeadersOn } from './client.ts';

describeOnServer('whoami', (server) => {
  it('is public without credentials', async () => {
    const answer = await call(server, 'GET', '/whoami');
    expect([answer.status, answer.text]).toEqual([200, '{"access":"public"}']);
    expect(tokenHeadersOn(answer)).toEqual([]);
  });

  it('is a customer with a token, and the token headers come with it', async () => {
    const { tokens } = await signUp(server);
    const answer = await call(server, 'GET', '/whoami', { headers: tokens });
    expect([answer.status, answer.text]).toEqual([200, '{"access":"customer"}']);
    expect(tokenHeadersOn(answer)).toEqual([...tokenHeaderNames, 'authorization']);
  });

  it('is a user of all museums with an API key', async () => {
    const answer = await call(server, 'GET', '/whoami', { headers: { authorization: 'Bearer foyer-demo-key' } });
    expect([answer.status, answer.text]).toEqual([200, '{"access":"user","museums":[]}']);
  });

  it('answers 401 to a wrong key and to a stale token', async () => {
    const { tokens } = await signUp(server);
    const key = await call(server, 'GET', '/whoami?locale=en', { headers: { authorization: 'Bearer wrong' } });
    expect([key.status, key.json.error]).toEqual([401, 'Your API key is wrong.']);
    const headers = { ...tokens, 'access-token': 'stale' };
    const token = await call(server, 'GET', '/whoami?locale=en', { headers });
    const sentence = 'You need to sign in or sign up before continuing.';
    expect(token.status).toBe(401);
    expect(token.json).toEqual({ errors: [sentence], error: sentence });
    const german = await call(server, 'GET', '/whoami?locale=de', { headers });
    expect(german.json.error).toBe('Sie müssen sich anmelden oder registrieren, um fortzufahren.');
    expect(tokenHeadersOn(token)).toEqual([]);
  });
});

describeOnServer('what anyone may look up', (server) => {
  it('is the version, with the time of the instance’s zone', async () => {
    const answer = await call(server, 'GET', '/version');
    const version = answer.json.version as Record<string, unknown>;
    expect(Object.keys(version)).toEqual(['system', 'api', 'release', 'time', 'zone', 'currency', 'per_page']);
    expect(version).toMatchObject({ api: '4.4', zone: 'Europe/Berlin', currency: 'EUR', per_page: 25 });
    expect(version.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00$/);
    expect(Math.abs(Date.parse(String(version.time)) - Date.now())).toBeLessThan(10_000);
  });

  it('is the languages, the default first', async () => {
    expect((await call(server, 'GET', '/locales')).text).toBe('{"locales":["de","en","nl"]}');
  });

  it('is the salutations in the language asked for', async () => {
    const german = await call(server, 'GET', '/customers/salutations');
    expect(german.json).toEqual({
      salutations: [
        { id: 1, name: 'Herr', salutation: 'Herr' },
        { id: 2, name: 'Frau', salutation: 'Frau' },
        { id: 3, name: 'Divers', salutation: 'Divers' },
      ],
      meta: { total_count: 3, page: 1, per_page: 25 },
    });
    const english = await call(server, 'GET', '/customers/salutations?locale=en');
    expect((english.json.salutations as { name: string }[]).map(({ name }) => name)).toEqual(['Mr', 'Ms', 'Mx']);
  });

  it('is the titles, in pages', async () => {
    const first = await call(server, 'GET', '/customers/titles?per_page=2');
    expect(first.json).toEqual({
      titles: [
        { id: 1, name: 'Dr.', title: 'Dr.' },
        { id: 2, name: 'Prof.', title: 'Prof.' },
      ],
      meta: { total_count: 3, page: 1, per_page: 2 },
    });
    const second = await call(server, 'GET', '/customers/titles?per_page=2&page=2');
    expect((second.json.titles as unknown[]).length).toBe(1);
  });

  it('is shown in pages of 25 at most', async () => {
    for (const [query, perPage, page] of [
      ['per_page=100', 25, 1],
      ['per_page=0', 25, 1],
      ['per_page=-1&page=-1', 25, 1],
      ['per_page=2.5&page=x', 25, 1],
      ['per_page=&page=', 25, 1],
      ['per_page=10&page=9', 10, 9],
      ['per_page[]=10&page=1e3', 25, 1],
      ['per_page=99999999999999999999', 25, 1],
    ] as const) {
      const answer = await call(server, 'GET', `/customers/titles?${query}`);
      expect([query, answer.json.meta]).toEqual([query, { total_count: 3, page, per_page: perPage }]);
    }
  });

  it('is open to a customer and to any key', async () => {
    const { tokens } = await signUp(server);
    for (const headers of [tokens, { authorization: 'Bearer foyer-demo-key' }]) {
      expect((await call(server, 'GET', '/customers/salutations', { headers })).status).toBe(200);
    }
  });
});

describeOnServer(
  'times in another zone',
  (server) => {
    it('carry the offset of that zone', async () => {
      const headers = { authorization: 'Bearer foyer-demo-key' };
      const { customer } = (await call(server, 'GET', '/customers/402', { headers })).json;
      expect(customer?.created_at).toBe('2020-05-12T05:51:26-04:00');
      expect((await call(server, 'GET', '/version')).json.version).toMatchObject({ zone: 'America/New_York' });
    });
  },
  { FOYER_TIMEZONE: 'America/New_York' },
);
