import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabaseUrl, runStatement } from '../../dialects.ts';
import { type RunningApp, serveDatabase } from '../../start-app.ts';
import { describeOnServer } from '../server-under-test.ts';
import { ask } from './client.ts';

const paths = ['/customers/402', '/customers/402/history', '/customers/402/as-of?time=2024-05-17'];

describeOnServer('a refusal of the admin API', (server) => {
  it('is a problem document with the id of the request, which is also on the answer and in the log', async () => {
    const headers = { 'x-request-id': 'console-request-7' };
    const answer = await ask(server, '/customers/999999', { headers });
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/problem+json; charset=utf-8']);
    expect(answer.headers['x-request-id']).toBe('console-request-7');
    expect(answer.json).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is no such customer.',
      code: 'customer_not_found',
      request_id: 'console-request-7',
    });
    expect(server.logs.find(({ reqId }) => reqId === 'console-request-7')).toMatchObject({
      route: '/admin/v1/customers/:reference',
      status: 404,
      reason: 'customer_not_found',
    });
  });

  it('says of an unknown address that there is nothing, and of a wrong method which are right', async () => {
    for (const path of ['', '/', '/customers', '/customers/402/nothing', '/customers/402/history/1']) {
      const { status, json } = await ask(server, path);
      expect([path, status, json.code]).toEqual([path, 404, 'route_not_found']);
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      for (const path of paths) {
        const { status, headers, json } = await ask(server, path, { method });
        expect([method, path, status, headers.allow, json.code]).toEqual([
          method,
          path,
          405,
          'GET, HEAD',
          'method_not_allowed',
        ]);
      }
    }
  });

  it('puts no name of a person into the log', async () => {
    await ask(server, '/customers/selina.secret@example.org/history?field=notafield');
    await ask(server, '/customers/selina.secret@example.org?time=x');
    expect(server.rawLog()).not.toMatch(/selina|notafield/);
  });

  it('lets no page of another origin in, a store host among them', async () => {
    for (const origin of ['https://demo-shop.gomus.de', 'http://localhost', 'null', 'https://evil.example']) {
      for (const method of ['GET', 'OPTIONS']) {
        const headers = {
          origin,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'authorization',
        };
        const answer = await ask(server, '/customers/402', { method, headers });
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
      }
    }
  });

  it('is that of maintenance while the doors are closed, before a key is looked at', async () => {
    const { setMaintenance } = server.app.accounts;
    await setMaintenance({ isOn: true });
    try {
      for (const key of [null, 'foyer-demo-key']) {
        for (const path of paths) {
          const { status, headers, json } = await ask(server, path, { key });
          expect([status, headers['retry-after'], json.code]).toEqual([503, '60', 'maintenance']);
        }
      }
    } finally {
      await setMaintenance({ isOn: false });
    }
    expect((await ask(server, '/customers/402')).status).toBe(200);
  });
});

describe.each(['sqlite', 'postgres'] as const)('the admin API on a broken database (%s)', (kind) => {
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
    await runStatement(database.url, 'alter table history rename to lost_history');
    for (const path of paths.slice(1)) {
      const headers = { 'x-request-id': `broken-table-${path.length}` };
      const { status, json, text } = await ask(server, path, { headers });
      expect([status, json.code, json.request_id]).toEqual([500, 'internal', headers['x-request-id']]);
      expect(text).not.toMatch(/history|sql|relation|select|\.ts/i);
      const lines = server.logs.filter((line) => line.reqId === headers['x-request-id']);
      expect(JSON.stringify(lines)).toContain('history');
    }
    await runStatement(database.url, 'alter table lost_history rename to history');
    expect((await ask(server, paths[1]!)).status).toBe(200);
  });

  it('answers 503 with a time to come back when it cannot be reached', async () => {
    await server.app.store.close();
    for (const path of paths) {
      const { status, headers, json } = await ask(server, path);
      expect([status, json.code]).toEqual([503, 'storage_unavailable']);
      expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
  });
});
