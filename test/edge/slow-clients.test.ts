import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from '../start-app.ts';
import { bruce, send } from './clients.ts';
import { openRaw, requestBytes } from './raw-http.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off', FOYER_REQUEST_TIMEOUT_SECONDS: '1' });
});
afterAll(() => running.stop());

/** Sends a first part, then a byte every 100 ms for as long as the server listens. Gives the answers. */
async function trickle(start: string, rest: string) {
  const connection = await openRaw(running.url);
  connection.send(start);
  let next = 0;
  const timer = setInterval(() => connection.send(rest[next++ % rest.length]!), 100);
  await connection.closed;
  clearInterval(timer);
  return connection.answers();
}

const signInLines = ['POST /api/v4/auth/sign_in HTTP/1.1', 'Host: x', 'Content-Type: application/json'];

describe.concurrent('a client that sends too slowly', () => {
  it.each([
    ['its request line', 'GET /', 'slow'],
    ['its headers', 'GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'slow'],
    ['an announced body', requestBytes([...signInLines, 'Content-Length: 1000']), ' '],
    ['chunks', requestBytes([...signInLines, 'Transfer-Encoding: chunked']), '1\r\n \r\n'],
  ])('is cut off with 408 while it sends %s', async (_part, start, rest) => {
    const [answer] = await trickle(start, rest);
    expect(answer?.status).toBe(408);
    expect(answer?.headers['x-request-id']).toHaveLength(1);
    expect(JSON.parse(answer!.body)).toMatchObject({ error: 'The request took too long to arrive.' });
  });

  it('is cut off when it connects and says nothing', async () => {
    const connection = await openRaw(running.url);
    await connection.closed;
    expect((await connection.answers()).map(({ status }) => status)).toEqual([408]);
  });

  it('keeps nobody else waiting', async () => {
    const slow = await Promise.all(Array.from({ length: 50 }, () => openRaw(running.url)));
    for (const connection of slow) connection.send('POST /api/v4/auth/sign_in HTTP/1.1\r\nHost: x\r\n');
    expect((await send(`${running.url}/livez`)).status).toBe(200);
    await Promise.all(slow.map(({ closed }) => closed));
  });
});

describe('a connection that is kept', () => {
  it('may rest between requests for longer than one request may take', async () => {
    const connection = await openRaw(running.url);
    connection.send(requestBytes(signInLines, JSON.stringify(bruce)));
    await connection.answers(1);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    connection.send(requestBytes(['GET /livez HTTP/1.1', 'Host: x']));
    const answers = await connection.answers(2);
    connection.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });
});
