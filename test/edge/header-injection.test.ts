import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoKey } from '../../src/demo.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { openRaw, parseAnswers, requestBytes } from './raw-http.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off', FOYER_REQUEST_TIMEOUT_SECONDS: '1' });
});
afterAll(() => running.stop());

const breaks = { 'CR LF': '\r\n', 'a lone LF': '\n', 'a lone CR': '\r', 'two of them': '\r\n\r\n' };
const injected = (lineBreak: string): string => `x${lineBreak}X-Injected: yes${lineBreak}`;
const encoded = (lineBreak: string): string => encodeURIComponent(injected(lineBreak));
const json = 'Content-Type: application/json';
const key = `Authorization: Bearer ${demoKey}`;
const session = ['access-token: meowmeow', 'client: meowmeow', 'uid: meowmeow'];
const request = (lines: string[], body?: string) =>
  requestBytes([lines[0]!, 'Host: x', 'Connection: close', ...lines.slice(1)], body);

/** Requests whose answer could repeat a line break of the caller's, given one. */
const attempts: Record<string, (lineBreak: string) => string> = {
  'the e-mail of a sign-in': (b) =>
    request(['POST /api/v4/auth/sign_in HTTP/1.1', json], JSON.stringify({ email: injected(b), password: 'x' })),
  'the e-mail of a sign-up': (b) =>
    request(
      ['POST /api/v4/auth HTTP/1.1', json],
      JSON.stringify({ email: `${injected(b)}@example.com`, password: 'long enough', name: 'A', surname: 'B' }),
    ),
  'a quoted e-mail of a sign-up': (b) =>
    request(
      ['POST /api/v4/auth HTTP/1.1', json],
      JSON.stringify({ email: `"${injected(b)}"@example.com`, password: 'long enough', name: 'A', surname: 'B' }),
    ),
  'a new e-mail': (b) =>
    request(['PUT /api/v4/auth HTTP/1.1', json, ...session], JSON.stringify({ email: `a@b.example${injected(b)}` })),
  'the uid of a query': (b) =>
    request([`GET /api/v4/auth/validate_token?access-token=meowmeow&client=meowmeow&uid=${encoded(b)} HTTP/1.1`]),
  'a percent-encoded uid header': (b) =>
    request(['GET /api/v4/auth/validate_token HTTP/1.1', ...session.slice(0, 2), `uid: ${encoded(b)}`]),
  'the uid of a base64 header': (b) =>
    request([
      'GET /api/v4/auth/validate_token HTTP/1.1',
      `Authorization: Bearer ${Buffer.from(JSON.stringify({ 'access-token': 'meowmeow', client: 'meowmeow', uid: injected(b) })).toString('base64')}`,
    ]),
  'a redirect address': (b) =>
    request([`GET /api/v4/auth/password/edit?reset_password_token=x&redirect_url=${encoded(b)} HTTP/1.1`]),
  'the locale': (b) => request([`GET /api/v4/version?locale=${encoded(b)} HTTP/1.1`]),
  'a path': (b) => request([`GET /${encoded(b)} HTTP/1.1`]),
  'a path of go~mus': (b) => request([`GET /api/v4/customers/${encoded(b)} HTTP/1.1`, key]),
  'a path of the Spaaza wire': (b) =>
    request([`GET /rest/V1/spaaza/customer/user_info_by_email/${encoded(b)} HTTP/1.1`, key]),
  'X-Request-Id as it is': (b) => request(['GET /livez HTTP/1.1', `X-Request-Id: ${injected(b)}`]),
  'X-Shop-Url as it is': (b) => request(['GET /api/v4/version HTTP/1.1', `X-Shop-Url: ${injected(b)}`]),
  'Origin as it is': (b) =>
    request(['GET /api/v4/version HTTP/1.1', `Origin: https://demo-shop.gomus.de${injected(b)}`]),
  'Accept as it is': (b) => request(['GET /rest/V1/x HTTP/1.1', `Accept: ${injected(b)}`]),
};

describe('a line break of the caller', () => {
  it.each(Object.keys(attempts))('never becomes one of an answer: %s', async (place) => {
    for (const lineBreak of Object.values(breaks)) {
      const connection = await openRaw(running.url);
      connection.send(attempts[place]!(lineBreak));
      await connection.closed;
      const text = connection.received();
      const answers = parseAnswers(text);
      expect(answers.length).toBeLessThanOrEqual(1);
      expect(text.match(/^HTTP\/1\.1 /gm) ?? []).toHaveLength(answers.length);
      for (const { status, headers } of answers) {
        expect(status).toBeLessThan(500);
        expect(headers).not.toHaveProperty('x-injected');
        expect(JSON.stringify(headers)).not.toContain('X-Injected');
      }
      const head = text.split('\r\n\r\n')[0]!;
      expect(head.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    }
  });

  it('cannot be stored either: no customer has one in the e-mail', async () => {
    const { customers } = await running.app.store.customers.search({
      words: [],
      websiteId: null,
      page: 1,
      perPage: 100,
    });
    expect(customers.length).toBeGreaterThanOrEqual(3);
    for (const { customer } of customers) expect(customer.email).not.toMatch(/[\r\n]/);
  });
});
