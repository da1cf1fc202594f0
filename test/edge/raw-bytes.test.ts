import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoKey } from '../../src/demo.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { authenticate, john, send } from './clients.ts';
import { openRaw, requestBytes } from './raw-http.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite', {
    FOYER_RATE_LIMIT: 'off',
    FOYER_LOCK_FAILURES: '1000',
    FOYER_REQUEST_TIMEOUT_SECONDS: '1',
    FOYER_BODY_LIMIT: '4096',
  });
});
afterAll(() => running.stop());

/** One character for each byte, the troublesome ones often. */
const byte = fc.oneof(
  fc.constantFrom('\0', '\r', '\n', '\t', '\x7f', '\xff', '\xc3', '%', '/', '.', '\\', '"', '{', ';', '?', '#', ' '),
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
);
const bytes = (maxLength: number) => fc.string({ unit: byte, maxLength });
/** Mostly what gets past the HTTP parser, now and then what does not. */
const mostly = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: rare });

const prefix = fc.constantFrom(
  '/api/v4',
  '/api/v4/auth',
  '/api/v4/auth/sign_in',
  '/api/v4/auth/validate_token',
  '/api/v4/auth/password',
  '/api/v4/auth/confirmation',
  '/api/v4/customers',
  '/rest/V1/spaaza/customer/authenticate',
  '/rest/V1/spaaza/customer/update',
  '/rest/V1/spaaza/customer/user_info',
  '/rest/V1/spaaza/customer/user_info_by_email',
  '/rest/default/V1/spaaza/customer/user_info',
  '/rest/all',
  '/rest',
  '',
);
const piece = mostly(
  fc.oneof(
    fc.constantFrom('..', '.', '', '%2e%2e', '%2F', '%5c', '%00', '%', '%zz', '%c3%28', '%ff', '+', '402', '-1', '1e9'),
    fc.constantFrom('99999999999999999999', 'a@b.c', '%F0%9F%98%80', '__proto__', 'constructor', 'x'.repeat(3_000)),
    // All that a request line may hold.
    fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 12 }),
  ),
  bytes(6),
);
const query = mostly(
  fc.constantFrom(
    '',
    '?locale=xx',
    '?fields=[',
    '?fields=a[b,c[',
    '?page=-1&per_page=1e9',
    '?q=%25%00',
    '?email&email=1',
    '?a[b]=c',
  ),
  bytes(10).map((text) => `?${text}`),
);
const target = fc
  .tuple(prefix, fc.oneof(fc.constant([]), fc.array(piece, { maxLength: 3 })), query)
  .map(([start, pieces, end]) => [start, ...pieces].join('/') + end);

const method = mostly(
  fc.constantFrom('GET', 'POST', 'POST', 'PUT', 'PATCH', 'HEAD', 'OPTIONS'),
  fc.constantFrom('DELETE', 'TRACE', 'CONNECT', 'PROPFIND', 'M-SEARCH', 'get', 'FOO', ''),
);

const headerName = mostly(
  fc.constantFrom(
    'authorization',
    'access-token',
    'client',
    'uid',
    'x-shop-url',
    'x-request-id',
    'x-forwarded-for',
    'accept',
    'accept-language',
    'content-type',
    'content-encoding',
    'origin',
    'access-control-request-method',
    'if-modified-since',
    'cookie',
    'range',
  ),
  fc.constantFrom('content-length', 'transfer-encoding', 'upgrade', 'expect', 'x y'),
);
const headerValue = mostly(
  fc.constantFrom(
    ...['Bearer', `Bearer ${demoKey}`, 'Basic Og==', 'Bearer eyJhIjoxfQ==', 'meowmeow', 'demo-shop.gomus.de', 'gzip'],
    ...['application/json', 'application/xml', 'text/xml; charset=latin1', '*/*;q=x', '-1', 'chunked', 'websocket'],
    ...['https://demo-shop.gomus.de', 'null', 'multipart/form-data; boundary=x', '\xff\xfe', 'j\xc3\xbcrgen', '%00%zz'],
  ),
  bytes(20),
);
const headers = fc.array(
  fc.tuple(headerName, headerValue).map((pair) => pair.join(': ')),
  { maxLength: 2 },
);

