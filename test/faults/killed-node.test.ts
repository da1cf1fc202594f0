import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledBinary, eventually, type Served } from '../cli/run-foyer.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { furnish, type House } from './house.ts';
import { describeOutcome, keepWriting } from './keep-writing.ts';
import { type Random, startRandom } from './random.ts';
import { findHalfWritten, readContents, withDatabase } from './read-database.ts';
import { crewOf, type Writer } from './writers.ts';

const kills = 20;
const concurrentWriters = 200;

const foyer = bundledBinary();

describe.each(databaseKinds)('a node on %s that is killed in the middle of 200 concurrent writes', (kind) => {
  let database: FreshDatabase;
  let house: House;
  let random: Random;
  let node: Served | undefined;

  beforeAll(async () => {
    random = startRandom(`kill -9 on ${kind}`);
    database = await freshDatabaseUrl(kind);
    house = await furnish(database.url, concurrentWriters);
  });
  afterAll(async () => {
    node?.kill('SIGKILL');
    await node?.ended;
    await database.drop();
  });

  const startNode = () =>
    foyer.serve('serve', {
      FOYER_DATABASE_URL: database.url,
      // What is looked for in the outbox afterwards must not be taken out by a worker.
      FOYER_JOBS: 'off',
      FOYER_RATE_LIMIT: 'off',
      // All shall be under way at once, and hashes leave the machine some time for the rest.
      FOYER_HASH_MAX_WAIT_MS: '60000',
      FOYER_HASH_CONCURRENCY: '1',
      FOYER_LOG_REQUESTS: 'none',
    });

  /** Writes until so many answers have come, then ends the node without a warning. Gives how many there were. */
  const writeAndKill = async (served: Served, crew: readonly Writer[], answersBefore: number, delayMs: number) => {
    let acknowledged = 0;
    let isKilled = false;
    const unexpected = new Set<string>();
    const kill = (): void => {
      isKilled = true;
      served.kill('SIGKILL');
    };
    await keepWriting(served.url, crew, {
      isOver: () => isKilled,
      onAttempt: (attempt) => {
        const { outcome } = attempt;
        if (!(outcome instanceof Error) && outcome.status === 200) acknowledged += 1;
        // Too many at once may be told to come back; that is no promise.
        else if (!isKilled && describeOutcome(attempt) !== '503') unexpected.add(describeOutcome(attempt));
        if (acknowledged === answersBefore) setTimeout(kill, delayMs);
      },
    });
    await served.ended;
    expect([...unexpected]).toEqual([]);
    return acknowledged;
  };

  it('has kept every acknowledged write and no half of any, twenty times', async () => {
    const crew = crewOf(house, concurrentWriters, 'crew');
    // A second of work or two, whatever the database needs for a commit.
    const mostAnswers = kind === 'sqlite' ? 600 : 150;
    let total = 0;
    node = await startNode();
    for (let round = 1; round <= kills; round += 1) {
      total += await writeAndKill(node, crew, random.between(1, mostAnswers), random.between(0, 5));
      if (kind === 'postgres') await eventually(() => isLeftAlone(database.url));
      node = await startNode();
      const contents = await readContents(database.url);
      const lost = crew.flatMap((writer) => writer.faults(contents));
      expect({ round, lost, halfWritten: await findHalfWritten(database.url) }).toEqual({
        round,
        lost: [],
        halfWritten: [],
      });
    }
    console.log(`kill -9 on ${kind}: ${kills} kills, ${total} acknowledged writes, none lost, none half written`);
  });
});

/** True once the database server has noticed that the node is gone; until then it may still be committing. */
async function isLeftAlone(url: string): Promise<boolean> {
  return withDatabase(url, async (select) => {
    const name = new URL(url).pathname.slice(1);
    const others = await select(
      `select pid from pg_stat_activity where datname = '${name}' and application_name = 'foyer'`,
    );
    return others.length === 0;
  });
}
