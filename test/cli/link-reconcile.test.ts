import { describe, expect, it } from 'vitest';
import { digestOf, outboundView } from '../../src/accounts/loyalty-link.ts';
import { databaseKinds } from '../dialects.ts';
import { updateById } from '../fixtures.ts';
import { chainId, linkedDatabaseOfSuite, range } from './linked-database.ts';
import { bundledBinary, eventually } from './run-foyer.ts';

const foyer = bundledBinary();

// Processes of their own on a machine that has other things to do.
describe.each(databaseKinds)('foyer link on %s', { timeout: 90_000 }, (kind) => {
  const linked = linkedDatabaseOfSuite(kind, foyer);
  const link = (...args: string[]) => foyer.run(['link', ...args], linked.env);

  /** Makes customers that both sides know and agree on; gives the platform's ids. */
  const addLinked = async (ids: readonly number[]): Promise<number[]> => {
    await linked.addCustomers(ids);
    const userIds = ids.map((id) =>
      linked.fake.addUser({
        username: `${id}@example.org`,
        first_name: 'Grace',
        last_name: 'Hopper',
        authentication_point_identifier: String(id),
      }),
    );
    await linked.store.transaction(async ({ links, customers }) => {
      for (const [index, id] of ids.entries()) {
        const profile = (await customers.findLoyaltyProfile(id, chainId))!;
        const spaazaUserId = userIds[index]!;
        const view = outboundView(profile);
        await links.save({ ...profile.link, spaazaUserId, memberNumber: `99${spaazaUserId}` });
        await links.agree(id, chainId, { view, ...digestOf(view), syncedAt: '2026-01-01T00:00:00.000Z' });
      }
    });
    linked.fake.clearJournal();
    return userIds;
  };

  it('compares all customers, counts by field, and ends with 5 when something differs', async () => {
    const userIds = await addLinked(range(1, 120));
    expect(await link('reconcile')).toEqual({
      code: 0,
      stdout: `Chain 123 compared with Spaaza
CUSTOMERS                    EXAMPLES
the same on both sides  120
`,
      stderr: expect.stringMatching(/^compare +customers +120 of 120 +100 %/m),
    });
    linked.fake.changeUser(userIds[6]!, { phone_number: '040 2', address_towncity: 'Utrecht' });
    linked.fake.changeUser(userIds[7]!, { phone_number: '040 3' });
    linked.fake.eraseUser(userIds[8]!);
    const { code, stdout } = await link('reconcile', '--verbose');
    expect(code).toBe(5);
    expect(
      stdout,
    ).toBe(`Customer 7, Spaaza user ${userIds[6]}: not the same: phone (changed there), city (changed there)
Customer 8, Spaaza user ${userIds[7]}: not the same: phone (changed there)
Customer 9, Spaaza user ${userIds[8]}: linked, erased there
Chain 123 compared with Spaaza
CUSTOMERS                    EXAMPLES
the same on both sides  117
not the same            2    7, 8
linked, erased there    1    9

FIELD  DIFFERS
phone  2
city   1
`);
    const { document } = await foyer.json(['link', 'reconcile'], linked.env);
    expect(document).toMatchObject({
      chain: 123,
      is_repair: false,
      customers: { agreed: 117, differs: 2, erased: 1 },
      fields: { phone: 2, city: 1 },
      examples: {
        differs: [{ customer_id: 7, fields: [{ field: 'phone', changed: 'there' }, { field: 'city' }] }, {}],
      },
    });
    // Many people's data is nothing for a log.
    expect(JSON.stringify(document)).not.toContain('040');
  });

  it('goes on after kill -9 with everything counted once', async () => {
    const userIds = await addLinked(range(1, 200));
    for (const index of [3, 60, 110, 190]) linked.fake.changeUser(userIds[index]!, { phone_number: '040 2' });
    // Slow enough to be caught in the middle.
    linked.fake.behave({ delayMs: 40 });
    const cursor = async () => (await linked.store.chainStates.find(chainId)).reconcileCursor;
    const isKilled = await linked.killWhen(['link', 'reconcile'], async () => (await cursor()) !== null);
    expect(isKilled).toBe(true);
    const { done } = JSON.parse((await cursor())!) as { done: number };
    linked.fake.behave({});
    linked.fake.clearJournal();
    const { code, document } = await foyer.json(['link', 'reconcile'], linked.env);
    expect(code).toBe(5);
    expect(document).toMatchObject({ is_resumed: true, customers: { agreed: 196, differs: 4 }, fields: { phone: 4 } });
    expect(linked.fake.stats().requests).toBe(200 - done);
    expect(await cursor()).toBeNull();
  });

  it('repairs while a server sends what stays ours', async () => {
    const [changedThere, nameless] = (await addLinked([1, 2])) as [number, number];
    linked.fake.changeUser(changedThere, { phone_number: '040 2' });
    linked.fake.changeUser(nameless, { first_name: '' });
    const server = await foyer.serve('serve', linked.env);
    const { code, stdout } = await link('reconcile', '--repair');
    expect(stdout).toContain('2 repaired, 0 left to people, 0 could not be merged.');
    expect(code).toBe(0);
    await eventually(() => linked.fake.user(nameless)?.first_name === 'Grace');
    server.kill('SIGTERM');
    await server.ended;
    expect((await linked.store.customers.findById(1))?.customer.phone).toBe('040 2');
    expect((await link('reconcile')).code).toBe(0);
  });

  it('shows one customer on both sides', async () => {
    const [userId] = await addLinked([7]);
    linked.fake.changeUser(userId!, { phone_number: '040 2' });
    const { code, stdout } = await link('show', '7@example.org');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Customer 7, chain 123\n/);
    expect(stdout).toMatch(new RegExp(`^  there +Spaaza user ${userId}, found by id, our id, changed 20\\d\\d-`, 'm'));
    expect(stdout).toMatch(/^ {2}would be sent +nothing: it is what was agreed$/m);
    expect(stdout).toMatch(/^phone +- +- +040 2 +changed there$/m);
    expect(stdout).toMatch(/^given_name +Grace +Grace +Grace$/m);
    const { document } = await foyer.json(['link', 'show', '7'], linked.env);
    expect(document).toMatchObject({
      customer: 7,
      links: [{ chain: 123, spaaza_user_id: userId, there: { state: 'found' }, next_push: 'nothing', delivery: null }],
    });
    expect(JSON.stringify(document)).not.toContain(linked.fake.credential.split(':')[1]);
  });

  it('shows which fields would be sent: what is not as agreed, and what was sent without an answer', async () => {
    await addLinked([7]);
    await linked.store.transaction(async ({ customers, queue }) => {
      await updateById(customers, 7, { familyName: 'Murray' }, '2026-01-02T00:00:00.000Z');
      const now = '2026-01-02T00:00:00.000Z';
      const order = { chainId, customerId: 7, wantsPush: true, wantsPull: false, erasure: null, requestId: 'r' };
      await queue.enqueue([order], now);
      const [row] = await queue.claim(chainId, 1, { token: 'other', until: now }, now);
      await queue.noteSent({ ...row!, leaseToken: 'other' }, { phone: ['0123456789abcdef'] });
    });
    expect((await link('show', '7')).stdout).toMatch(/^ {2}would be sent +family_name, phone$/m);
    const { document } = await foyer.json(['link', 'show', '7'], linked.env);
    expect(document).toMatchObject({ links: [{ next_push: 'alter', next_fields: ['family_name', 'phone'] }] });
  });

  it('shows our side when the platform is down or its link off', async () => {
    await addLinked([7]);
    linked.fake.behave({ down: true });
    const down = await link('show', '7');
    expect(down.code).toBe(6);
    expect(down.stdout).toMatch(/^ {2}there +Spaaza could not be asked \(get-user got no answer: /m);
    expect(down.stdout).toMatch(/^given_name +Grace +Grace +\?$/m);
    linked.fake.behave({});
    const shutOut = await foyer.run(['link', 'show', '7'], {
      ...linked.env,
      [`FOYER_SPAAZA_SECRET_${chainId}`]: 'fake-key:wrong',
    });
    expect([shutOut.code, shutOut.stdout]).toEqual([6, expect.stringContaining('Spaaza shuts chain 123 out')]);
    const { [`FOYER_SPAAZA_SECRET_${chainId}`]: _, ...without } = linked.env;
    const off = await foyer.run(['link', 'show', '7'], without);
    expect([off.code, off.stdout]).toEqual([
      0,
      expect.stringContaining('not asked: the link is off, set FOYER_SPAAZA_SECRET_123'),
    ]);
  });

  it('refuses half a wish', async () => {
    const { code, stderr } = await link('reconcile', '--recreate-missing');
    expect([code, stderr]).toEqual([2, 'foyer: --recreate-missing is a part of --repair.\n']);
  });
});
