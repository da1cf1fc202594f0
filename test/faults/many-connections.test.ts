import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryOf } from '../../bench/processes.ts';
import { bundledBinary, eventually, type Served } from '../cli/run-foyer.ts';
import { type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { scriptOfSuite } from '../own-process.ts';
import { ask } from './client.ts';
import { deviceHeaders, furnish, type House, partnerHeaders } from './house.ts';

const slowClients = 500;
const requestSeconds = 3;
const idleClients = 10_000;
const mostMegabytes = 300;

const foyer = bundledBinary();
const keepIdle = scriptOfSuite(`
  import { keepIdle } from './test/faults/idle-clients.ts';
  await keepIdle(JSON.parse(process.argv[2]));
`);
let database: FreshDatabase;
let house: House;
let node: Served;

beforeAll(async () => {
  database = await freshDatabaseUrl('sqlite');
  house = await furnish(database.url, 10);
  node = await foyer.serve('serve', {
    FOYER_DATABASE_URL: database.url,
    FOYER_REQUEST_TIMEOUT_SECONDS: String(requestSeconds),
    FOYER_LOG_REQUESTS: 'none',
  });
});
afterAll(async () => {
  node?.kill('SIGKILL');
  await node?.ended;
  await database.drop();
});

const openFiles = () => readdirSync(`/proc/${node.pid}/fd`).length;

/** Asks for what customers and the platform ask for most; all of it must be answered. */
async function serveOthers(rounds: number): Promise<void> {
  const [person] = house.people;
  for (let round = 1; round <= rounds; round += 1) {
    const answers = await Promise.all([
      ask(node.url, { line: 'GET /api/v4/auth/validate_token', headers: deviceHeaders(person!) }),
      ask(node.url, { line: `GET /rest/V1/spaaza/customer/user_info/${person!.id}`, headers: partnerHeaders(house) }),
      ask(node.url, { line: 'PUT /api/v4/auth', headers: deviceHeaders(person!), body: { name: `Round ${round}` } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  }
}

/** Sends a byte four times a second for as long as anybody listens; resolves with the answer and the seconds it took. */
function trickle(start: string, rest: string): Promise<{ seconds: number; answer: string }> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(node.url);
    const begin = performance.now();
    const socket: Socket = connect(Number(port), hostname);
    let answer = '';
    let place = 0;
    socket.write(start);
    const timer = setInterval(() => socket.write(rest[place++ % rest.length]!), 250);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ seconds: (performance.now() - begin) / 1000, answer });
    });
  });
}

describe('a node with very many connections', () => {
  it('cuts off 500 clients who send a byte at a time, and serves everybody else meanwhile', async () => {
    const filesBefore = openFiles();
    const body =
      'POST /api/v4/auth/sign_in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n';
    const slow = Array.from({ length: slowClients }, (_, index) =>
      index % 2 === 0 ? trickle('GET /api/v4/version HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'slow') : trickle(body, ' '),
    );
    await eventually(() => openFiles() >= filesBefore + slowClients);
    await serveOthers(10);
    const ends = await Promise.all(slow);
    const longest = Math.max(...ends.map(({ seconds }) => seconds));
    console.log(
      `${slowClients} slow clients: cut off after ${longest.toFixed(1)} s at most, limit ${requestSeconds} s`,
    );
    expect(ends.filter(({ answer }) => !answer.startsWith('HTTP/1.1 408 '))).toEqual([]);
    // Late ones are looked for once a second.
    expect(longest).toBeLessThan(requestSeconds + 5);
    await eventually(() => openFiles() <= filesBefore + 5);
  });

  it('keeps 10,000 idle connections in bounded memory, goes on serving, and lets them go', async () => {
    const allowed = Number(/Max open files +\d+ +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
    expect(allowed, 'raise `ulimit -n`: every connection is a file on either side').toBeGreaterThan(idleClients + 500);
    const filesBefore = openFiles();
    const before = memoryOf(node.pid)!.residentMb;
    const leave = await new Promise<() => void>((resolve, reject) => {
      const order = JSON.stringify({ url: node.url, count: idleClients });
      const ended = keepIdle([order], (_line, kill) => resolve(kill));
      ended.then(() => reject(new Error('The idle clients ended before they were all there')), reject);
    });
    const filesWith = openFiles();
    await serveOthers(20);
    const { residentMb, peakMb } = memoryOf(node.pid)!;
    leave();
    console.log(
      `${filesWith - filesBefore} idle connections: ${residentMb} MB resident (${before} MB before, ${peakMb} MB at most)`,
    );
    expect(filesWith - filesBefore).toBeGreaterThanOrEqual(idleClients);
    expect(peakMb).toBeLessThan(mostMegabytes);
    await eventually(() => openFiles() <= filesBefore + 5);
    await serveOthers(5);
  });
});
