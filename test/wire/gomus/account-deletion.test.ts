import { expect, it } from 'vitest';
import { statementsOf } from '../../fixtures.ts';
import { describeOnServers } from '../server-under-test.ts';
import { call, isSignedIn, signIn, signUp, tokenHeadersOn, tokensOf } from './client.ts';

describeOnServers('deleting the account', (server) => {
  it('answers 200 with the uid in the sentence, in both languages, and no token headers', async () => {
    for (const [locale, begin, end] of [
      ['en', "Account with UID '", "' has been destroyed."],
      ['de', "Account mit der uid '", "' wurde gelöscht."],
    ]) {
      const { tokens, email } = await signUp(server);
      const answer = await call(server, 'DELETE', `/auth?locale=${locale}`, { headers: tokens });
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({ status: 'success', message: `${begin}${email}${end}` });
      expect(tokenHeadersOn(answer)).toEqual([]);
    }
  });

  it('ends every device, and the e-mail is free again', async () => {
    const { tokens, email, password, id } = await signUp(server);
    const other = await signIn(server, email, password);
    await call(server, 'DELETE', '/auth', { headers: tokens });
    expect([await isSignedIn(server, tokens), await isSignedIn(server, other)]).toEqual([false, false]);
    await expect(signIn(server, email, password)).rejects.toThrow('401');
    expect((await call(server, 'PUT', '/auth', { headers: other, json: { name: 'Cat' } })).status).toBe(404);
    const headers = { authorization: 'Bearer foyer-demo-key' };
    expect((await call(server, 'GET', `/customers/${id}`, { headers })).status).toBe(404);
    const again = await signUp(server, { email });
    expect(again.id).not.toBe(id);
  });

  it('leaves one history row, no consent, and one event that names no data', async () => {
    const { tokens, email, id } = await signUp(server, { newsletter_groups: '1,2' });
    await call(server, 'PUT', '/auth', { headers: tokens, json: { name: 'Catherine' } });
    await call(server, 'DELETE', '/auth', { headers: tokens });
    const { store } = server.app;
    expect(await store.customers.findById(id)).toBeUndefined();
    expect(await store.history.listByCustomer(id)).toMatchObject([
      { field: 'account', before: 'active', after: 'erased', origin: 'gomus', actor: `customer ${id}` },
    ]);
    expect(await statementsOf(store, id)).toEqual([]);
    const events = (await store.outbox.list(1000)).filter(({ event }) => event.customerId === id);
    expect(events.at(-1)?.event).toEqual({ type: 'customer.deleted', customerId: id, links: [] });
    expect(JSON.stringify(events)).not.toMatch(new RegExp(`${email}|Catherine|Kyle`));
  });

  it('answers 404 to nobody and to a second try', async () => {
    const { tokens } = await signUp(server);
    await call(server, 'DELETE', '/auth', { headers: tokens });
    for (const [locale, sentence] of [
      ['en', 'Unable to locate account for destruction.'],
      ['de', 'Der zu löschende Account kann nicht gefunden werden.'],
    ]) {
      for (const headers of [tokens, {}]) {
        const answer = await call(server, 'DELETE', `/auth?locale=${locale}`, { headers });
        expect(answer.status).toBe(404);
        expect(answer.json).toEqual({ status: 'error', success: false, errors: [sentence], error: sentence });
        expect(tokenHeadersOn(answer)).toEqual([]);
      }
    }
  });

  it('succeeds once when asked five times at once, and an update beside it is never half done', async () => {
    const { tokens, id } = await signUp(server);
    const [updated, ...answers] = await Promise.all([
      call(server, 'PUT', '/auth', { headers: tokens, json: { newsletter_groups: '1,2,3', name: 'Cat' } }),
      ...Array.from({ length: 5 }, () => call(server, 'DELETE', '/auth', { headers: tokens })),
    ]);
    expect([200, 404]).toContain(updated?.status);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404]);
    expect(await server.app.store.customers.findById(id)).toBeUndefined();
    expect(await server.app.store.history.listByCustomer(id)).toHaveLength(1);
    expect(await statementsOf(server.app.store, id)).toEqual([]);
  });

  it('beside sign-ins at once leaves them signed in or refused, and nobody is signed in afterwards', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const { tokens, email, password, id } = await signUp(server);
      const signIns = Array.from({ length: 4 }, () =>
        call(server, 'POST', '/auth/sign_in', { json: { email, password } }),
      );
      const [first] = await Promise.all([signIns[0]]);
      expect(first?.status).toBe(200);
      const deleted = await call(server, 'DELETE', '/auth', { headers: tokens });
      expect(deleted.status).toBe(200);
      for (const answer of await Promise.all(signIns)) {
        expect([200, 401]).toContain(answer.status);
        if (answer.status === 200) expect(await isSignedIn(server, tokensOf(answer))).toBe(false);
      }
      expect(await server.app.store.history.listByCustomer(id)).toHaveLength(1);
    }
  });
});
