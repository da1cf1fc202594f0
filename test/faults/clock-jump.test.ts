import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundledBinary, eventually, type Served } from '../cli/run-foyer.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { type Answer, ask, headerOf } from './client.ts';
import { deviceHeaders, furnish, type House, type Person, password } from './house.ts';

const hour = 3_600;
const lockSeconds = 60;
const windowSeconds = 300;

const foyer = bundledBinary();

/** Debian's libfaketime, which tells the whole process, native code included, another time. */
function fakeTimeLibrary(): string {
  const paths = readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`);
  const path = paths.find(existsSync);
  if (path === undefined) throw new Error('libfaketime is missing: apt-get install libfaketime');
  return path;
}

describe.each([
  ['sqlite', 'stable'],
  ['postgres', 'rotating'],
] as const)('a node on %s with %s tokens whose clock jumps', (kind, mode) => {
  let database: FreshDatabase;
  let house: House;
  let node: Served;
  let clock: string;

  beforeAll(async () => {
    database = await freshDatabaseUrl(kind);
    house = await furnish(database.url, 20);
    clock = join(foyer.folder, `clock-${kind}`);
    writeFileSync(clock, '+0s');
    const settings = {
      FOYER_DATABASE_URL: database.url,
      FOYER_TOKEN_MODE: mode,
      FOYER_TRUST_PROXY: '127.0.0.1',
      FOYER_LOCK_FAILURES: '3',
      FOYER_LOCK_SECONDS: String(lockSeconds),
      FOYER_IP_FAILURES: '5',
    };
    node = await foyer.serve('serve', settings, [
      'env',
      `LD_PRELOAD=${fakeTimeLibrary()}`,
      `FAKETIME_TIMESTAMP_FILE=${clock}`,
      // A clock that is set does not disturb the one that only counts.
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
      'FAKETIME_NO_CACHE=1',
    ]);
  });
  afterAll(async () => {
    node?.kill('SIGKILL');
    await node?.ended;
    await database.drop();
  });
  beforeEach(() => setClock(0));

  /** Sets the node's clock so many seconds away from ours; resolves when its answers show it. */
  const setClock = async (offsetSeconds: number): Promise<void> => {
    writeFileSync(`${clock}.next`, `${offsetSeconds >= 0 ? '+' : ''}${offsetSeconds}s`);
    renameSync(`${clock}.next`, clock);
    await eventually(async () => {
      const shown = Date.parse(headerOf(await ask(node.url, { line: 'GET /livez' }), 'date') ?? '');
      return Math.abs(shown - Date.now() - offsetSeconds * 1_000) < 10_000;
    });
  };
  let networks = 0;
  /** A network that nobody signed in from before. */
  const newNetwork = (): string => {
    networks += 1;
    return `X-Forwarded-For: 10.0.${networks}.1`;
  };
  const signIn = (email: string, secret: string, network: string) =>
    ask(node.url, { line: 'POST /api/v4/auth/sign_in', headers: [network], body: { email, password: secret } });
  const retryAfter = (answer: Answer): number => Number(headerOf(answer, 'retry-after'));

  it('signs nobody out, lets everybody in, and never takes back an expiry', async () => {
    const devices: Person[] = house.people.slice(0, 2);
    const expiries = new Map<Person, number>();
    let newcomer = 2;
    for (const offset of [-hour, 0, hour, 0, hour, -hour, 0]) {
      await setClock(offset);
      for (const device of devices) {
        const headers = deviceHeaders(device);
        const answers = await Promise.all([
          ...[1, 2, 3].map(() => ask(node.url, { line: 'GET /api/v4/auth/validate_token', headers })),
          ask(node.url, { line: 'PUT /api/v4/auth', headers, body: { name: `At ${offset}` } }),
        ]);
        expect([offset, ...answers.map(({ status }) => status)]).toEqual([offset, 200, 200, 200, 200]);
        for (const answer of answers) {
          const expiry = Number(headerOf(answer, 'expiry'));
          expect(expiry).toBeGreaterThanOrEqual(expiries.get(device) ?? 0);
          expiries.set(device, expiry);
          device.token = headerOf(answer, 'access-token')!;
        }
      }
      const person = house.people[newcomer]!;
      newcomer += 1;
      const answer = await signIn(person.email, password, newNetwork());
      expect([offset, answer.status]).toEqual([offset, 200]);
      const [clientId, token] = ['client', 'access-token'].map((name) => headerOf(answer, name)!);
      devices.push({ ...person, clientId: clientId!, token: token! });
    }
  });

  it('locks nobody out for longer than twice what was set, and keeps nobody locked who has waited', async () => {
    const lockOut = async ({ email }: Person): Promise<string> => {
      const network = newNetwork();
      for (let attempt = 1; attempt <= 3; attempt += 1) await signIn(email, 'wrong', network);
      const locked = await signIn(email, password, network);
      expect(locked.status).toBe(401);
      expect(retryAfter(locked)).toBeLessThanOrEqual(lockSeconds);
      return network;
    };
    const [first, second] = house.people.slice(15) as [Person, Person];
    const firstNetwork = await lockOut(first);
    const secondNetwork = await lockOut(second);
    await setClock(hour);
    expect((await signIn(first.email, password, firstNetwork)).status).toBe(200);
    // As if the lock had been set an hour from now.
    await setClock(-hour);
    expect((await signIn(second.email, password, secondNetwork)).status).toBe(200);
    await lockOut(house.people[17]!);
  });

  it('limits guesses in a window that ends, before and after', async () => {
    const guessTooOften = async (): Promise<string> => {
      const network = newNetwork();
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        expect((await signIn(`nobody.${attempt}@example.org`, 'wrong', network)).status).toBe(401);
      }
      const limited = await signIn('nobody@example.org', 'wrong', network);
      expect(limited.status).toBe(429);
      expect(retryAfter(limited)).toBeLessThanOrEqual(windowSeconds);
      return network;
    };
    const [first, second] = [await guessTooOften(), await guessTooOften()];
    await setClock(hour);
    expect((await signIn('nobody@example.org', 'wrong', first)).status).toBe(401);
    await setClock(-hour);
    expect((await signIn('nobody@example.org', 'wrong', second)).status).toBe(401);
    await guessTooOften();
  });

  it('has nothing to complain of, and stops as it should', async () => {
    expect((await ask(node.url, { line: 'GET /readyz' })).status).toBe(200);
    node.kill('SIGTERM');
    const { code, stdout, stderr } = await node.ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').filter((line) => /"level":(?:[456]0)/.test(line))).toEqual([]);
  });
});
