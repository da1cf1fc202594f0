import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoKey } from '../../src/demo.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { bruce, john } from './clients.ts';
import { openRaw, type RawAnswer, requestBytes, sendRaw } from './raw-http.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off', FOYER_REQUEST_TIMEOUT_SECONDS: '5' });
});
afterAll(() => running.stop());

const key = `Authorization: Bearer ${demoKey}`;
const wrongKey = 'Authorization: Bearer wrong-key';
const userInfo = 'GET /rest/V1/spaaza/customer/user_info/1 HTTP/1.1';
const signInLines = ['POST /api/v4/auth/sign_in?locale=en HTTP/1.1', 'Host: x', 'Content-Type: application/json'];

const exchange = async (...lines: string[]): Promise<RawAnswer> => (await sendRaw(running.url, requestBytes(lines)))!;

describe('a header that is there twice', () => {
  it.each([
    ['GET /api/v4/whoami HTTP/1.1', 200, 401],
    [userInfo, 200, 401],
  ])('decides by its first value, never by the better one: Authorization of %s', async (line, first, second) => {
    expect((await exchange(line, 'Host: x', key, wrongKey)).status).toBe(first);
    expect((await exchange(line, 'Host: x', wrongKey, key)).status).toBe(second);
  });

  it('is no known store when two X-Shop-Url disagree', async () => {
    const lines = ['GET /api/v4/version HTTP/1.1', 'Host: x', 'X-Shop-Url: demo-shop.gomus.de'];
    expect((await exchange(...lines)).status).toBe(200);
    const answer = await exchange(...lines, 'X-Shop-Url: elsewhere.example');
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toMatchObject({ error: expect.any(String) });
  });

  it('is no token when one of two is wrong', async () => {
    const lines = ['GET /api/v4/auth/validate_token HTTP/1.1', 'Host: x', 'client: meowmeow', 'uid: meowmeow'];
    expect((await exchange(...lines, 'access-token: meowmeow')).status).toBe(200);
    for (const tokens of [
      ['meowmeow', 'wrong'],
      ['wrong', 'meowmeow'],
    ]) {
      const twice = tokens.map((token) => `access-token: ${token}`);
      expect((await exchange(...lines, ...twice)).status).toBe(401);
    }
  });

  it('must be there once when it is Host', async () => {
    expect((await exchange('GET /livez HTTP/1.1', 'Accept: */*')).status).toBe(400);
  });
});

describe('other ways to ask', () => {
  it('HTTP/1.0 is answered, without a Host too, and the connection closed', async () => {
    const connection = await openRaw(running.url);
    connection.send('GET /livez HTTP/1.0\r\n\r\n');
    await connection.closed;
    const [answer] = await connection.answers();
    expect(answer).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it.each([
    ['http://shop.example/livez', {}, 200],
    ['HTTP://shop.example:8080/api/v4/whoami?locale=de', {}, 200],
    ['http://me:secret@shop.example/rest/V1/spaaza/customer/user_info/1', { key }, 200],
    ['http://shop.example', {}, 404],
    ['http://shop.example?x=/livez', {}, 404],
    ['/http://shop.example/livez', {}, 404],
    ['*', {}, 404],
  ])('a target of the form %s is served as its path', async (target, headers, status) => {
    const answer = await exchange(`GET ${target} HTTP/1.1`, 'Host: x', ...Object.values(headers));
    expect(answer.status).toBe(status);
  });

  it('Expect: 100-continue is answered with 100 before the body is sent, and then as always', async () => {
    const body = JSON.stringify(bruce);
    const connection = await openRaw(running.url);
    connection.send(requestBytes([...signInLines, 'Expect: 100-continue', `Content-Length: ${body.length}`]));
    await expect.poll(() => connection.received()).toMatch(/^HTTP\/1\.1 100 /);
    connection.send(body);
    const [answer] = await connection.answers();
    connection.close();
    expect(answer?.status).toBe(200);
  });

  it('any other expectation is refused', async () => {
    expect((await exchange('GET /livez HTTP/1.1', 'Host: x', 'Expect: the-unexpected')).status).toBe(417);
  });

  it.each(['CONNECT shop.example:443', 'TRACE /livez', 'TRACE /api/v4/version', 'PROPFIND /rest/V1/x', 'BREW /coffee'])(
    '%s is refused, or the connection closed',
    async (line) => {
      const answer = await sendRaw(
        running.url,
        requestBytes([`${line} HTTP/1.1`, 'Host: x', key, 'Connection: close']),
      );
      expect(answer?.status ?? 400).toBeGreaterThanOrEqual(400);
      expect(answer?.status ?? 400).toBeLessThan(500);
      expect(answer?.body ?? '').not.toContain(demoKey);
    },
  );

  it.each(['/', '/api', '/api/v4', '/rest', '/rest/', '//api/v4/version', '/api/v4/../../livez', '/%2e%2e/livez'])(
    '%s is no way around the routes',
    async (path) => {
      const { status } = await exchange(`GET ${path} HTTP/1.1`, 'Host: x');
      expect([400, 404]).toContain(status);
    },
  );

  it('HEAD is answered like GET, without a body', async () => {
    const connection = await openRaw(running.url);
    connection.send(requestBytes(['HEAD /api/v4/version HTTP/1.1', 'Host: x', 'Connection: close']));
    await connection.closed;
    expect(connection.received()).toMatch(/^HTTP\/1\.1 200 /);
    expect(connection.received().split('\r\n\r\n')[1]).toBe('');
  });
});

describe('pipelined requests', () => {
  it('are answered in the order they came, slow ones included, each with its own answer', async () => {
    const connection = await openRaw(running.url);
    const authenticate = ['POST /rest/V1/spaaza/customer/authenticate HTTP/1.1', 'Host: x', key];
    connection.send(
      [
        requestBytes([...signInLines, 'X-Request-Id: pipelined-1'], JSON.stringify(bruce)),
        requestBytes(['GET /livez HTTP/1.1', 'Host: x', 'X-Request-Id: pipelined-2']),
        requestBytes(
          [...authenticate, 'Content-Type: application/json', 'X-Request-Id: pipelined-3'],
          JSON.stringify(john),
        ),
        requestBytes(['GET /nothing HTTP/1.1', 'Host: x', 'X-Request-Id: pipelined-4']),
        requestBytes([userInfo, 'Host: x', key, 'X-Request-Id: pipelined-5']),
      ].join(''),
    );
    const answers = await connection.answers(5);
    connection.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404, 200]);
    expect(answers.flatMap(({ headers }) => headers['x-request-id'])).toEqual(
      [1, 2, 3, 4, 5].map((number) => `pipelined-${number}`),
    );
  });

  it('do not lend their credentials to each other', async () => {
    const connection = await openRaw(running.url);
    const token = ['access-token: meowmeow', 'client: meowmeow', 'uid: meowmeow'];
    const ask = ['GET /api/v4/auth/validate_token HTTP/1.1', 'Host: x'];
    connection.send([[...ask, ...token], ask, [...ask, ...token]].map((lines) => requestBytes(lines)).join(''));
    const answers = await connection.answers(3);
    connection.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 200]);
    expect(answers[1]!.headers).not.toHaveProperty('access-token');
  });

  it('end with the first one that cannot be read', async () => {
    const connection = await openRaw(running.url);
    connection.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await connection.answers();
    connection.send(`NONSENSE\r\n\r\n${requestBytes(['GET /livez HTTP/1.1', 'Host: x'])}`);
    await connection.closed;
    expect((await connection.answers(3)).map(({ status }) => status)).toEqual([200, 400]);
  });
});
