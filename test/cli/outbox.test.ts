import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { composeAccounts } from '../../src/compose-accounts.ts';
import { loadConfig } from '../../src/config.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { addCustomer, at, saveTopology, smallTopology } from '../fixtures.ts';
import { bundledBinary } from './run-foyer.ts';

const foyer = bundledBinary();
const chainId = 123;

describe.each(databaseKinds)('foyer outbox on %s', (kind) => {
  let database: FreshDatabase;
  let env: Record<string, string>;
  let store: OpenStore;
  let ada: number;
  const outbox = (...args: string[]) => foyer.run(['outbox', ...args], env);

  beforeAll(async () => {
    database = await freshDatabaseUrl(kind);
    env = { FOYER_DATABASE_URL: database.url };
    ({ store } = composeAccounts({ config: loadConfig(env, 'tool') }));
    await store.migrate();
    await saveTopology(store, smallTopology);
    ada = await addCustomer(store, { id: 402, email: 'ada@example.org' });
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  // One that was refused, one whose erasure was, and one that waits.
  beforeEach(async () => {
    await store.transaction(async ({ queue }) => {
      const order = (customerId: number, changes: object = {}) => ({
        chainId,
        customerId,
        wantsPush: true,
        wantsPull: false,
        erasure: null,
        requestId: 'r-1',
        ...changes,
      });
      for (const state of ['dead', 'waiting'] as const) await queue.discard({ chainId, state }, [402, 403, 404], true);
      await queue.enqueue([order(ada), order(403, { erasure: { spaazaUserId: 77 } })], at(0));
      for (const row of await queue.claim(chainId, 2, { token: 't', until: at(30) }, at(0))) {
        const failure = {
          attempts: 1,
          firstFailedAt: at(0),
          dueAt: at(2),
          errorCode: '9003',
          errorText: 'add-user was answered 400, code 9003 stand_in_birthday_invalid',
        };
        const claim = { chainId, customerId: row.customerId, revision: row.revision, leaseToken: 't' };
        await queue.bury(claim, failure, row.erasure === null ? '{"email":"***","birthday":"***"}' : null);
      }
      await queue.enqueue([order(404)], at(10));
    });
  });

  it('lists what was given up and what waits, in aligned columns', async () => {
    const { code, stdout, stderr } = await outbox('list');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      'CHAIN  CUSTOMER  STATE    WANTS    WAITS SINCE              TRIES  NEXT TRY                 CODE  REASON',
      '123    402       dead     push     2024-05-17 10:00:00 UTC  1      -                        9003  add-user was answered 400, code 9003 stand_in_birthday_invalid',
      '123    403       dead     erasure  2024-05-17 10:00:00 UTC  1      -                        9003  add-user was answered 400, code 9003 stand_in_birthday_invalid',
      '123    404       waiting  push     2024-05-17 10:00:10 UTC  0      2024-05-17 10:00:10 UTC  -     -',
      '',
    ]);
  });

  it('filters, and goes from page to page', async () => {
    expect((await outbox('list', '--state', 'waiting', '--older-than', '1d')).stdout).toMatch(/ 404 /);
    expect((await outbox('list', '--code', '68')).stdout).toBe('There is nothing of that kind.\n');
    const first = await outbox('list', '--limit', '2');
    const cursor = /^There are more: --after (\S+)\n$/.exec(first.stderr)?.[1];
    const { document } = await foyer.json(['outbox', 'list', '--limit', '2', '--after', cursor!], env);
    expect(document).toMatchObject({ deliveries: [{ customer: 404 }], next_cursor: null });
  });

  it('counts by code, and tells whether the chain rests', async () => {
    const { stdout } = await outbox('list', '--by-code');
    expect(stdout).toMatch(/^123 +dead +9003 +2 +2024-05-17 10:00:00 UTC$/m);
    expect(stdout).toMatch(/^123 +waiting +- +1 +2024-05-17 10:00:10 UTC$/m);
    expect(stdout).toContain('Chain 123: link off, last success -');
    expect((await foyer.json(['outbox', 'list', '--by-code'], env)).document).toMatchObject({
      chains: [{ chain: 123, is_on: false, paused_until: null, groups: [{ code: '9003', count: 2 }, { code: null }] }],
      undispatched: 0,
    });
  });

  it('shows which fields would be sent, and no value', async () => {
    const { stdout } = await outbox('show', 'ada@example.org');
    expect(stdout).toMatch(/^Customer 402\nChain 123, dead\n/);
    expect(stdout).toMatch(/^ {2}would send +email, birthday$/m);
    expect(stdout).toMatch(/^ {2}code +9003$/m);
    const { document } = await foyer.json(['outbox', 'show', '403'], env);
    expect(document).toMatchObject({
      is_customer: false,
      deliveries: [{ wants: ['erasure'], spaaza_user_id: 77, sent_fields: null }],
    });
    const nobody = await outbox('show', 'nobody@example.org');
    expect([nobody.code, nobody.stderr]).toEqual([4, 'foyer: There is no such customer.\n']);
  });

  it('replays by code after having counted, and tells the history who did', async () => {
    expect((await outbox('replay', '--code', '9003', '--dry-run')).stdout).toBe('Would replay 2 rows.\n');
    expect((await store.queue.find(chainId, ada))?.state).toBe('dead');
    expect((await outbox('replay', '--code', '9003')).stdout).toBe('Replayed 2 rows.\n');
    expect(await store.queue.find(chainId, ada)).toMatchObject({ state: 'waiting', attempts: 1, errorCode: null });
    const history = await foyer.run(['customer', 'history', '402', '--field', 'delivery.123'], env);
    expect(history.stdout).toContain('"replayed"');
  });

  it('discards one customer’s, and keeps erasures until they are named', async () => {
    expect((await outbox('discard', '402')).stdout).toBe('Discarded 1 row.\n');
    expect(await store.queue.find(chainId, ada)).toBeUndefined();
    const kept = await outbox('discard', '--all');
    expect(kept.stdout).toBe('Discarded 0 rows. 1 row stays, being an erasure: see --erasures.\n');
    const { document } = await foyer.json(['outbox', 'discard', '--all', '--erasures'], env);
    expect(document).toEqual({ is_dry_run: false, discarded: 1, kept_erasures: 0 });
  });

  it.each([
    ['a replay of nothing in particular', ['replay'], 2, 'Name a customer, or say which with --code, or --all.'],
    ['a discard of a whole chain by slip', ['discard', '--chain', '123'], 2, 'or --all'],
    ['an age that is none', ['list', '--older-than', 'long'], 2, 'It is a number with s, m, h or d behind it.'],
    ['a cursor that is none', ['list', '--after', 'x'], 2, 'what the list before it ended with'],
    ['a chain that is not there', ['list', '--chain', '7'], 4, 'The topology has no chain 7'],
  ])('refuses %s', async (_what, args, exitCode, message) => {
    const { code, stdout, stderr } = await outbox(...args);
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toContain(message);
  });
});
