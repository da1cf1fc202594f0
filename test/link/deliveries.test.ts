import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { QueueOrder, QueueRow } from '../../src/accounts/loyalty-queue.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at, smallTopology } from '../fixtures.ts';
import { chainId, type House, openHouse, operator, platformContext } from '../jobs/house.ts';

describeOnBothDatabases('what could not be delivered', (database) => {
  let house: House;
  let lastId = 1_000_000;

  beforeAll(async () => {
    house = await openHouse(database.url);
  });
  beforeEach(async () => {
    house.setClock(1_000_000);
    for (const state of ['dead', 'waiting'] as const) {
      await house.accounts.discardDeliveries({ query: { state }, isDryRun: false, withErasures: true }, operator);
    }
    await house.deps.store.transaction(({ outbox }) => outbox.take(1000));
    house.setClock(0);
  });
  afterAll(() => house.close());

  const someId = (): number => {
    lastId += 1;
    return lastId;
  };

  const enqueue = async (seconds: number, changes: Partial<QueueOrder> = {}): Promise<number> => {
    const customerId = changes.customerId ?? someId();
    const order = {
      chainId,
      customerId,
      wantsPush: true,
      wantsPull: false,
      erasure: null,
      requestId: 'r-test',
      ...changes,
    };
    await house.deps.store.transaction(({ queue }) => queue.enqueue([order], at(seconds)));
    return customerId;
  };

  /** Makes a row that waits since then and was given up for a reason. */
  const bury = async (seconds: number, errorCode: string, changes: Partial<QueueOrder> = {}): Promise<number> => {
    const customerId = await enqueue(seconds, changes);
    const lease = { token: 't', until: at(seconds + 30) };
    await house.deps.store.transaction(async ({ queue }) => {
      const [row] = await queue.claim(changes.chainId ?? chainId, 1, lease, at(seconds));
      const failure = {
        attempts: 1,
        firstFailedAt: at(seconds),
        dueAt: at(seconds),
        errorCode,
        errorText: `add-user was answered 400, code ${errorCode}`,
      };
      const claim = { chainId: row!.chainId, customerId: row!.customerId, revision: row!.revision, leaseToken: 't' };
      expect(row!.customerId).toBe(customerId);
      expect(await queue.bury(claim, failure, '{"email":"***"}')).toBe(true);
    });
    return customerId;
  };

  const rowOf = (customerId: number): Promise<QueueRow | undefined> => house.deps.store.queue.find(chainId, customerId);
  const list = (input: Partial<Parameters<House['accounts']['listDeliveries']>[0]> = {}) =>
    house.accounts.listDeliveries({ query: {}, limit: 50, ...input }, operator);
  const idsOf = ({ rows }: { rows: readonly QueueRow[] }) => rows.map(({ customerId }) => customerId);

  describe('listDeliveries', () => {
    it('gives what was given up first, and then what waits, the oldest before the others', async () => {
      const dead = await bury(30, '68');
      const older = await enqueue(10);
      const newer = await enqueue(20);
      expect(idsOf(await list())).toEqual([dead, older, newer]);
    });

    it('goes on behind the last row of a page, also among rows of one moment', async () => {
      const ids = [await bury(5, '68')];
      for (let count = 0; count < 4; count += 1) ids.push(await enqueue(7));
      ids.push(await enqueue(9));
      const seen: number[] = [];
      let after: Parameters<typeof list>[0] = {};
      for (let page = 0; page < 6; page += 1) {
        const { rows, next } = await list({ limit: 2, ...after });
        seen.push(...rows.map(({ customerId }) => customerId));
        if (next === null) break;
        after = { after: next };
      }
      expect(seen).toEqual(ids);
    });

    it('says that there are no more when the last page is just full', async () => {
      await enqueue(1);
      await enqueue(2);
      expect((await list({ limit: 2 })).next).toBeNull();
    });

    it('finds by state, code and age', async () => {
      const dead = await bury(0, '68');
      const unreachable = await bury(600, 'unreachable');
      const waiting = await enqueue(300);
      house.setClock(1000);
      expect(idsOf(await list({ query: { state: 'waiting' } }))).toEqual([waiting]);
      expect(idsOf(await list({ query: { errorCode: 'unreachable' } }))).toEqual([unreachable]);
      expect(idsOf(await list({ query: { minAgeSeconds: 700 } }))).toEqual([dead, waiting]);
      expect(idsOf(await list({ query: { state: 'dead', errorCode: '5' } }))).toEqual([]);
    });

    it('refuses a chain that the topology does not have, and everybody but operators', async () => {
      await expect(list({ query: { chainId: 7 } })).rejects.toMatchObject({ code: 'chain_not_configured' });
      const { accounts } = house;
      const selection = { query: { state: 'dead' }, isDryRun: true, withErasures: false } as const;
      for (const refused of [
        accounts.listDeliveries({ query: {}, limit: 1 }, platformContext),
        accounts.summarizeDeliveries({}, platformContext),
        accounts.showDelivery({ reference: '1' }, platformContext),
        accounts.replayDeliveries(selection, platformContext),
        accounts.discardDeliveries(selection, platformContext),
      ]) {
        await expect(refused).rejects.toMatchObject({ code: 'forbidden' });
      }
    });
  });

  describe('summarizeDeliveries', () => {
    it('counts rows by state and code, with the oldest of each, and what nobody has looked at', async () => {
      await bury(5, '68');
      await bury(3, '68');
      await bury(4, 'unreachable');
      await enqueue(9);
      await house.create();
      const paused = { pausedUntil: at(900), pauseReason: '6: get-user was answered 401, code 6', pauseCount: 1 };
      await house.deps.store.transaction(({ chainStates }) => chainStates.pause(chainId, paused, at(0)));
      const { chains, undispatched } = await house.accounts.summarizeDeliveries({}, operator);
      expect(chains).toMatchObject([{ chainId, isOn: true, state: paused }]);
      expect(chains[0]?.groups).toEqual([
        { state: 'dead', errorCode: '68', count: 2, oldestAt: at(3) },
        { state: 'dead', errorCode: 'unreachable', count: 1, oldestAt: at(4) },
        { state: 'waiting', errorCode: null, count: 1, oldestAt: at(9) },
      ]);
      expect(undispatched).toBe(1);
      expect(chains).toHaveLength(smallTopology.chains.length);
    });
  });

  describe('showDelivery', () => {
    it('finds the row of a customer by id or e-mail, and an erasure by the id of the erased account', async () => {
      const id = await house.create({ email: 'ada-shown@example.org' });
      await bury(0, '68', { customerId: id });
      for (const reference of [String(id), 'ADA-shown@example.org']) {
        const shown = await house.accounts.showDelivery({ reference }, operator);
        expect(shown).toMatchObject({ customerId: id, isCustomer: true, rows: [{ customerId: id, errorCode: '68' }] });
      }
      const erased = await enqueue(1, { erasure: { spaazaUserId: 9 } });
      expect(await house.accounts.showDelivery({ reference: String(erased) }, operator)).toMatchObject({
        isCustomer: false,
        rows: [{ erasure: { spaazaUserId: 9 } }],
      });
      await expect(house.accounts.showDelivery({ reference: '987654321' }, operator)).rejects.toMatchObject({
        code: 'customer_not_found',
      });
    });
  });

  const select = (changes: object = {}) => ({ query: { state: 'dead' as const, ...changes }, isDryRun: false });

  describe('replayDeliveries', () => {
    it('has what was given up with one code wait again as if it were new, and notes it in the history', async () => {
      const id = await house.create();
      await bury(0, '68', { customerId: id });
      const other = await bury(1, 'unreachable');
      house.setClock(500);
      const input = select({ errorCode: '68' });
      expect(await house.accounts.replayDeliveries({ ...input, isDryRun: true }, operator)).toEqual({ replayed: 1 });
      expect(await rowOf(id)).toMatchObject({ state: 'dead' });
      expect(await house.accounts.replayDeliveries(input, operator)).toEqual({ replayed: 1 });
      expect(await rowOf(id)).toMatchObject({
        state: 'waiting',
        wantsPush: true,
        queuedAt: at(500),
        dueAt: at(500),
        attempts: 1,
        firstFailedAt: null,
        errorCode: null,
        errorText: null,
        payload: null,
      });
      expect(await rowOf(other)).toMatchObject({ state: 'dead' });
      const { entries } = await house.accounts.getCustomerHistory(
        { reference: String(id), field: `delivery.${chainId}`, limit: 10 },
        operator,
      );
      expect(entries).toMatchObject([
        {
          before: { state: 'dead', wants: ['push'], code: '68' },
          after: 'replayed',
          actor: 'operator anna',
          origin: 'operator',
          requestId: 'r-operator',
          changedAt: at(500),
        },
      ]);
      // It is no change of the record, and nothing is told to anybody.
      expect(await house.deps.store.outbox.count(10)).toBe(1);
    });

    it('replays more rows than one transaction takes, each once', async () => {
      const rows = Array.from({ length: 1203 }, () => ({
        chainId,
        customerId: someId(),
        wantsPush: true,
        wantsPull: false,
        erasure: null,
        requestId: 'r-many',
      }));
      await house.deps.store.transaction(async ({ queue }) => {
        await queue.enqueue(rows, at(0));
        for (const row of await queue.claim(chainId, 2000, { token: 't', until: at(30) }, at(0))) {
          const failure = { attempts: 1, firstFailedAt: at(0), dueAt: at(0), errorCode: '9003', errorText: 'x' };
          await queue.bury({ ...row, leaseToken: 't' }, failure, null);
        }
      });
      expect(await house.accounts.replayDeliveries(select({ errorCode: '9003' }), operator)).toEqual({
        replayed: 1203,
      });
      expect(await house.deps.store.queue.count(chainId, 'waiting', 5000)).toBe(1203);
      expect(await house.accounts.replayDeliveries(select(), operator)).toEqual({ replayed: 0 });
    });

    it('ends the back-off of what waits, and leaves its count of failures', async () => {
      const id = await enqueue(0);
      await house.deps.store.transaction(async ({ queue }) => {
        const [row] = await queue.claim(chainId, 1, { token: 't', until: at(30) }, at(0));
        const failure = {
          attempts: 9,
          firstFailedAt: at(0),
          dueAt: at(3600),
          errorCode: 'unreachable',
          errorText: 'x',
        };
        await queue.postpone({ ...row!, leaseToken: 't' }, failure);
      });
      house.setClock(60);
      const query = { state: 'waiting' as const };
      expect(await house.accounts.replayDeliveries({ query, isDryRun: false }, operator)).toEqual({ replayed: 1 });
      expect(await rowOf(id)).toMatchObject({ dueAt: at(60), queuedAt: at(0), attempts: 9, errorCode: 'unreachable' });
    });

    it('is about one customer when one is named', async () => {
      const id = await house.create();
      await bury(0, '68', { customerId: id });
      const other = await bury(1, '68');
      const input = { ...select(), reference: String(id) };
      expect(await house.accounts.replayDeliveries(input, operator)).toEqual({ replayed: 1 });
      expect((await rowOf(id))?.state).toBe('waiting');
      expect((await rowOf(other))?.state).toBe('dead');
    });
  });

  describe('discardDeliveries', () => {
    it('drops what was given up, keeps erasures, and leaves a trace even of an account that is no more', async () => {
      const id = await bury(0, '68');
      const erased = await bury(1, '68', { erasure: { spaazaUserId: 5 } });
      house.setClock(60);
      const input = { ...select(), withErasures: false };
      expect(await house.accounts.discardDeliveries({ ...input, isDryRun: true }, operator)).toEqual({
        discarded: 1,
        keptErasures: 1,
      });
      expect(await rowOf(id)).toBeDefined();
      expect(await house.accounts.discardDeliveries(input, operator)).toEqual({ discarded: 1, keptErasures: 1 });
      expect(await rowOf(id)).toBeUndefined();
      expect(await rowOf(erased)).toBeDefined();
      const all = { ...input, withErasures: true };
      expect(await house.accounts.discardDeliveries(all, operator)).toEqual({ discarded: 1, keptErasures: 0 });
      const trace = await house.deps.store.history.listField(erased, `delivery.${chainId}`, { limit: 5 });
      expect(trace).toMatchObject([{ before: { wants: ['erasure'] }, after: 'discarded', actor: 'operator anna' }]);
    });

    it('leaves a row alone that has come to life in the meantime', async () => {
      const id = await bury(0, '68');
      const store = house.deps.store;
      expect(
        await store.transaction(async ({ queue }) => {
          await queue.replay({ chainId, state: 'dead' }, [id], at(5));
          return queue.discard({ chainId, state: 'dead' }, [id], true);
        }),
      ).toEqual([]);
      expect(await rowOf(id)).toMatchObject({ state: 'waiting' });
    });
  });
});
