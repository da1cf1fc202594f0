import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoKey } from '../../src/demo.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { bruce, send, signIn, tokenOf } from './clients.ts';
import { requestBytes, sendRaw } from './raw-http.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off', FOYER_BODY_LIMIT: '4096' });
});
afterAll(() => running.stop());

const shop = 'https://demo-shop.gomus.de';
/** What the known token clients put on their requests (gomus 4), beside what a shop's page needs itself. */
const sentByClients = [
  'Accept',
  'Accept-Language',
  'Content-Type',
  'Authorization',
  'If-Modified-Since',
  'X-Shop-Url',
  'X-Request-Id',
  'access-token',
  'token-type',
  'client',
  'expiry',
  'uid',
];

/** A browser's question before a request; `fetch` would not send these headers as they are. */
async function preflight(path: string, origin: string, method: string, headers: readonly string[] = []) {
  const lines = [
    `OPTIONS ${path} HTTP/1.1`,
    'Host: x',
    `Origin: ${origin}`,
    `Access-Control-Request-Method: ${method}`,
  ];
  if (headers.length > 0) lines.push(`Access-Control-Request-Headers: ${headers.join(', ').toLowerCase()}`);
  return (await sendRaw(running.url, requestBytes(lines)))!;
}

const listed = (value: string[] | undefined): string[] => (value?.[0] ?? '').toLowerCase().split(/, */);

describe('the preflight of a shop page', () => {
  it.each([
    ['POST', '/api/v4/auth/sign_in?locale=de'],
    ['PUT', '/api/v4/auth'],
    ['PATCH', '/api/v4/auth'],
    ['DELETE', '/api/v4/auth/sign_out'],
    ['GET', '/api/v4/auth/validate_token'],
    ['PUT', '/api/v4/auth/password'],
    ['GET', '/api/v4/customers/402'],
  ])('allows %s %s with every header of the known clients', async (method, path) => {
    const answer = await preflight(path, shop, method, sentByClients);
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toEqual([shop]);
    expect(listed(answer.headers['access-control-allow-methods'])).toContain(method.toLowerCase());
    expect(listed(answer.headers['access-control-allow-headers'])).toEqual(
      expect.arrayContaining(sentByClients.map((name) => name.toLowerCase())),
    );
    expect(listed(answer.headers.vary)).toContain('origin');
  });

  it.each([shop, 'http://demo-shop.gomus.de', 'https://demo-shop.gomus.de:8443', 'http://localhost:3000'])(
    'knows the store behind %s',
    async (origin) => {
      const { headers } = await preflight('/api/v4/auth', origin, 'PUT');
      expect(headers['access-control-allow-origin']).toEqual([origin]);
    },
  );

  it.each([
    'https://evil.example',
    'https://demo-shop.gomus.de.evil.example',
    'https://evil-demo-shop.gomus.de',
    'https://demo-shop.gomus.de@evil.example',
    'null',
    '*',
    'not an origin',
  ])('gives nothing to %s', async (origin) => {
    const answer = await preflight('/api/v4/auth', origin, 'PUT', ['access-token']);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    expect(answer.status).toBeLessThan(500);
  });
});

describe('an actual request', () => {
  it('of a shop page may be read by it, with the five token headers and Authorization', async () => {
    const answer = await signIn(running.url, bruce, { headers: { origin: shop } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(shop);
    expect(listed([answer.headers.get('access-control-expose-headers')!])).toEqual(
      expect.arrayContaining([
        'access-token',
        'token-type',
        'client',
        'expiry',
        'uid',
        'authorization',
        'x-request-id',
      ]),
    );
    expect(listed([answer.headers.get('vary')!])).toContain('origin');
    const next = await send(`${running.url}/api/v4/auth/validate_token`, {
      headers: { origin: shop, ...tokenOf(answer), 'if-modified-since': '0' },
    });
    expect(next.status).toBe(200);
    expect(next.headers.get('access-control-allow-origin')).toBe(shop);
  });

  it.each([
    [401, '/api/v4/auth/validate_token', {}],
    [404, '/api/v4/nothing', {}],
    [404, '/api/v4/auth/sign_out', { method: 'DELETE' }],
    [405, '/api/v4/version', { method: 'DELETE' }],
    [400, '/api/v4/auth/sign_in', { method: 'POST', body: '{' }],
    [413, '/api/v4/auth/sign_in', { method: 'POST', body: 'x'.repeat(5000) }],
  ])('that is refused with %i may be read by the shop page as well', async (status, path, init) => {
    const answer = await send(`${running.url}${path}`, { ...init, headers: { origin: shop } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe(shop);
  });

  it('of a foreign page works but may not be read by it, and a cache must tell the two apart', async () => {
    const answer = await signIn(running.url, bruce, { headers: { origin: 'https://evil.example' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(listed([answer.headers.get('vary') ?? ''])).toContain('origin');
  });
});

describe('the Spaaza wire', () => {
  it('has no CORS: its keys do not belong into a browser', async () => {
    const asked = await preflight('/rest/V1/spaaza/customer/authenticate', shop, 'POST', ['authorization']);
    const answer = await send(`${running.url}/rest/V1/spaaza/customer/user_info/1`, {
      headers: { origin: shop, authorization: `Bearer ${demoKey}` },
    });
    expect(answer.status).toBe(200);
    for (const name of ['origin', 'headers', 'methods', 'credentials']) {
      expect(asked.headers).not.toHaveProperty(`access-control-allow-${name}`);
      expect(answer.headers.get(`access-control-allow-${name}`)).toBeNull();
    }
  });
});
