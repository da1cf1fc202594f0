import { beforeAll, expect, it } from 'vitest';
import type { NewSession, Session } from '../../src/accounts/session.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { addCustomer, at, newSession, saveTopology, smallTopology } from '../fixtures.ts';

describeOnBothDatabases('sessions', (database) => {
  let store: OpenStore;

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
  });

  async function addSession(customerId: number, overrides: Partial<NewSession> = {}): Promise<Session> {
    const session = newSession(customerId, overrides);
    await store.transaction(({ sessions }) => sessions.insert(session));
    return (await store.sessions.findByClientId(session.clientId))!.session;
  }

  const isThere = async ({ clientId }: Session) => (await store.sessions.findByClientId(clientId)) !== undefined;

  const successor = (tokenHash: string, expiresAt = at(7200)) => ({
    tokenHash,
    previousTokenHash: 'old',
    previousValidUntil: at(60),
    expiresAt,
    lastUsedAt: at(5),
  });

  it('gives back a session exactly, with its customer and groups', async () => {
    const customerId = await addCustomer(store);
    await store.transaction(async ({ memberships }) => {
      await memberships.add(customerId, 4, at(0));
      await memberships.add(customerId, 1, at(0));
    });
    const session = newSession(customerId, {
      previousTokenHash: 'before',
      previousValidUntil: at(30),
      networkHash: 'net',
      lastUsedAt: at(7),
    });
    await store.transaction(({ sessions }) => sessions.insert(session));
    const found = await store.sessions.findByClientId(session.clientId);
    expect(found?.session).toEqual({ ...session, id: expect.any(Number) });
    expect({ customer: found?.customer, groupIds: found?.groupIds }).toEqual(
      await store.customers.findById(customerId),
    );
    expect(found?.groupIds).toEqual([1, 4]);
    expect(await store.sessions.findByClientId('nobody')).toBeUndefined();
  });

  it('refuses a second session under one client id', async () => {
    const { clientId, customerId } = await addSession(await addCustomer(store));
    const again = store.transaction(({ sessions }) => sessions.insert(newSession(customerId, { clientId })));
    await expect(again).rejects.toMatchObject({ name: 'UniqueViolation', constraint: expect.stringMatching(/client/) });
  });

  it('knows the networks a customer has sessions from', async () => {
    const [customerId, other] = [await addCustomer(store), await addCustomer(store)];
    await addSession(customerId, { networkHash: 'home' });
    await addSession(other, { networkHash: 'office' });
    expect(await store.sessions.isKnownNetwork(customerId, 'home')).toBe(true);
    expect(await store.sessions.isKnownNetwork(customerId, 'office')).toBe(false);
  });

  it('moves the token on while it is still the expected one', async () => {
    const session = await addSession(await addCustomer(store), { tokenHash: 'old' });
    const next = successor('new');
    expect(await store.transaction(({ sessions }) => sessions.rotate(session.id, 'other', next))).toBe(false);
    expect((await store.sessions.findByClientId(session.clientId))?.session).toEqual(session);
    expect(await store.transaction(({ sessions }) => sessions.rotate(session.id, 'old', next))).toBe(true);
    expect((await store.sessions.findByClientId(session.clientId))?.session).toEqual({ ...session, ...next });
  });

  it('lets one of many rotations at the same time win', async () => {
    const session = await addSession(await addCustomer(store), { tokenHash: 'old' });
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        store.transaction(({ sessions }) => sessions.rotate(session.id, 'old', successor(`new-${index}`))),
      ),
    );
    expect(results.filter((won) => won)).toHaveLength(1);
    const stored = (await store.sessions.findByClientId(session.clientId))?.session.tokenHash;
    expect(stored).toBe(`new-${results.indexOf(true)}`);
  });

  it('extends a session and never shortens it', async () => {
    const session = await addSession(await addCustomer(store), { expiresAt: at(100) });
    await store.transaction(({ sessions }) => sessions.extend(session.id, at(200), at(10)));
    await store.transaction(({ sessions }) => sessions.extend(session.id, at(150), at(20)));
    expect((await store.sessions.findByClientId(session.clientId))?.session.expiresAt).toBe(at(200));
  });

  it('keeps the latest of several extensions at the same time', async () => {
    const session = await addSession(await addCustomer(store), { expiresAt: at(100) });
    await Promise.all(
      [300, 500, 200, 400].map((end) =>
        store.transaction(({ sessions }) => sessions.extend(session.id, at(end), at(1))),
      ),
    );
    expect((await store.sessions.findByClientId(session.clientId))?.session.expiresAt).toBe(at(500));
  });

  it('deletes one session, all of a customer, or all but one', async () => {
    const [customerId, other] = [await addCustomer(store), await addCustomer(store)];
    const bystander = await addSession(other);
    const [one, two, three] = [
      await addSession(customerId),
      await addSession(customerId),
      await addSession(customerId),
    ];
    await store.transaction(({ sessions }) => sessions.delete(one.id));
    expect(await Promise.all([one, two, three].map(isThere))).toEqual([false, true, true]);
    await store.transaction(({ sessions }) => sessions.deleteByCustomer(customerId, two.id));
    expect(await Promise.all([two, three].map(isThere))).toEqual([true, false]);
    await store.transaction(({ sessions }) => sessions.deleteByCustomer(customerId));
    expect(await Promise.all([two, bystander].map(isThere))).toEqual([false, true]);
  });

  it('prunes the expired sessions and those that expire first', async () => {
    const [customerId, other] = [await addCustomer(store), await addCustomer(store)];
    const bystander = await addSession(other, { expiresAt: at(-10) });
    const [middle, expired, last, first, tie] = [
      await addSession(customerId, { expiresAt: at(200) }),
      await addSession(customerId, { expiresAt: at(0) }),
      await addSession(customerId, { expiresAt: at(300) }),
      await addSession(customerId, { expiresAt: at(100) }),
      await addSession(customerId, { expiresAt: at(100) }),
    ];
    await store.transaction(({ sessions }) => sessions.prune(customerId, 10, at(0)));
    expect(await Promise.all([middle, expired, last, first, tie].map(isThere))).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
    await store.transaction(({ sessions }) => sessions.prune(customerId, 3, at(0)));
    expect(await Promise.all([middle, last, first, tie].map(isThere))).toEqual([true, true, false, true]);
    await store.transaction(({ sessions }) => sessions.prune(customerId, 1, at(0)));
    expect(await Promise.all([middle, last, tie].map(isThere))).toEqual([false, true, false]);
    expect(await isThere(bystander)).toBe(true);
  });

  it('deletes what has expired, of everybody, and says how much', async () => {
    const session = await addSession(await addCustomer(store), { expiresAt: at(-5000) });
    const exact = await addSession(await addCustomer(store), { expiresAt: at(-4000) });
    const alive = await addSession(await addCustomer(store), { expiresAt: at(-3999) });
    const expire = (limit: number) => store.transaction(({ sessions }) => sessions.deleteExpired(at(-4000), limit));
    expect(await expire(1)).toBe(1);
    expect((await Promise.all([session, exact].map(isThere))).filter(Boolean)).toHaveLength(1);
    expect(await expire(10)).toBe(1);
    expect(await Promise.all([session, exact, alive].map(isThere))).toEqual([false, false, true]);
    expect(await expire(10)).toBe(0);
  });
});
