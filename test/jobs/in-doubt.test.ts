import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LoyaltyUpdate } from '../../src/accounts/apply-loyalty-update.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at } from '../fixtures.ts';
import { chainId, operator, platformContext, updateOf } from './house.ts';
import { openWorkshop, until, type Workshop } from './workshop.ts';

describeOnBothDatabases('what was sent without an answer', (database) => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await openWorkshop(database.url);
  });
  afterEach(() => shop.stop());

  const customerOf = async (id: number) => (await shop.deps.store.customers.findById(id))!.customer;
  const failed = (id: number, times = 1) => until(async () => ((await shop.row(id))?.attempts ?? 0) >= times);
  const says = (userId: number, said: Partial<LoyaltyUpdate>) =>
    shop.accounts.applyLoyaltyUpdate(updateOf({ identifiers: { userId }, ...said }), {
      ...platformContext,
      origin: 'webhook',
    });
  /** A call that began before the platform spoke has ended: its answer would be asked for again, by a clock that stands still. */
  const calm = () => until(() => shop.worker.running === 0);
  /** Somebody whom both sides agree on, with changes that were carried out over there and never answered. */
  async function inDoubt(before: Record<string, string>, ...changes: Record<string, string>[]) {
    const id = await shop.create(before);
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    shop.fake.behave({ loseAnswer: true, only: { endpoints: ['alter-user'] } });
    for (const [index, change] of changes.entries()) {
      shop.setClock(100 * (index + 1));
      await shop.change(id, change);
      await failed(id, index + 1);
    }
    shop.fake.clearJournal();
    return { id, userId };
  }

  it('is no news when the platform says it: what was changed here since stays', async () => {
    const { id, userId } = await inDoubt({ phone: '1' }, { phone: '2' });
    shop.fake.behave({ down: true });
    await shop.change(id, { phone: '3' });
    shop.setClock(150);
    await says(userId, { changes: { phone: '2', givenName: 'Augusta' }, lastModifiedAt: at(150) });
    expect(await customerOf(id)).toMatchObject({ phone: '3', givenName: 'Augusta' });
    await calm();
    shop.fake.behave({});
    shop.setClock(300);
    await shop.done(id);
    expect(shop.fake.user(userId)).toMatchObject({ phone_number: '3' });
    const history = await shop.deps.store.history.listByCustomer(id);
    expect(history.filter(({ field }) => field.startsWith('conflict.'))).toEqual([]);
  });

  it('is no news either when it is one of several', async () => {
    const { id, userId } = await inDoubt({ phone: '1' }, { phone: '2' }, { phone: '3' });
    shop.fake.behave({ down: true });
    await shop.change(id, { phone: '1' });
    for (const phone of ['2', '3']) await says(userId, { changes: { phone }, lastModifiedAt: at(250) });
    expect(await customerOf(id)).toMatchObject({ phone: '1' });
    await calm();
    shop.fake.behave({});
    shop.setClock(600);
    await shop.done(id);
    expect(shop.fake.user(userId)).toMatchObject({ phone_number: '1' });
  });

  it('is news again once an answer came', async () => {
    const { id, userId } = await inDoubt({ phone: '1' }, { phone: '2' });
    shop.fake.behave({});
    shop.setClock(200);
    await shop.change(id, { phone: '3' });
    await shop.done(id);
    shop.setClock(300);
    await says(userId, { changes: { phone: '2' }, lastModifiedAt: at(300) });
    expect(await customerOf(id)).toMatchObject({ phone: '2' });
  });

  it('is put right where a value was emptied meanwhile, also of somebody new', async () => {
    shop.fake.behave({ loseAnswer: true });
    const id = await shop.create({ phone: '1' });
    await failed(id);
    expect(shop.fake.users()).toMatchObject([{ phone_number: '1' }]);
    const emptied = { reference: String(id), changes: { phone: null }, newsletter: {}, problems: [] };
    await shop.accounts.updateCustomer(emptied, operator);
    shop.fake.behave({});
    shop.setClock(100);
    await shop.done(id);
    expect(await customerOf(id)).toMatchObject({ phone: null });
    expect(shop.fake.users()).toMatchObject([{ phone_number: null }]);
  });

  it('is sent again, and with it nothing but what else was changed', async () => {
    const { id, userId } = await inDoubt({ phone: '1' }, { phone: '2' });
    shop.fake.behave({});
    await shop.change(id, { phone: '1', familyName: 'Murray' });
    shop.setClock(200);
    await shop.done(id);
    const sent = shop.fake.requests().filter(({ endpoint }) => endpoint === 'alter-user');
    expect(sent.map(({ parameters }) => parameters)).toEqual([
      { user_id: userId, last_name: 'Murray', phone_number: '1' },
    ]);
  });

  it('does not keep a no to mailings from counting that may be the platform’s own', async () => {
    const id = await shop.create();
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    const wish = async (isMailingSubscribed: boolean) => {
      await shop.deps.store.transaction(async (store) => {
        const profile = (await store.customers.findLoyaltyProfile(id, chainId))!;
        await store.links.save({ ...profile.link, isMailingSubscribed });
      });
      await shop.change(id, { notes: String(isMailingSubscribed) });
    };
    await wish(true);
    await shop.done(id);
    shop.fake.behave({ loseAnswer: true, only: { endpoints: ['alter-user'] } });
    for (const [index, isWanted] of [false, true].entries()) {
      await wish(isWanted);
      shop.setClock(100 * (index + 1));
      await failed(id, index + 1);
    }
    await says(userId, { consents: { isMailingSubscribed: false }, lastModifiedAt: at(300) });
    expect(await shop.linkOf(id)).toMatchObject({ isMailingSubscribed: false });
  });
});
