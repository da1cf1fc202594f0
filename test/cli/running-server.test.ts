import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { bundledBinary, eventually, type Served } from './run-foyer.ts';

const foyer = bundledBinary();

describe.each(databaseKinds)('a running server on %s', (kind) => {
  let database: FreshDatabase;
  let env: Record<string, string>;
  let served: Served;

  beforeAll(async () => {
    database = await freshDatabaseUrl(kind);
    env = { FOYER_DATABASE_URL: database.url, FOYER_RATE_LIMIT: 'off' };
    if (kind === 'postgres') expect((await foyer.run(['migrate'], env)).code).toBe(0);
    served = await foyer.serve('serve', env);
  });
  afterAll(async () => {
    served.kill('SIGKILL');
    await served.ended;
    await database.drop();
  });

  const statusOf = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`${served.url}${path}`, { headers })).status;
  const statusWithKey = (key: string) => statusOf('/api/v4/customers', { authorization: `Bearer ${key}` });
  const signInFrom = async (host: string): Promise<number> => {
    const response = await fetch(`${served.url}/api/v4/auth/sign_in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-shop-url': host },
      body: JSON.stringify({ email: 'nobody@example.org', password: 'wrong' }),
    });
    return response.status;
  };

  it('says in its log that a file was not there', () => {
    const made = /"database":"(sqlite:[^"]+)","msg":"the database was not there and has been made"/.exec(
      served.stdout(),
    );
    expect(made?.[1]).toBe(kind === 'sqlite' ? database.url : undefined);
  });

  it('was given the default topology', async () => {
    const { document } = await foyer.json(['topology', 'show'], env);
    expect(document).toMatchObject({ is_stored: true, topology: { stores: [{ hosts: ['localhost'] }] } });
  });

  it('accepts a key made meanwhile, and refuses it when it is revoked', async () => {
    expect(await statusWithKey('foyer_nothing')).toBe(401);
    const { document } = await foyer.json(['key', 'create', 'shop', '--scope', 'customer_read'], env);
    const { id, key } = document as { id: number; key: string };
    await eventually(async () => (await statusWithKey(key)) === 200);
    expect((await foyer.run(['key', 'revoke', String(id)], env)).code).toBe(0);
    await eventually(async () => (await statusWithKey(key)) === 401);
  });

  it('does not know the key of the demo', async () => {
    expect(await statusWithKey('foyer-demo-key')).toBe(401);
    expect(await statusOf('/rest/V1/spaaza/customer/user_info/1', { authorization: 'Bearer foyer-demo-key' })).toBe(
      401,
    );
  });

  it('answers to a host that the topology was given meanwhile', async () => {
    const known = await signInFrom('localhost');
    const unknown = await signInFrom('tickets.example');
    expect(unknown).not.toBe(known);
    const { stdout } = await foyer.run(['topology', 'show'], env);
    const changed = stdout.replace('hosts: [localhost]', 'hosts: [localhost, tickets.example]');
    expect((await foyer.run(['topology', 'apply', '-'], env, changed)).stdout).toContain('Applied 1 change.');
    await eventually(async () => (await signInFrom('tickets.example')) === known);
  });

  it('closes and opens its doors with maintenance', async () => {
    const statusOfHealth = async () =>
      ((await (await fetch(`${served.url}/health`)).json()) as { status: string }).status;
    expect((await foyer.run(['maintenance', 'on'], env)).code).toBe(0);
    await eventually(async () => (await signInFrom('localhost')) === 503);
    expect(await statusOfHealth()).toBe('maintenance');
    expect((await foyer.run(['maintenance', 'off'], env)).code).toBe(0);
    await eventually(async () => (await signInFrom('localhost')) !== 503);
    expect(await statusOfHealth()).toBe('ok');
  });

  it('is what the doctor finds on its port', async () => {
    const { code, document } = await foyer.json(['doctor'], { ...env, FOYER_PORT: new URL(served.url).port });
    expect(code).toBe(0);
    const { checks } = document as { checks: { check: string }[] };
    expect(checks.find(({ check }) => check === 'port')).toMatchObject({
      status: 'ok',
      message: expect.stringContaining('is served by Foyer'),
    });
  });

  it('lets a request under way finish after SIGTERM, and ends with code 0', async () => {
    const { hostname, port } = new URL(served.url);
    const body = JSON.stringify({ email: 'nobody@example.org', password: 'wrong' });
    const socket = connect(Number(port), hostname);
    const answer = text(socket);
    socket.write(
      `POST /api/v4/auth/sign_in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
        `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body.slice(0, 10)}`,
    );
    // The server has read the beginning once it has answered somebody who came later.
    expect(await statusOf('/livez')).toBe(200);
    served.kill('SIGTERM');
    await eventually(() => served.stdout().includes('"msg":"stopping"'));
    socket.write(body.slice(10));
    expect(await answer).toMatch(/^HTTP\/1\.1 401 /);
    const { code, stderr } = await served.ended;
    expect([code, stderr]).toEqual([0, '']);
  });

  it('starts again on what it left', async () => {
    served = await foyer.serve('serve', env);
    expect(await statusOf('/readyz')).toBe(200);
    served.kill('SIGINT');
    expect((await served.ended).code).toBe(0);
  });
});
