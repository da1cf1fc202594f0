import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { expect, it } from 'vitest';
import { describeOnServers } from '../server-under-test.ts';

// The requests are those of the vendor's page, the headers those that curl adds to them.

const bruce = {
  category_id: null,
  created_at: '2020-05-12T11:51:26+02:00',
  customer_salutation_id: 1,
  customer_title_id: null,
  debitor_number: 10003,
  email: 'shop-customer@giantmonkey.de',
  fax: null,
  has_collective_invoice_payment: false,
  has_voucher_payment: false,
  id: 402,
  institution: null,
  is_institution: false,
  language_id: 1,
  level: 20,
  mobile: '',
  name: 'Bruce',
  notes: null,
  payment_mode_id: null,
  price_target_audience_id: 1,
  provider: 'email',
  surname: 'Wayne',
  tel: null,
  updated_at: '2021-06-07T13:13:54+02:00',
  newsletter_groups: '8,1',
  wants_newsletter: true,
  salutation: 'Herr',
};

const token = /^[A-Za-z0-9_-]{22}$/;

describeOnServers('the documented requests', (server) => {
  it('answer the sign-in as printed, with the token headers', async () => {
    const before = Math.floor(Date.now() / 1000);
    const answer = await curl(server.url, 'POST', '/api/v4/auth/sign_in?locale=de', {
      headers: {
        'X-Shop-Url': 'demo-shop.gomus.de',
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: '{"email":"shop-customer@giantmonkey.de","password":"meowmeowmeow"}',
    });

    expect(answer.status).toBe(200);
    // Text, not values: the order of the keys is documented too.
    expect(answer.text).toBe(JSON.stringify({ data: bruce }));
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['access-token']).toMatch(token);
    expect(answer.headers.client).toMatch(token);
    expect(answer.headers['token-type']).toBe('Bearer');
    expect(answer.headers.uid).toBe('shop-customer@giantmonkey.de');
    const fortnight = 14 * 86_400;
    expect(answer.headers.expiry).toMatch(/^\d{10}$/);
    expect(Number(answer.headers.expiry)).toBeGreaterThanOrEqual(before + fortnight);
    expect(Number(answer.headers.expiry)).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) + fortnight);
    expect(decoded(answer.headers.authorization)).toEqual({
      'access-token': answer.headers['access-token'],
      'token-type': 'Bearer',
      client: answer.headers.client,
      expiry: answer.headers.expiry,
      uid: 'shop-customer@giantmonkey.de',
    });
  });

  it('answer the newsletter update as printed, with the token it was sent with', async () => {
    const answer = await curl(server.url, 'PUT', '/api/v4/auth?locale=de', {
      headers: {
        'access-token': 'meowmeow',
        client: 'meowmeow',
        'Content-Type': 'application/json;charset=UTF-8',
        'X-Shop-Url': 'demo-shop.gomus.de',
        Accept: 'application/json, text/plain, */*',
        uid: 'meowmeow',
        'token-type': 'Bearer',
      },
      body: '{"newsletter_groups":"1,8"}',
    });

    expect(answer.status).toBe(200);
    expect(answer.text).toBe(JSON.stringify({ status: 'success', data: bruce }));
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['access-token']).toBe('meowmeow');
    expect(answer.headers.client).toBe('meowmeow');
    expect(answer.headers['token-type']).toBe('Bearer');
    expect(answer.headers.uid).toBe('shop-customer@giantmonkey.de');
    expect(Number(answer.headers.expiry)).toBeGreaterThan(Date.now() / 1000);
  });

  it('answer the update with the headers of the sign-in just as well', async () => {
    const signedIn = await curl(server.url, 'POST', '/api/v4/auth/sign_in?locale=de', {
      headers: { 'X-Shop-Url': 'demo-shop.gomus.de', 'Content-Type': 'application/x-www-form-urlencoded' },
      body: '{"email":"shop-customer@giantmonkey.de","password":"meowmeowmeow"}',
    });
    const answer = await curl(server.url, 'PUT', '/api/v4/auth?locale=de', {
      headers: {
        'access-token': String(signedIn.headers['access-token']),
        client: String(signedIn.headers.client),
        'Content-Type': 'application/json;charset=UTF-8',
        'X-Shop-Url': 'demo-shop.gomus.de',
        Accept: 'application/json, text/plain, */*',
        uid: String(signedIn.headers.uid),
        'token-type': 'Bearer',
      },
      body: '{"newsletter_groups":"1,8"}',
    });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(JSON.stringify({ status: 'success', data: bruce }));
    expect(answer.headers['access-token']).toBe(signedIn.headers['access-token']);
  });

  it('leave every newsletter for an empty string, as the page says', async () => {
    const answer = await curl(server.url, 'PUT', '/api/v4/auth?locale=de', {
      headers: {
        'access-token': 'meowmeow',
        client: 'meowmeow',
        'Content-Type': 'application/json;charset=UTF-8',
        'X-Shop-Url': 'demo-shop.gomus.de',
        uid: 'meowmeow',
        'token-type': 'Bearer',
      },
      body: '{"newsletter_groups":""}',
    });
    const { data } = JSON.parse(answer.text);
    expect(data.updated_at).not.toBe(bruce.updated_at);
    const expected = { ...bruce, updated_at: data.updated_at, newsletter_groups: '', wants_newsletter: false };
    expect(answer.text).toBe(JSON.stringify({ status: 'success', data: expected }));
  });
});

/** What curl puts on the wire over HTTP/1.1: its own headers first, no Connection header. */
function curl(
  url: string,
  method: string,
  path: string,
  { headers, body }: { headers: Record<string, string>; body: string },
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: hostname,
        port,
        method,
        path,
        agent: false,
        headers: {
          Host: 'demo.gomus.de',
          'User-Agent': 'curl/7.88.1',
          Accept: '*/*',
          ...headers,
          'Content-Length': String(Buffer.byteLength(body)),
        },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('end', () => {
          outgoing.destroy();
          resolve({ status: incoming.statusCode, headers: incoming.headers, text });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.removeHeader('connection');
    outgoing.end(body);
  });
}

function decoded(authorization: string | undefined): unknown {
  const [scheme, word] = (authorization ?? '').split(' ');
  expect(scheme).toBe('Bearer');
  return JSON.parse(Buffer.from(word ?? '', 'base64').toString('utf8'));
}
