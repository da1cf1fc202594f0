import { afterEach, expect, it } from 'vitest';
import { describeOnBothDatabases } from '../dialects.ts';
import { at } from '../fixtures.ts';
import { chainId, operator } from './house.ts';
import { openWorkshop, until, type Workshop } from './workshop.ts';

describeOnBothDatabases('a worker whose lease is over', (database) => {
  const shops: Workshop[] = [];

  afterEach(async () => {
    for (const shop of shops.toReversed()) await shop.stop();
    shops.length = 0;
  });

  const phones = (shop: Workshop) => shop.fake.users().map((user) => user.phone_number);
  /** A worker that has told of a customer and has no answer yet, and another that may take its rows over. */
  const twoWorkers = async () => {
    const first = await openWorkshop(database.url);
    shops.push(first);
    const id = await first.create({ phone: '0' });
    await first.done(id);
    const answer = first.holdAnswers();
    await first.change(id, { phone: '1' });
    await until(() => phones(first).includes('1'));
    const second = await openWorkshop(database.url, { fake: first.fake });
    shops.push(second);
    return { first, second, id, answer, userId: (await first.linkOf(id))!.spaazaUserId! };
  };

  /** A worker that has said what it is about to send of a customer, which waits behind the call of another. */
  const waitingBehind = async (delayMs: number) => {
    const first = await openWorkshop(database.url, { client: { concurrency: 1 } });
    shops.push(first);
    const [blocker, id] = [await first.create({ phone: '0' }), await first.create({ phone: '0' })];
    await first.done(blocker, id);
    first.fake.behave({ delayMs });
    await first.change(blocker, { phone: '1' });
    await until(() => first.fake.requests().length === 3);
    await first.change(id, { phone: '1' });
    await until(async () => ((await first.row(id))?.sent ?? null) !== null);
    return { first, id };
  };

  it('does not send what has been waiting for its turn', async () => {
    const { first, id } = await waitingBehind(2_000);
    // The first stands still for longer than its lease.
    const second = await openWorkshop(database.url, { fake: first.fake });
    shops.push(second);
    second.setClock(31);
    first.fake.behave({ delayMs: 0 });
    await second.change(id, { phone: '2' });
    await second.done(id);
    first.setClock(40);
    await first.worker.stop(10_000);
    const { spaazaUserId } = (await second.linkOf(id))!;
    const sent = first.fake.requests(spaazaUserId!).map(({ parameters }) => parameters.phone_number);
    expect(sent).toEqual(['0', '2']);
  });

  it('sends nothing more in the last third of it, in which two renewals have failed', async () => {
    const { first, id } = await waitingBehind(500);
    first.setClock(21);
    // Given back when its turn came, and taken anew.
    await until(async () => (await first.row(id))?.leasedUntil === at(51));
    await first.done(id);
    expect(phones(first)).toEqual(['1', '1']);
  });

  it('leaves the sending to whoever has the row by then, when an answer kept it waiting', async () => {
    const first = await openWorkshop(database.url);
    shops.push(first);
    const id = await first.create({ phone: '0' });
    await first.done(id);
    // The platform is asked before it is told.
    await first.deps.store.transaction(({ links }) => links.forgetAgreement(id, chainId));
    first.setClock(61);
    first.fake.clearJournal();
    const endpoints = () => first.fake.requests().map(({ endpoint }) => endpoint);
    const answer = first.holdAnswers();
    await first.change(id, { phone: '1' });
    await until(() => endpoints().length === 1);
    const second = await openWorkshop(database.url, { fake: first.fake });
    shops.push(second);
    const other = second.holdAnswers();
    second.setClock(92);
    await until(() => endpoints().length === 2);
    answer();
    await until(() => first.worker.running === 0);
    const carriedOut = endpoints();
    other();
    expect(carriedOut).toEqual(['get-user', 'get-user']);
    await until(() => phones(first).includes('1'));
  });

  it('has what it sent told again as it is by now, in case it arrived last', async () => {
    const { first, second, id, answer, userId } = await twoWorkers();
    await second.change(id, { phone: '2' });
    second.setClock(31);
    await second.done(id);
    expect(phones(first)).toEqual(['2']);
    first.fake.changeUser(userId, { phone_number: '1' });
    answer();
    await until(() => phones(first).includes('2'));
    await second.done(id);
    expect((await second.deps.store.customers.findById(id))?.customer.phone).toBe('2');
  });

  it('has it told again also where the other is just being answered', async () => {
    const { first, second, id, answer, userId } = await twoWorkers();
    const other = second.holdAnswers();
    await second.change(id, { phone: '2' });
    second.setClock(31);
    await until(() => phones(first).includes('2'));
    first.fake.changeUser(userId, { phone_number: '1' });
    answer();
    await until(async () => (await second.row(id))?.errorCode === 'sent_late');
    const waiting = await second.row(id);
    other();
    // The platform may have either word, and neither would be its own.
    expect(waiting?.sent?.phone).toHaveLength(2);
    await until(() => phones(first).includes('2'));
    await second.done(id);
  });

  it('has somebody erased once more who was erased meanwhile', async () => {
    const { first, second, id, answer, userId } = await twoWorkers();
    await second.accounts.deleteAccount({ customerId: id }, operator);
    second.setClock(31);
    await second.done(id);
    const erasures = () => first.fake.requests(userId).filter(({ endpoint }) => endpoint === 'delete-user').length;
    expect(erasures()).toBe(1);
    answer();
    await until(() => erasures() > 1);
    await second.done(id);
  });
});
