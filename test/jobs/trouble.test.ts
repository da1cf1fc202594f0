import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeOnBothDatabases } from '../dialects.ts';
import { at } from '../fixtures.ts';
import { chainId } from './house.ts';
import { openWorkshop, until, type Workshop } from './workshop.ts';

describeOnBothDatabases('trouble with the platform', (database) => {
  let shop: Workshop;
  /** What the breakers go by. */
  let clockMs = 0;

  beforeEach(async () => {
    clockMs = 0;
    shop = await openWorkshop(database.url, { worker: { clock: () => clockMs } });
  });

  afterEach(() => shop.stop());

  const attemptsOf = async (id: number) => (await shop.row(id))?.attempts ?? 0;
  const chainState = () => shop.deps.store.chainStates.find(chainId);
  const carriedOut = () => shop.fake.requests().length;
  const requests = () => shop.fake.stats().requests;
  /** Time for a worker that should not do a thing to do it. */
  const someTurns = () => new Promise((resolve) => setTimeout(resolve, 100));

  describe('of the moment', () => {
    it.each([
      ['a cut connection', { down: true }, /got no answer/],
      ['a gateway', { status: 503 }, /answered 503, without a code/],
      ['a fault without a code', { status: 500 }, /answered 500, without a code/],
    ])('is tried again later after %s, each time after up to twice as long', async (_, behaviour, text) => {
      shop.fake.behave(behaviour);
      const id = await shop.create();
      await until(async () => (await attemptsOf(id)) === 1);
      expect(await shop.row(id)).toMatchObject({
        state: 'waiting',
        dueAt: at(2),
        firstFailedAt: at(0),
        leaseToken: null,
        errorText: expect.stringMatching(text),
      });
      shop.setClock(2);
      await until(async () => (await attemptsOf(id)) === 2);
      expect(await shop.row(id)).toMatchObject({ dueAt: at(6), firstFailedAt: at(0), queuedAt: at(0) });
      shop.fake.behave({});
      shop.setClock(6);
      await shop.done(id);
      expect(shop.fake.users()).toHaveLength(1);
      expect(shop.counted).toEqual(['push retried', 'push retried', 'push acknowledged']);
    });

    it('leaves the platform alone for as long as it asks', async () => {
      shop.fake.behave({ throttle: { retryAfter: 40 } });
      const id = await shop.create();
      await until(async () => (await attemptsOf(id)) === 1);
      expect(await shop.row(id)).toMatchObject({ dueAt: at(40), state: 'waiting' });
    });

    it('gives up after a day, and says so', async () => {
      shop.fake.behave({ status: 502 });
      const id = await shop.create();
      await until(async () => (await attemptsOf(id)) === 1);
      shop.setClock(86_400);
      await until(async () => (await shop.row(id))?.state === 'dead');
      expect(await shop.row(id)).toMatchObject({
        errorCode: 'unreachable',
        errorText: expect.stringMatching(/^Given up after a day/),
      });
    });

    it('is not hurried by another change of the customer', async () => {
      shop.fake.behave({ status: 503 });
      const id = await shop.create();
      await until(async () => (await attemptsOf(id)) === 1);
      await shop.change(id, { phone: '1' });
      await until(async () => (await shop.row(id))?.revision === 2);
      await someTurns();
      expect(await shop.row(id)).toMatchObject({ attempts: 1, dueAt: at(2) });
    });

    it('opens the breaker after five failures in a row: then one at a time tries whether it is over', async () => {
      shop.fake.behave({ down: true });
      const ids: number[] = [];
      for (let count = 0; count < 12; count += 1) {
        ids.push(await shop.create());
        if (count === 4) await until(() => shop.worker.breakerOf(chainId) === 'open');
      }
      await someTurns();
      const tried = requests();
      expect(tried).toBeLessThanOrEqual(8);
      const untouched = ids.slice(8);
      for (const id of untouched) expect(await attemptsOf(id), String(id)).toBe(0);
      clockMs = 5_000;
      await until(() => requests() === tried + 1);
      await someTurns();
      expect(requests()).toBe(tried + 1);
      shop.fake.behave({});
      clockMs = 15_000;
      await shop.done(...untouched);
      expect(shop.worker.breakerOf(chainId)).toBe('closed');
      shop.setClock(60);
      await shop.done(...ids);
      expect(shop.fake.users()).toHaveLength(12);
    });

    it('loses nothing when an answer is lost: the same is sent again and changes nothing', async () => {
      shop.fake.behave({ loseAnswer: true });
      const id = await shop.create({ phone: '1' });
      await until(async () => (await attemptsOf(id)) === 1);
      expect(carriedOut()).toBe(1);
      shop.fake.behave({ duplicate: true });
      shop.setClock(2);
      await shop.done(id);
      expect(shop.fake.users()).toMatchObject([{ phone_number: '1', authentication_point_identifier: String(id) }]);
      expect(await shop.linkOf(id)).toMatchObject({ spaazaUserId: shop.fake.users()[0]!.user_id });
    });
  });

  describe('of one customer', () => {
    it.each([
      [68, 500],
      [68, 400],
      [9001, 400],
      [9001, 500],
    ])('gives up at once on code %i, also under HTTP %i', async (errorCode, status) => {
      shop.fake.behave({ errorCode, status });
      const id = await shop.create({ phone: '030 1' });
      await until(async () => (await shop.row(id))?.state === 'dead');
      const row = (await shop.row(id))!;
      expect(row).toMatchObject({ errorCode: String(errorCode), attempts: 1, leaseToken: null });
      expect(row.errorText).toMatch(new RegExp(`^add-user was answered ${status}, code ${errorCode}`));
      expect(requests()).toBe(1);
      await until(() => shop.worker.running === 0);
      expect(shop.counted).toEqual(['push dead']);
      expect(shop.worker.breakerOf(chainId)).toBe('closed');
    });

    it('keeps of what would have been sent which fields there were, and no value', async () => {
      shop.fake.behave({ errorCode: 9001 });
      const id = await shop.create({ phone: '030 4711' });
      await until(async () => (await shop.row(id))?.state === 'dead');
      const payload = JSON.parse((await shop.row(id))!.payload!);
      expect(Object.keys(payload)).toEqual(expect.arrayContaining(['givenName', 'email', 'phone']));
      expect(payload).not.toHaveProperty('birthday');
      expect(new Set(Object.values(payload))).toEqual(new Set(['***']));
      expect(JSON.stringify(shop.log)).not.toMatch(/4711|Grace/);
    });

    it('does not hold up others, and is over when the customer changes', async () => {
      shop.fake.behave({ errorCode: 9001 });
      const bad = await shop.create({ phone: 'wrong' });
      await until(async () => (await shop.row(bad))?.state === 'dead');
      shop.fake.behave({});
      const good = await shop.create();
      await shop.done(good);
      expect(await shop.row(bad)).toMatchObject({ state: 'dead' });
      await shop.change(bad, { phone: '030 1' });
      await shop.done(bad, good);
      expect(shop.fake.users()).toHaveLength(2);
    });

    it('does not give up a state that is no longer the customer’s', async () => {
      shop.fake.behave({ errorCode: 9001 });
      const answer = shop.holdAnswers();
      const id = await shop.create({ phone: 'wrong' });
      await until(() => requests() === 1);
      await shop.change(id, { phone: '030 1' });
      await until(async () => (await shop.row(id))?.revision === 2);
      shop.fake.behave({});
      answer();
      await shop.done(id);
      expect(shop.fake.users()).toMatchObject([{ phone_number: '030 1' }]);
    });
  });

  describe('of the whole chain', () => {
    it.each([
      [5, 400],
      [6, 401],
      [269, 400],
    ])('pauses it on code %i, for all nodes, and blames no customer', async (errorCode, status) => {
      shop.fake.behave({ errorCode, status });
      const id = await shop.create();
      await until(async () => (await chainState()).pausedUntil !== null);
      expect(await chainState()).toMatchObject({
        pausedUntil: at(300),
        pauseCount: 1,
        pauseReason: expect.stringMatching(new RegExp(`^${errorCode}: add-user was answered`)),
      });
      await until(async () => (await shop.row(id))?.leaseToken === null);
      expect(await shop.row(id)).toMatchObject({ state: 'waiting', attempts: 0, dueAt: at(0) });
      const other = await shop.create();
      shop.setClock(299);
      await someTurns();
      expect(requests()).toBe(1);
      expect(shop.log).toContainEqual(
        expect.objectContaining({ level: 'error', message: expect.stringMatching(/paused/) }),
      );
      shop.fake.behave({});
      shop.setClock(300);
      await shop.done(id, other);
      expect(await chainState()).toMatchObject({ pausedUntil: null, pauseReason: null, pauseCount: 0 });
    });

    it('asks with one customer at a time after a pause, and pauses for twice as long when nothing is mended', async () => {
      shop.fake.behave({ errorCode: 269 });
      for (let count = 0; count < 5; count += 1) await shop.create();
      await until(async () => (await chainState()).pausedUntil !== null);
      await someTurns();
      // A refusal that is noted after the pause would be the next one's.
      await until(() => shop.worker.running === 0);
      const before = requests();
      shop.setClock(300);
      await until(async () => (await chainState()).pauseCount === 2);
      await someTurns();
      expect(requests()).toBe(before + 1);
      expect(await chainState()).toMatchObject({ pausedUntil: at(900) });
    });

    it('is a wrong credential, too', async () => {
      await shop.stop();
      shop = await openWorkshop(database.url, { client: { credential: { key: 'other', secret: 'key' } } });
      await shop.create();
      await until(async () => (await chainState()).pausedUntil !== null);
    });
  });

  it('keeps the worker from working while the doors are closed', async () => {
    await shop.accounts.setMaintenance({ isOn: true });
    await someTurns();
    const id = await shop.create();
    await someTurns();
    expect(await shop.deps.store.outbox.isEmpty()).toBe(false);
    await shop.accounts.setMaintenance({ isOn: false });
    await shop.done(id);
    expect(shop.fake.users()).toHaveLength(1);
  });
});
