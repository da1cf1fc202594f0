import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabaseUrl, runStatement } from '../../dialects.ts';
import { type RunningApp, serveDatabase } from '../../start-app.ts';
import { describeOnServer } from '../server-under-test.ts';
import { bruce, call, signIn, tokenHeadersOn } from './client.ts';

// The eight codes of the vendor's table, each reached by a request and read in two languages.

describeOnServer('refused requests', (server) => {
  it.each([
    ['de', 'Ihr API-Schlüssel ist falsch.'],
    ['en', 'Your API key is wrong.'],
  ])('answer 401 to a wrong API key (%s)', async (locale, sentence) => {
    const headers = { authorization: 'Bearer foyer_no_such_key' };
    const answer = await call(server, 'GET', `/customers?locale=${locale}`, { headers });
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({ error: sentence, errors: [sentence] });
  });

  it.each([
    ['de', 'Dieser API-Endpunkt ist nur für Administratoren.'],
    ['en', 'The API endpoint requested is for administrators only.'],
  ])("answer 403 to a customer's token where administrators work (%s)", async (locale, sentence) => {
    const headers = await signIn(server, bruce.email, bruce.password);
    const answer = await call(server, 'GET', `/customers/402?locale=${locale}`, { headers });
    expect(answer.status).toBe(403);
    expect(answer.json).toEqual({ error: sentence, errors: [sentence] });
    expect(tokenHeadersOn(answer)).toEqual([]);
  });

  it('answer 403 to nobody at all where administrators work, reading and writing', async () => {
    for (const [method, path] of [
      ['GET', '/customers'],
      ['GET', '/customers/402'],
      ['POST', '/customers'],
      ['PUT', '/customers/402'],
      ['PATCH', '/customers/402'],
    ] as const) {
      const answer = await call(server, method, path);
      expect([method, path, answer.status]).toEqual([method, path, 403]);
    }
  });

  it.each([
    ['de', 'Der angegebene Datensatz wurde nicht gefunden.'],
    ['en', 'The specified record could not be found.'],
  ])('answer 404 to a record that does not exist (%s)', async (locale, sentence) => {
    const headers = { authorization: 'Bearer foyer-demo-key' };
    const answer = await call(server, 'GET', `/customers/999999?locale=${locale}`, { headers });
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({ error: sentence, errors: [sentence] });
  });

  it.each([
    ['de', 'Dieser API-Endpunkt unterstützt die Methode DELETE nicht.'],
    ['en', 'This API endpoint does not support the method DELETE.'],
  ])('answer 405 with the methods that are allowed (%s)', async (locale, sentence) => {
    const answer = await call(server, 'DELETE', `/customers/402?locale=${locale}`);
    expect(answer.status).toBe(405);
    expect(answer.json).toEqual({ error: sentence, errors: [sentence] });
    expect(answer.headers.allow?.split(', ').sort()).toEqual(['GET', 'HEAD', 'PATCH', 'PUT']);
  });

  it.each([
    ['de', 'Bitte übermitteln sie vollständige Informationen zur Aktualisierung im Body des Requests.'],
    ['en', 'Please submit proper account update data in request body.'],
  ])('answer 422 to data that cannot be processed (%s)', async (locale, sentence) => {
    const headers = await signIn(server, bruce.email, bruce.password);
    const answer = await call(server, 'PUT', `/auth?locale=${locale}`, { headers, json: { shoe_size: 46 } });
    expect(answer.status).toBe(422);
    expect(answer.json).toEqual({ status: 'error', success: false, errors: [sentence], error: sentence });
  });

  it.each([
    ['de', 'Wegen Wartungsarbeiten sind wir vorübergehend nicht erreichbar. Bitte versuchen Sie es später erneut.'],
    ['en', "We're temporarily offline for maintenance. Please try again later."],
  ])('answer 503 with a time to come back during maintenance (%s)', async (locale, sentence) => {
    await server.app.accounts.setMaintenance({ isOn: true });
    try {
      const answer = await call(server, 'POST', `/auth/sign_in?locale=${locale}`, { json: bruce });
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      expect(answer.json).toEqual({ error: sentence, errors: [sentence] });
      expect((await call(server, 'GET', '/nowhere')).status).toBe(503);
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    } finally {
      await server.app.accounts.setMaintenance({ isOn: false });
    }
    expect((await call(server, 'POST', '/auth/sign_in', { json: bruce })).status).toBe(200);
  });
});

describeOnServer(
  'too many failed sign-ins from one address',
  (server) => {
    it('answer 429 with a time to come back, in German and English, also to the right password', async () => {
      for (const email of ['nobody@example.org', 'no-one@example.org']) {
        const failed = await call(server, 'POST', '/auth/sign_in', { json: { email, password: 'a guess' } });
        expect(failed.status).toBe(401);
      }
      for (const [locale, sentence] of [
        ['de', 'Sie stellen zu viele Anfragen. Bitte warten Sie einen Moment.'],
        ['en', "You're requesting too much. Please slow down."],
      ]) {
        const answer = await call(server, 'POST', `/auth/sign_in?locale=${locale}`, { json: bruce });
        expect(answer.status).toBe(429);
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(300);
        expect(answer.json).toEqual({ error: sentence, errors: [sentence] });
        expect(tokenHeadersOn(answer)).toEqual([]);
      }
      // Only signing in is limited.
      expect((await call(server, 'GET', '/version')).status).toBe(200);
    });
  },
  { FOYER_RATE_LIMIT: 'on', FOYER_IP_FAILURES: '2' },
);

describe.each(['sqlite', 'postgres'] as const)('a broken database (%s)', (kind) => {
  let database: FreshDatabase;
  let server: RunningApp;
  beforeAll(async () => {
    database = await freshDatabaseUrl(kind);
    server = await serveDatabase(database.url, { FOYER_RATE_LIMIT: 'off' });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  it('answers 500 with nothing but the number of the request, whose whole story is in the log', async () => {
    await runStatement(database.url, 'alter table memberships rename to lost_memberships');
    for (const locale of ['de', 'en']) {
      const headers = { 'x-request-id': `broken-table-${locale}` };
      const answer = await call(server, 'POST', `/auth/sign_in?locale=${locale}`, { headers, json: bruce });
      expect(answer.status).toBe(500);
      expect(answer.headers['x-request-id']).toBe(`broken-table-${locale}`);
      const sentence =
        locale === 'de'
          ? `Auf unserem Server ist ein Fehler aufgetreten. Bitte versuchen Sie es später erneut und nennen Sie uns bei Rückfragen die Nummer broken-table-${locale}.`
          : `We had a problem with our server. Please try again later and mention broken-table-${locale} if you contact us.`;
      expect(answer.json).toEqual({ error: sentence, errors: [sentence] });
      expect(answer.text).not.toMatch(/memberships|sql|table"|relation|select|\.ts/i);
      const lines = server.logs.filter((line) => JSON.stringify(line).includes(`broken-table-${locale}`));
      expect(JSON.stringify(lines)).toContain('memberships');
    }
    expect(server.rawLog()).not.toContain(bruce.password);
    await runStatement(database.url, 'alter table lost_memberships rename to memberships');
    expect((await call(server, 'POST', '/auth/sign_in', { json: bruce })).status).toBe(200);
  });

  it('answers 503 with a time to come back when it cannot be reached', async () => {
    await server.app.store.close();
    const answer = await call(server, 'POST', '/auth/sign_in?locale=en', { json: bruce });
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    const sentence = 'The service is unavailable at the moment. Please try again later.';
    expect(answer.json).toEqual({ error: sentence, errors: [sentence] });
  });
});
