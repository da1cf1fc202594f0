import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestContext } from '../../src/accounts/access.ts';
import { createAccounts } from '../../src/accounts/index.ts';
import { demoTopology } from '../../src/demo.ts';
import { databaseKinds, type FreshDatabase } from '../dialects.ts';
import { openSession } from '../fixtures.ts';
import { demoDatabase } from './demo-database.ts';
import { bundledBinary } from './run-foyer.ts';

const foyer = bundledBinary();
const [shop] = demoTopology.shops;

describe.each(databaseKinds)('foyer customer consents on %s', (kind) => {
  let database: FreshDatabase;
  let env: Record<string, string>;
  const consents = (...args: string[]) => foyer.run(['customer', 'consents', ...args], env);

  beforeAll(async () => {
    ({ database, env } = await demoDatabase(kind, async ({ deps, store }) => {
      let now = '2024-05-17T10:00:00.250Z';
      const then = createAccounts({ ...deps, now: () => now });
      const own: RequestContext = { actor: { kind: 'customer', id: 402 }, origin: 'gomus', requestId: 'own-request' };
      const join = async (groupIds: number[]) => {
        const account = (await store.customers.findById(402))!;
        const sessionId = await openSession(store, 402);
        await then.updateOwnAccount(
          { account, sessionId, shop: shop!, changes: {}, newsletter: { groupIds }, problems: [] },
          own,
        );
      };
      // The groups that the demo's customer comes with are out of the way.
      await join([]);
      await store.transaction((tx) => tx.consents.deleteByCustomer(402));
      await join([2]);
      now = '2024-05-17T11:00:00.500Z';
      await join([2, 8]);
      now = '2024-05-17T12:00:00.750Z';
      await join([8]);
    }));
  });
  afterAll(() => database.drop());

  it('shows what holds now and all that was stated, newest first', async () => {
    const { code, stdout, stderr } = await consents('402');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        'Customer 402, what holds now',
        'CONSENT                             GIVEN  SINCE                        BY            FROM   REQUEST',
        'newsletter 2 (Exhibitions)          no     2024-05-17 12:00:00.750 UTC  customer 402  gomus  own-request',
        'newsletter 8 (Night at the museum)  yes    2024-05-17 11:00:00.500 UTC  customer 402  gomus  own-request',
        '',
        'All statements, newest first',
        'WHEN                         CONSENT                             GIVEN  BY            FROM   REQUEST',
        '2024-05-17 12:00:00.750 UTC  newsletter 2 (Exhibitions)          no     customer 402  gomus  own-request',
        '2024-05-17 11:00:00.500 UTC  newsletter 8 (Night at the museum)  yes    customer 402  gomus  own-request',
        '2024-05-17 10:00:00.250 UTC  newsletter 2 (Exhibitions)          yes    customer 402  gomus  own-request',
        '',
      ].join('\n'),
    );
  });

  it('is one document with --json, and says when there is more', async () => {
    const { document } = await foyer.json(['customer', 'consents', '402', '--limit', '2'], env);
    expect(document).toMatchObject({
      customer_id: 402,
      standing: [
        { consent: 'newsletter', group: 2, is_given: false },
        { consent: 'newsletter', group: 8, is_given: true },
      ],
      statements: [{ group: 2, is_given: false }, { group: 8 }],
      has_more: true,
    });
    expect((await consents('402', '--limit', '2')).stderr).toBe('There are older statements: --limit shows more.\n');
  });

  it('says so when nothing was ever stated, or nobody is meant', async () => {
    expect(await consents('39')).toEqual({ code: 0, stdout: 'Customer 39\nNothing was ever stated.\n', stderr: '' });
    expect(await consents('nobody@example.org')).toMatchObject({ code: 4, stdout: '' });
    expect(await consents('402', '--limit', '0')).toMatchObject({ code: 2, stdout: '' });
  });
});