const field = fc.constantFrom(
  'email',
  'password',
  'user_info',
  'spaaza_chain_id',
  'create_if_not_exists',
  'newsletter_groups',
  'name',
  'surname',
  'customer',
  'customer_salutation_id',
  'birthday',
  'username',
  'first_name',
  'country_code',
  'user_id',
  'store_code',
  '__proto__',
);
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  bytes(8),
  fc.constantFrom(-1, 1e308, 2 ** 53, '\ud800', '402', 'a@b.c'),
);
const object = fc.dictionary(field, value, { maxKeys: 5 });
/** An object may have a `toString` that is none. */
const asText = (some: unknown): string => (typeof some === 'object' ? JSON.stringify(some) : String(some));
const body = fc.oneof(
  object.map((each) => JSON.stringify(each)),
  object.map((each) => JSON.stringify({ user_info: each, create_if_not_exists: true })),
  object.map((each) => JSON.stringify({ customer: each })),
  object.map((each) => JSON.stringify(each).slice(0, -1)),
  object.map((each) => `<r>${Object.entries(each).map(([name, text]) => `<${name}>${asText(text)}</${name}>`)}</r>`),
  object.map((each) =>
    new URLSearchParams(Object.entries(each).map(([name, text]): [string, string] => [name, asText(text)])).toString(),
  ),
  bytes(40),
  fc.constantFrom('', '0', '[]', 'null', '[['.repeat(1_000), '{"a":'.repeat(700), 'x'.repeat(5_000)),
);
const toBytes = (text: string): string => (/[^\0-\xff]/.test(text) ? Buffer.from(text).toString('latin1') : text);

const wellMeant = ['Host: x', 'Content-Type: application/json', `Authorization: Bearer ${demoKey}`];
const signedIn = [
  'Host: x',
  'Content-Type: application/json',
  'access-token: meowmeow',
  'client: meowmeow',
  'uid: meowmeow',
];
const strange = fc
  .tuple(method, target, fc.constantFrom(wellMeant, signedIn, ['Host: x']), headers, body)
  .map(([verb, path, start, more, text]) =>
    requestBytes([`${verb} ${path} HTTP/1.1`, 'Connection: close', ...start, ...more], toBytes(text)),
  );
/** Where a strange body gets furthest. */
const atHome = fc
  .tuple(
    fc.constantFrom(
      ['POST /api/v4/auth/sign_in', wellMeant],
      ['POST /api/v4/auth', wellMeant],
      ['PUT /api/v4/auth', signedIn],
      ['PUT /api/v4/auth/password', signedIn],
      ['POST /api/v4/customers', wellMeant],
      ['PUT /api/v4/customers/1', wellMeant],
      ['POST /rest/V1/spaaza/customer/update', wellMeant],
      ['POST /rest/V1/spaaza/customer/authenticate', wellMeant],
    ) as fc.Arbitrary<[string, string[]]>,
    body,
  )
  .map(([[line, start], text]) => requestBytes([`${line} HTTP/1.1`, 'Connection: close', ...start], toBytes(text)));
const request = fc.oneof(strange, atHome);

/** Sends bytes and waits until the server has closed the connection; gives the statuses of what it answered. */
async function statusesOf(text: string): Promise<number[]> {
  const connection = await openRaw(running.url);
  connection.send(text);
  await connection.closed;
  return [...connection.received().matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}

describe('whatever bytes arrive', () => {
  it('nobody gets a server error, nothing hangs, and the server serves on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 8, maxLength: 8 }), async (requests) => {
        const statuses = (await Promise.all(requests.map(statusesOf))).flat();
        expect(statuses.filter((status) => status >= 500)).toEqual([]);
      }),
      { numRuns: 60 },
    );
    expect(running.logs.filter(({ msg }) => msg === 'request failed')).toEqual([]);
    expect((await send(`${running.url}/livez`)).status).toBe(200);
    expect((await authenticate(running.url, john)).json()).toMatchObject({ authenticated: true });
  });

  it('bytes that are no request at all are refused or dropped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes(200), { minLength: 17, maxLength: 17 }), async (noise) => {
        const statuses = (await Promise.all(noise.map((each) => statusesOf(`${each}\r\n\r\n`)))).flat();
        expect(statuses.filter((status) => status >= 500)).toEqual([]);
      }),
      { numRuns: 3 },
    );
    expect((await authenticate(running.url, john)).json()).toMatchObject({ authenticated: true });
  });
});

describe('a client that hangs up in the middle of its request', () => {
  it.each([
    ['over go~mus', ['POST /api/v4/auth/sign_in HTTP/1.1', 'Host: x']],
    ['over the Spaaza wire', ['POST /rest/V1/spaaza/customer/authenticate HTTP/1.1', ...wellMeant]],
    ['elsewhere', ['POST /nothing HTTP/1.1', 'Host: x']],
  ])('is no failure of ours: %s', async (_where, head) => {
    const id = `hangs-up-${head[0]!.length}`;
    const connection = await openRaw(running.url);
    connection.send(requestBytes([...head, `X-Request-Id: ${id}`, 'Content-Length: 1000'], '{'));
    // The request must be there before its connection is gone.
    await new Promise((resolve) => setTimeout(resolve, 100));
    connection.close();
    // Nothing tells from outside that the server has noticed.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const lines = running.logs.filter(({ reqId, level }) => reqId === id && Number(level) >= 50);
    expect(lines).toEqual([]);
  });
});
