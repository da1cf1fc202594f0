import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundledBinary } from '../cli/run-foyer.ts';
import { type Answer, Client, headerOf } from './client.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { deviceHeaders, type Person } from './house.ts';
import { type Random, startRandom } from './random.ts';

const requests = Number(process.env.FOYER_FAULTS_REQUESTS ?? 100_000);
const devices = 400;
const busyAtOnce = 40;
/** A page asks for several things at the same time, on as many connections as browsers open to a host. */
const mostParallel = 6;

const foyer = bundledBinary();
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(foyer, { people: devices, env: { FOYER_TOKEN_MODE: 'rotating' } });
});
afterAll(() => cluster?.stop());

interface Tally {
  answered: number;
  signedOut: number;
  /** Anything but 200 that is no sign-out either. */
  failed: number;
  faults: string[];
}

/**
 * One page of a device: some requests at once with the token it has, then it keeps the newest token it was given. Now and
 * then the page is left before the answers are read, so that the next one comes with the old token.
 */
async function openPage(device: Person, expiries: Map<number, number>, tabs: Client[], random: Random, tally: Tally) {
  const isLeft = random.between(1, 50) === 1;
  const headers = deviceHeaders(device);
  const parallel = tabs.slice(0, random.between(2, mostParallel));
  await Promise.all(
    parallel.map(async (tab) => {
      const isUpdate = random.between(1, 20) === 1;
      const name = `Visitor ${random.between(1, 1_000_000)}`;
      const answer = await tab.send(
        isUpdate
          ? { line: 'PUT /api/v4/auth', headers, body: { name } }
          : { line: 'GET /api/v4/auth/validate_token', headers },
      );
      tally.answered += 1;
      if (answer instanceof Error || answer.status !== 200) {
        const isSignOut = !(answer instanceof Error) && [401, 404].includes(answer.status);
        if (isSignOut) tally.signedOut += 1;
        else tally.failed += 1;
        tally.faults.push(answer instanceof Error ? answer.message : `${answer.status} ${answer.body}`);
        return;
      }
      if (!isLeft) takeOver(answer, device, expiries, tally);
    }),
  );
}

/** What the client libraries do: a token with an expiry that is not earlier replaces the one they have. */
function takeOver(answer: Answer, device: Person, expiries: Map<number, number>, tally: Tally): void {
  const token = headerOf(answer, 'access-token') ?? '';
  const expiry = Number(headerOf(answer, 'expiry'));
  if (!/^[\w-]{22}$/.test(token) || !(expiry >= (expiries.get(device.id) ?? 0))) {
    tally.faults.push(`token ${JSON.stringify(token)}, expiry ${expiry}`);
    return;
  }
  device.token = token;
  expiries.set(device.id, expiry);
}

it(`nobody is signed out in ${requests} requests with rotating tokens over three nodes`, async () => {
  const random = startRandom('rotating tokens');
  const resting = [...cluster.house.people];
  const expiries = new Map<number, number>();
  const tally: Tally = { answered: 0, signedOut: 0, failed: 0, faults: [] };
  const begin = performance.now();
  const browse = async (): Promise<void> => {
    const tabs = Array.from({ length: mostParallel }, () => new Client(cluster.url));
    while (tally.answered < requests && tally.faults.length < 20) {
      const [device] = resting.splice(random.between(0, resting.length - 1), 1);
      await openPage(device!, expiries, tabs, random, tally);
      resting.push(device!);
    }
    for (const tab of tabs) tab.close();
  };
  await Promise.all(Array.from({ length: busyAtOnce }, browse));
  const seconds = (performance.now() - begin) / 1000;
  console.log(
    `rotating tokens: ${tally.answered} requests of ${devices} devices in ${seconds.toFixed()} s, ` +
      `${tally.signedOut} false sign-outs, ${tally.failed} other failures`,
  );
  expect(tally.faults).toEqual([]);
  expect(tally.answered).toBeGreaterThanOrEqual(requests);
}, 900_000);
