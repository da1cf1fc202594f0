import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from '../start-app.ts';
import { bruce, send, signIn } from './clients.ts';
import { requestBytes, sendRaw } from './raw-http.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off', FOYER_BODY_LIMIT: '4096' });
});
afterAll(() => running.stop());

const idForm = /^[A-Za-z0-9._-]{8,64}$/;
const get = (path: string, ...headers: string[]) =>
  sendRaw(running.url, requestBytes([`GET ${path} HTTP/1.1`, 'Host: x', ...headers]));
const post = (path: string, body: string, ...headers: string[]) =>
  sendRaw(running.url, requestBytes([`POST ${path} HTTP/1.1`, 'Host: x', ...headers], body));

const answers: [string, number, () => ReturnType<typeof sendRaw>][] = [
  ['a sign-in', 200, () => post('/api/v4/auth/sign_in', JSON.stringify(bruce))],
  ['a refused sign-in', 401, () => post('/api/v4/auth/sign_in', '{"email":"a@b.c","password":"x"}')],
  ['a key refusal', 401, () => get('/rest/V1/spaaza/customer/user_info/1')],
  ['malformed JSON on go~mus', 400, () => post('/api/v4/auth/sign_in', '{')],
  ['an unknown path', 404, () => get('/nothing')],
  ['an unknown go~mus path', 404, () => get('/api/v4/nothing')],
  ['an unknown Magento path', 404, () => get('/rest/V1/nothing')],
  ['a wrong method', 405, () => post('/api/v4/version', '')],
  ['an unknown store', 404, () => get('/api/v4/version', 'X-Shop-Url: elsewhere.example')],
  ['an unmatched Accept', 406, () => get('/rest/V1/spaaza/customer/user_info/1', 'Accept: image/png')],
  ['a body too long', 413, () => post('/api/v4/auth/sign_in', 'x'.repeat(5000))],
  ['headers too long', 431, () => get('/livez', `x-filler: ${'x'.repeat(20_000)}`)],
  ['bytes that are not HTTP', 400, () => sendRaw(running.url, 'HELLO\r\n\r\n')],
  ['a path that is no text', 403, () => get('/api/v4/customers/%ff%fe')],
  ['health', 200, () => get('/livez')],
  ['metrics', 200, () => get('/metrics')],
  ['the documentation', 200, () => get('/openapi.json')],
];

describe('every answer', () => {
  it.each(answers)('to %s (%i) carries a request id and the security headers', async (_name, status, exchange) => {
    const answer = (await exchange())!;
    expect(answer.status).toBe(status);
    expect(answer.headers['x-request-id']).toEqual([expect.stringMatching(idForm)]);
    expect(answer.headers).toMatchObject({
      'x-content-type-options': ['nosniff'],
      'x-frame-options': ['SAMEORIGIN'],
      'referrer-policy': ['no-referrer'],
      'cache-control': ['no-store'],
    });
    for (const name of ['server', 'x-powered-by']) expect(answer.headers).not.toHaveProperty(name);
  });

  it('has an id of its own', async () => {
    const ids = await Promise.all(
      Array.from({ length: 50 }, async () => (await send(`${running.url}/livez`)).headers.get('x-request-id')),
    );
    expect(new Set(ids).size).toBe(50);
  });
});

describe('the id of the caller', () => {
  it.each(['12345678', 'a1b2-c3d4_e5.f6', 'x'.repeat(64), '6F9619FF-8B86-D011-B42D-00CF4FC964FF'])(
    'is kept when it is %s',
    async (id) => {
      const { headers } = await send(`${running.url}/api/v4/nothing`, { headers: { 'x-request-id': id } });
      expect(headers.get('x-request-id')).toBe(id);
      expect(running.logs.find(({ reqId }) => reqId === id)).toMatchObject({ status: 404 });
    },
  );

  it.each([
    '',
    'short',
    'x'.repeat(65),
    'has space',
    'per%20cent',
    'semi;colon',
    '<script>alert</script>',
    'ümläutümläut',
  ])('is replaced when it is %j', async (id) => {
    const answer = await get('/api/v4/nothing', `X-Request-Id: ${id}`);
    expect(answer?.headers['x-request-id']).toEqual([expect.stringMatching(idForm)]);
    expect(answer?.headers['x-request-id']).not.toEqual([id]);
  });

  it('is replaced when two are given', async () => {
    const answer = await get('/livez', 'X-Request-Id: first-one', 'X-Request-Id: second-one');
    expect(answer?.headers['x-request-id']).toEqual([expect.stringMatching(idForm)]);
    expect(answer?.headers['x-request-id']?.[0]).not.toContain('one');
  });

  it('ends in the history of what the request changed', async () => {
    await signIn(running.url, bruce, { headers: { 'x-request-id': 'trace-me-4711' } });
    const entries = await running.app.store.history.listByCustomer(402);
    expect(entries.map(({ requestId }) => requestId)).toContain('trace-me-4711');
  });
});
