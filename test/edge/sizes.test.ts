import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoKey } from '../../src/demo.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { bruce, john, send } from './clients.ts';
import { openRaw, requestBytes, sendRaw } from './raw-http.ts';

const limit = 262_144;

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off' });
});
afterAll(() => running.stop());

const wires = [
  {
    name: 'go~mus',
    line: 'POST /api/v4/auth/sign_in?locale=en HTTP/1.1',
    headers: ['Host: x', 'Content-Type: application/json'],
    right: bruce,
    refusal: (text: unknown) => ({ error: text, errors: [text] }),
  },
  {
    name: 'Spaaza',
    line: 'POST /rest/V1/spaaza/customer/authenticate HTTP/1.1',
    headers: ['Host: x', 'Content-Type: application/json', `Authorization: Bearer ${demoKey}`],
    right: john,
    refusal: (text: unknown) => ({ message: text }),
  },
];

/** A valid sign-in, filled up to a length with spaces, which JSON does not mind. */
const padded = (credentials: object, length: number): string => JSON.stringify(credentials).padEnd(length, ' ');
const chunked = (body: string, size: number): string => {
  const parts = body.match(new RegExp(`.{1,${size}}`, 'gs')) ?? [];
  return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
};

describe.each(wires)('a body over $name', ({ line, headers, right, refusal }) => {
  const tooLong = (body: string) => expect(JSON.parse(body)).toEqual(refusal(expect.stringMatching(/too large|413/i)));

  it('is read up to the limit, to the byte', async () => {
    const answer = await sendRaw(running.url, requestBytes([line, ...headers], padded(right, limit)));
    expect(answer?.status).toBe(200);
  });

  it('is refused in the shape of the wire one byte further', async () => {
    const answer = (await sendRaw(running.url, requestBytes([line, ...headers], padded(right, limit + 1))))!;
    expect(answer.status).toBe(413);
    tooLong(answer.body);
  });

  it('is refused by its announced length alone, before a byte of it came', async () => {
    const announced = [line, ...headers, 'Content-Length: 99999999999'];
    const answer = (await sendRaw(running.url, requestBytes(announced)))!;
    expect(answer.status).toBe(413);
    tooLong(answer.body);
  });

  it('is refused in chunks as soon as they are too much, and read when they are not', async () => {
    const head = [line, ...headers, 'Transfer-Encoding: chunked'];
    const right1 = await sendRaw(running.url, requestBytes(head, chunked(padded(right, 40_000), 1_000)));
    expect(right1?.status).toBe(200);
    const answer = (await sendRaw(running.url, requestBytes(head, chunked(padded(right, limit + 1), 30_000))))!;
    expect(answer.status).toBe(413);
    tooLong(answer.body);
  });

  it('in endless chunks is refused without waiting for an end', async () => {
    const connection = await openRaw(running.url);
    connection.send(requestBytes([line, ...headers, 'Transfer-Encoding: chunked']));
    for (let sent = 0; sent <= limit; sent += 30_000) connection.send(`7530\r\n${' '.repeat(30_000)}\r\n`);
    const [answer] = await connection.answers();
    connection.close();
    expect(answer?.status).toBe(413);
  });

  it('ends where its announced length says, whatever follows', async () => {
    const connection = await openRaw(running.url);
    const body = JSON.stringify(right);
    connection.send(`${requestBytes([line, ...headers], body)}GET /livez HTTP/1.1\r\nHost: x\r\n\r\n`);
    const answers = await connection.answers(2);
    connection.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(JSON.parse(answers[1]!.body)).toEqual({ status: 'ok' });
  });

  it('that announces less than it sends is read as far as it said', async () => {
    const body = JSON.stringify(right);
    const announced = [line, ...headers, `Content-Length: ${body.length - 1}`];
    const answer = await sendRaw(running.url, requestBytes(announced, body));
    expect(answer?.status).toBe(400);
  });

  it.each([
    ['two lengths', ['Content-Length: 5', 'Content-Length: 6']],
    ['a length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['a negative length', ['Content-Length: -1']],
    ['a length that is no number', ['Content-Length: 0x10']],
    ['a chunk size that is none', ['Transfer-Encoding: chunked', 'X-Body: follows']],
  ])('with %s is refused and the connection closed', async (_name, framing) => {
    const connection = await openRaw(running.url);
    connection.send(`${requestBytes([line, ...headers, ...framing])}zz\r\n{}{}\r\n0\r\n\r\n`);
    await connection.closed;
    const answers = await connection.answers();
    expect(answers.map(({ status }) => status)).toEqual([400]);
  });
});

describe('a body where none is read', () => {
  it.each([
    ['OPTIONS /api/v4/version', 405],
    ['OPTIONS /livez', 404],
    ['POST /livez', 404],
    ['POST /nothing', 404],
  ])('does no harm, whatever its type, and not more than any when it is too long: %s', async (line, status) => {
    for (const type of ['application/json', 'text/plain', 'image/png', 'application/x-www-form-urlencoded']) {
      const head = [`${line} HTTP/1.1`, 'Host: x', `Content-Type: ${type}`];
      for (const body of ['', '{', 'x=%zz']) {
        expect((await sendRaw(running.url, requestBytes(head, body)))?.status).toBe(status);
      }
      expect((await sendRaw(running.url, requestBytes(head, 'x'.repeat(limit + 1))))?.status).toBe(413);
    }
  });
});

describe('headers', () => {
  it('of 12 KiB are read, which a large cookie jar can reach', async () => {
    const { status } = await send(`${running.url}/livez`, { headers: { cookie: 'x'.repeat(12 * 1024) } });
    expect(status).toBe(200);
  });

  it.each(['one of 16 KiB', 'many that add up to it'])(
    'are refused with 431 and the connection closed: %s',
    async (kind) => {
      const filler = kind.startsWith('one')
        ? [`X-Filler: ${'x'.repeat(16 * 1024)}`]
        : Array.from({ length: 400 }, (_, index) => `X-Filler-${index}: ${'x'.repeat(30)}`);
      const connection = await openRaw(running.url);
      connection.send(requestBytes(['GET /api/v4/version HTTP/1.1', 'Host: x', ...filler]));
      await connection.closed;
      const [answer] = await connection.answers();
      expect(answer?.status).toBe(431);
      expect(JSON.parse(answer!.body)).toEqual({
        message: 'The request headers are too large.',
        error: 'The request headers are too large.',
        errors: ['The request headers are too large.'],
      });
    },
  );

  it('do not count as too large for a long path', async () => {
    const answer = await sendRaw(running.url, requestBytes([`GET /api/v4/${'x'.repeat(10_000)} HTTP/1.1`, 'Host: x']));
    expect(answer?.status).toBe(404);
  });
});
