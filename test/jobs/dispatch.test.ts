import { afterEach, beforeEach, expect, it } from 'vitest';
import { dispatchEvents } from '../../src/accounts/dispatch-events.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at } from '../fixtures.ts';
import { chainId, type House, openHouse, operator, platformContext, updateOf } from './house.ts';

describeOnBothDatabases('the dispatch of events', (database) => {
  let house: House;
  let isOn = true;

  beforeEach(async () => {
    isOn = true;
    house = await openHouse(database.url, () => isOn);
  });

  afterEach(() => house.close());

  const dispatchAll = async () => {
    let total = 0;
    for (let count = await dispatchEvents(house.deps, 10); count > 0; count = await dispatchEvents(house.deps, 10)) {
      total += count;
    }
    return total;
  };
  const waiting = (customerId: number) => house.deps.store.queue.find(chainId, customerId);

  it('empties the outbox and leaves one row for all changes of a customer', async () => {
    const id = await house.create();
    house.setClock(5);
    await house.change(id, { phone: '1' });
    await house.change(id, { phone: '2' });
    expect(await dispatchAll()).toBe(3);
    expect(await house.deps.store.outbox.list(10)).toEqual([]);
    expect(await waiting(id)).toMatchObject({ wantsPush: true, wantsPull: false, revision: 1, queuedAt: at(5) });
    await house.change(id, { phone: '3' });
    await dispatchAll();
    expect(await waiting(id)).toMatchObject({ revision: 2 });
  });

  it('empties the outbox also where no link is on, and then queues nothing', async () => {
    isOn = false;
    const id = await house.create();
    expect(await dispatchAll()).toBe(1);
    expect(await waiting(id)).toBeUndefined();
  });

  it('loses and doubles nothing when two nodes dispatch at once', async () => {
    const ids: number[] = [];
    for (let count = 0; count < 30; count += 1) ids.push(await house.create());
    for (const id of ids) await house.change(id, { phone: '1' });
    const other = await openHouse(database.url);
    const counts = await Promise.all(
      Array.from({ length: 16 }, (_, index) => dispatchEvents((index % 2 === 0 ? house : other).deps, 7)),
    );
    const rest = await dispatchAll();
    await other.close();
    expect(counts.reduce((sum, count) => sum + count, rest)).toBe(60);
    for (const id of ids) expect(await waiting(id), String(id)).toMatchObject({ wantsPush: true });
  });

  it('queues the erasure of who was erased here, with the id that the platform knows', async () => {
    const [known, unknown] = [await house.create(), await house.create()];
    await house.accounts.applyLoyaltyUpdate(
      updateOf({ identifiers: { userId: 9_000_000_001, customerId: known } }),
      platformContext,
    );
    await dispatchAll();
    await house.accounts.deleteAccount({ customerId: known }, operator);
    await house.accounts.deleteAccount({ customerId: unknown }, operator);
    await dispatchAll();
    expect(await waiting(known)).toMatchObject({ erasure: { spaazaUserId: 9_000_000_001 } });
    // It waits to be pushed and was never tried: whoever takes it finds nobody.
    expect(await waiting(unknown)).toMatchObject({ erasure: null });
  });

  it('queues no erasure of somebody with a link of whom the platform was never told', async () => {
    const id = await house.create();
    const { store } = house.deps;
    await dispatchAll();
    await store.transaction(async ({ links, queue }) => {
      await links.touch(id, chainId, at(0));
      await queue.discard({ chainId, state: 'waiting' }, [id], false);
    });
    await house.accounts.deleteAccount({ customerId: id }, operator);
    await dispatchAll();
    expect(await waiting(id)).toBeUndefined();
  });

  it('queues the erasure of somebody whom a push may have told of', async () => {
    const [claimed, failed] = [await house.create(), await house.create()];
    await dispatchAll();
    await house.deps.store.transaction(async ({ queue }) => {
      const rows = await queue.claim(chainId, 100, { token: 't', until: at(60) }, at(1));
      const row = rows.find(({ customerId }) => customerId === failed)!;
      const failure = { attempts: 1, firstFailedAt: at(1), dueAt: at(9), errorCode: null, errorText: 'lost' };
      await queue.postpone({ ...row, leaseToken: 't' }, failure);
    });
    for (const customerId of [claimed, failed]) await house.accounts.deleteAccount({ customerId }, operator);
    await dispatchAll();
    expect(await waiting(claimed)).toMatchObject({ erasure: { spaazaUserId: null }, leaseToken: 't' });
    expect(await waiting(failed)).toMatchObject({ erasure: { spaazaUserId: null } });
  });
});
