import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledBinary } from '../cli/run-foyer.ts';
import { type Answer, ask, Client, jsonOf, type Wanted } from './client.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { partnerHeaders, password } from './house.ts';
import { describeOutcome, startLoad } from './keep-writing.ts';
import { findHalfWritten, readContents, withDatabase } from './read-database.ts';
import { crewOf, readersOf } from './writers.ts';

const foyer = bundledBinary();

describe('three nodes behind the balancer', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(foyer, { people: 60 });
  });
  afterAll(() => cluster?.stop());

  it('lose less than one request in a hundred for less than five seconds when one is killed, and nothing acknowledged', async () => {
    const { house, nodes, databaseUrl } = cluster;
    const crew = crewOf(house, 40, 'cluster');
    const load = startLoad(cluster.url, [...crew, ...readersOf(house, 60)]);
    const { attempts } = load;
    let killedAt = 0;
    try {
      await pause(2_000);
      killedAt = performance.now();
      nodes[1]!.kill('SIGKILL');
      await nodes[1]!.ended;
      await pause(5_500);
      await cluster.restart(1);
      await pause(3_000);
    } finally {
      await load.stop();
    }

    const failed = attempts.filter((attempt) => describeOutcome(attempt) !== '200');
    const share = failed.length / attempts.length;
    const lastMs = Math.max(0, ...failed.map(({ endedAt }) => endedAt - killedAt));
    const outcomes = new Map<string, number>();
    for (const each of failed) {
      const what = `${each.kind} ${describeOutcome(each)}`;
      outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
    }
    console.log(
      `one of three nodes killed: ${attempts.length} requests, ${failed.length} failed (${(share * 100).toFixed(2)} %), ` +
        `the last ${lastMs.toFixed()} ms after the kill; ${JSON.stringify(Object.fromEntries(outcomes))}`,
    );
    expect(share).toBeLessThan(0.01);
    expect(lastMs).toBeLessThan(5_000);
    expect(failed.filter(({ endedAt }) => endedAt < killedAt)).toEqual([]);
    // The node that came back is asked again.
    const { body } = await ask(nodes[1]!.url, { line: 'GET /metrics' });
    expect(body.toString()).toMatch(/foyer_http_request_duration_seconds_count\{.*route="\/api\/v4\/auth/);

    const contents = await readContents(databaseUrl);
    expect(crew.flatMap((writer) => writer.faults(contents))).toEqual([]);
    expect(await findHalfWritten(databaseUrl)).toEqual([]);
  });

  /** Sends the same to two nodes at the same time. */
  const sendTwice = async (wanted: Wanted, turn: number): Promise<Answer[]> => {
    const urls = [0, 1].map((offset) => cluster.nodes[(turn + offset) % 3]!.url);
    const clients = urls.map((url) => new Client(url));
    const answers = await Promise.all(clients.map((client) => client.send(wanted)));
    for (const client of clients) client.close();
    for (const answer of answers) if (answer instanceof Error) throw answer;
    return answers as Answer[];
  };

  const idsOf = (email: string) =>
    withDatabase(cluster.databaseUrl, async (select) => {
      const rows = await select<{ id: number }>(`select id from customers where normalized_email = '${email}'`);
      return rows.map(({ id }) => id);
    });

  it('make one customer of two equal sign-ups at once, fifty times', async () => {
    for (let turn = 1; turn <= 50; turn += 1) {
      const email = `new.twin.${turn}@example.org`;
      const body = { email, password, name: 'Ada', surname: 'Lovelace', newsletter_groups: '1,3' };
      const answers = await sendTwice({ line: 'POST /api/v4/auth', body }, turn);
      const winner = answers.find(({ status }) => status === 200);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 422]);
      expect(await idsOf(email)).toEqual([(jsonOf(winner!).data as { id: number }).id]);
    }
    expect(await findHalfWritten(cluster.databaseUrl)).toEqual([]);
  });

  it('make one customer of two equal creates by the platform at once, and answer both alike, fifty times', async () => {
    for (let turn = 1; turn <= 50; turn += 1) {
      const email = `link.twin.${turn}@example.org`;
      const userInfo = {
        user_id: 2_000_000 + turn,
        username: email,
        first_name: 'Ada',
        last_name: 'Lovelace',
        address_streetname: 'Dorpstraat',
        address_housenumber: '1',
        address_postalcode: '1000AA',
        address_towncity: 'Amsterdam',
        country_code: 'NL',
      };
      const wanted = {
        line: 'POST /rest/V1/spaaza/customer/update',
        headers: partnerHeaders(cluster.house),
        body: { user_info: userInfo, create_if_not_exists: true, spaaza_chain_id: 123 },
      };
      const answers = await sendTwice(wanted, turn);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      const [id] = await idsOf(email);
      expect([turn, ...answers.map((answer) => jsonOf(answer).id)]).toEqual([turn, id, id]);
      expect(await idsOf(email)).toHaveLength(1);
    }
    expect(await findHalfWritten(cluster.databaseUrl)).toEqual([]);
  });
});
