import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { serveDatabase } from '../start-app.ts';
import { bruce, metric, send, signIn } from './clients.ts';
import { openRaw, requestBytes } from './raw-http.ts';

/** The built server in a process of its own. */
interface Served {
  child: ChildProcess;
  url: string;
  log(): string;
  exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

let database: FreshDatabase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await freshDatabaseUrl('sqlite');
  await (await serveDatabase(database.url)).stop();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.drop();
});

async function serve(env: Record<string, string> = {}): Promise<Served> {
  const child = spawn(process.execPath, [inject('program'), 'serve'], {
    env: {
      PATH: process.env.PATH,
      FOYER_PORT: '0',
      FOYER_DATABASE_URL: database.url,
      FOYER_RATE_LIMIT: 'off',
      FOYER_HASH_CONCURRENCY: '1',
      FOYER_HASH_MAX_WAIT_MS: '60000',
      FOYER_SHUTDOWN_SECONDS: '30',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (log += chunk));
  const exit: Served['exit'] = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  await expect.poll(() => log, { timeout: 20_000 }).toContain('"address"');
  const url = /"address":"([^"]+)"/.exec(log)![1]!;
  return { child, url, log: () => log, exit };
}

/** True when nothing accepts connections at the address any more. */
const isRefused = (url: string): Promise<boolean> =>
  openRaw(url).then(
    (connection) => {
      connection.close();
      return false;
    },
    () => true,
  );

describe('a server that is told to stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s answers every sign-in under way, and refuses new connections meanwhile',
    async (signal) => {
      const { child, url, log, exit } = await serve();
      let answered = 0;
      const signIns = Array.from({ length: 50 }, async () => {
        const answer = await signIn(url, bruce);
        answered += 1;
        return answer;
      });
      const received = async () =>
        (await metric(url, 'foyer_hash_queue_length')) +
        (await metric(url, 'foyer_hash_running')) +
        (await metric(url, 'foyer_hashes_total'));
      await expect.poll(received, { interval: 5 }).toBeGreaterThanOrEqual(50);
      expect(answered).toBeLessThan(50);

      child.kill(signal);
      await expect.poll(() => isRefused(url), { interval: 5 }).toBe(true);
      expect(answered).toBeLessThan(50);
      child.kill(signal);

      const answers = await Promise.all(signIns);
      expect(answers.map(({ status }) => status)).toEqual(new Array(50).fill(200));
      expect(await exit).toEqual({ code: 0, signal: null });
      expect(log()).not.toMatch(/"level":(?:40|50|60)/);
    },
  );

  it('keeps what it has answered', async () => {
    const first = await serve();
    const token = (await signIn(first.url, bruce)).headers;
    first.child.kill('SIGTERM');
    await first.exit;
    const second = await serve();
    const headers = Object.fromEntries(['access-token', 'client', 'uid'].map((name) => [name, token.get(name)!]));
    expect((await send(`${second.url}/api/v4/auth/validate_token`, { headers })).status).toBe(200);
    second.child.kill('SIGTERM');
    await second.exit;
  });

  it('answers what was on its way on a connection that rested, and closes it then', async () => {
    const { child, url, exit } = await serve();
    const proxy = await openRaw(url);
    proxy.send(requestBytes(['GET /livez HTTP/1.1', 'Host: x']));
    await proxy.answers();
    child.kill('SIGTERM');
    await expect.poll(() => isRefused(url), { interval: 5 }).toBe(true);
    proxy.send(requestBytes(['GET /livez HTTP/1.1', 'Host: x']));
    const [, last] = await proxy.answers(2);
    expect(last).toMatchObject({ status: 200, headers: { connection: ['close'] } });
    await proxy.closed;
    expect((await exit).code).toBe(0);
  });

  it('closes idle connections, and does not wait for ever for a client that never ends its request', async () => {
    const { child, url, exit } = await serve({ FOYER_SHUTDOWN_SECONDS: '1' });
    const idle = await openRaw(url);
    idle.send(requestBytes(['GET /livez HTTP/1.1', 'Host: x']));
    await idle.answers();
    const hanging = await openRaw(url);
    hanging.send(requestBytes(['POST /api/v4/auth/sign_in HTTP/1.1', 'Host: x', 'Content-Length: 100'], '{'));
    // Its request must have arrived before the signal does.
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGTERM');
    await Promise.all([idle.closed, hanging.closed]);
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it('stops as well while nothing is going on', async () => {
    const { child, exit } = await serve();
    child.kill('SIGTERM');
    expect(await exit).toEqual({ code: 0, signal: null });
  });
});
