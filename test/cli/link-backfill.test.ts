import { describe, expect, it } from 'vitest';
import { databaseKinds } from '../dialects.ts';
import { chainId, linkedDatabaseOfSuite, range } from './linked-database.ts';
import { bundledBinary, eventually } from './run-foyer.ts';

const foyer = bundledBinary();

// Processes of their own on a machine that has other things to do.
describe.each(databaseKinds)('foyer link backfill on %s', { timeout: 90_000 }, (kind) => {
  const linked = linkedDatabaseOfSuite(kind, foyer);
  const backfill = (...args: string[]) => foyer.run(['link', 'backfill', ...args], linked.env);
  const waiting = () => linked.store.queue.count(chainId, 'waiting', 10_000);

  it('counts who would match, and changes nothing', async () => {
    await linked.addCustomers(range(1, 300));
    for (const id of range(1, 100)) {
      linked.fake.addUser({ username: `${id}@example.org`, authentication_point_identifier: String(id) });
    }
    for (const id of range(101, 150)) linked.fake.addUser({ username: `${id}@example.org` });
    const userId = linked.fake.addUser({ username: '151@example.org', authentication_point_identifier: 'pos-9' });
    linked.fake.clearJournal();
    const { code, stdout, stderr } = await backfill('--dry-run');
    expect(stdout).toBe(`Chain 123, customers that are not linked yet
                 CUSTOMERS                 EXAMPLES
known by our id  100        would be tied  1, 2, 3, 4, 5
known by e-mail  50         would be tied  101, 102, 103, 104, 105
not known        149        would be sent  152, 153, 154, 155, 156
ambiguous        1          left alone     151
refused          0          left alone
erased there     0          left alone
0 were linked already.

Customer 151: ambiguous, Spaaza user ${userId}, who has the shop id of somebody else
`);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^match +customers +300 of 300 +100 %/m);
    expect(await waiting()).toBe(0);
    expect(linked.fake.requests().filter(({ endpoint }) => endpoint !== 'get-user')).toEqual([]);
  });

  it('goes on after kill -9 with nobody left out and nobody sent twice', async () => {
    await linked.addCustomers(range(1, 200));
    // Slow enough to be caught in the middle.
    linked.fake.behave({ delayMs: 20 });
    const command = ['link', 'backfill', '--most-waiting', '10000'];
    const isKilled = await linked.killWhen(command, async () => (await waiting()) >= 50);
    expect(isKilled).toBe(true);
    const before = await waiting();
    expect(before).toBeLessThan(200);
    linked.fake.behave({});
    linked.fake.clearJournal();
    const { code, document } = await foyer.json(command, linked.env);
    expect(code).toBe(0);
    expect(document).toMatchObject({ is_resumed: true, is_dry_run: false, customers: { nobody: 200 } });
    expect(await waiting()).toBe(200);
    expect(linked.fake.stats().requests).toBe((200 - before) * 2);
  });

  it('prints a line of JSON for each when asked to, and the sum last', async () => {
    await linked.addCustomers([1, 2]);
    const userId = linked.fake.addUser({ username: '2@example.org' });
    const { stdout } = await backfill('--json', '--verbose');
    const lines = stdout.trimEnd().split('\n');
    const findings = lines.slice(0, -1).map((line) => JSON.parse(line) as unknown);
    expect(findings).toEqual([
      { customer_id: 1, outcome: 'nobody', spaaza_user_id: null, reason: null },
      { customer_id: 2, outcome: 'by_email', spaaza_user_id: userId, reason: null },
    ]);
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[2]!)).toMatchObject({ chain: 123, customers: { nobody: 1, by_email: 1 } });
  });

  it('says how far it came when the platform goes down, and when it lets nobody in', async () => {
    await linked.addCustomers(range(1, 120));
    linked.fake.behave({ errorCode: 6, only: { people: ['110'] } });
    const shutOut = await backfill();
    expect(shutOut.code).toBe(6);
    expect(shutOut.stderr).toMatch(
      /^foyer: Spaaza shuts chain 123 out \(get-user was answered 4\d\d, code 6.*\): check FOYER_SPAAZA_SECRET_123, and hostname and address of the chain\. \d+ of 120 customers were looked at; the same command goes on\.$/m,
    );
    expect(await waiting()).toBe(100);
    linked.fake.behave({ down: true });
    const down = await foyer.json(['link', 'backfill'], linked.env);
    expect([down.code, down.document]).toEqual([
      6,
      {
        error: {
          code: 'platform_unavailable',
          message: expect.stringMatching(
            /^Spaaza could not be asked \(get-user got no answer: \w+\)\. 100 of 120 customers were looked at; the same command goes on\.$/,
          ),
        },
      },
    ]);
  });

  it('ends when no server works on the queue', async () => {
    await linked.addCustomers(range(1, 120));
    const { code, stderr } = await backfill('--most-waiting', '60', '--patience', '1');
    expect(code).toBe(1);
    expect(stderr).toContain('The queue has 50 rows and does not get shorter: does a server run');
  });

  it('ends when another run has gone on from the same place', async () => {
    await linked.addCustomers(range(1, 60));
    // The other one moves while this one waits for its first answers.
    linked.fake.behave({ delayMs: 500 });
    linked.fake.clearJournal();
    const run = backfill();
    await eventually(() => linked.fake.stats().requests > 0);
    await linked.store.transaction(({ chainStates }) => chainStates.save(chainId, { backfillCursor: '{"after":50}' }));
    const { code, stderr } = await run;
    expect(code).toBe(1);
    expect(stderr).toContain('foyer: Another run of this command has gone on from the same place; this one ends.\n');
  });

  it('names the variable that turns the link on, and chains that there are', async () => {
    const { [`FOYER_SPAAZA_SECRET_${chainId}`]: _, ...without } = linked.env;
    const off = await foyer.run(['link', 'backfill'], without);
    expect([off.code, off.stderr]).toEqual([
      2,
      'foyer: The link of chain 123 is off: set FOYER_SPAAZA_SECRET_123, or FOYER_SPAAZA_SECRET_123_FILE.\n',
    ]);
    const unknown = await backfill('--chain', '7');
    expect([unknown.code, unknown.stderr]).toEqual([
      4,
      'foyer: The topology has no chain 7; foyer topology show lists them.\n',
    ]);
  });

  it('ends the pause of a chain', async () => {
    const resume = () => foyer.run(['link', 'resume', '--chain', '123'], linked.env);
    expect((await resume()).stdout).toBe('Chain 123 was not paused.\n');
    const pause = { pausedUntil: '2099-01-01T00:00:00.000Z', pauseReason: '6: no', pauseCount: 1 };
    await linked.store.transaction(({ chainStates }) => chainStates.pause(chainId, pause, '2024-01-01'));
    expect((await resume()).stdout).toBe('Chain 123 was paused until 2099-01-01 00:00:00 UTC (6: no); that is over.\n');
    expect((await linked.store.chainStates.find(chainId)).pausedUntil).toBeNull();
  });
});
