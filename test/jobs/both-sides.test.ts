import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeOnBothDatabases } from '../dialects.ts';
import { at } from '../fixtures.ts';
import { chainId, platformContext, updateOf } from './house.ts';
import { openWorkshop, until, type Workshop } from './workshop.ts';

describeOnBothDatabases('a change that waited', (database) => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await openWorkshop(database.url);
  });
  afterEach(() => shop.stop());

  /** Somebody linked, who is changed while the platform cannot be reached. */
  async function changedMeanwhile(behaviour: Parameters<Workshop['fake']['behave']>[0]) {
    const id = await shop.create({ phone: '1' });
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    shop.fake.behave(behaviour);
    shop.fake.clearJournal();
    await shop.change(id, { phone: '2', givenName: 'Augusta' });
    await until(async () => ((await shop.row(id))?.attempts ?? 0) > 0);
    return { id, userId };
  }

  it('does not replace a later one over there: the platform is heard first', async () => {
    const { id, userId } = await changedMeanwhile({ down: true });
    shop.fake.changeUser(userId, { phone_number: '3' });
    shop.fake.behave({});
    shop.setClock(100);
    await shop.done(id);
    expect((await shop.deps.store.customers.findById(id))!.customer).toMatchObject({
      phone: '3',
      givenName: 'Augusta',
    });
    expect(shop.fake.user(userId)).toMatchObject({ phone_number: '3', first_name: 'Augusta' });
    expect(shop.fake.requests().map(({ endpoint }) => endpoint)).toEqual(['get-user', 'alter-user']);
    const history = await shop.deps.store.history.listByCustomer(id);
    expect(history).toContainEqual(expect.objectContaining({ field: 'conflict.123.phone', after: 'theirs' }));
  });

  it('is heard first also where nothing failed, and asked nothing when the platform was heard of just now', async () => {
    const id = await shop.create({ phone: '1' });
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    const asked = () => shop.fake.requests().filter(({ endpoint }) => endpoint === 'get-user').length;
    const changeAndWait = async (phone: string, from: number, seconds: number) => {
      await shop.accounts.setMaintenance({ isOn: true });
      shop.setClock(from);
      await shop.change(id, { phone });
      await shop.deps.store.transaction(({ queue }) =>
        queue.enqueue(
          [{ chainId, customerId: id, wantsPush: true, wantsPull: false, erasure: null, requestId: 'r' }],
          shop.now(),
        ),
      );
      shop.setClock(from + seconds);
      await shop.accounts.setMaintenance({ isOn: false });
      await shop.done(id);
      expect(shop.fake.user(userId)).toMatchObject({ phone_number: phone });
    };
    await changeAndWait('2', 100, 60);
    expect(asked()).toBe(0);
    await changeAndWait('3', 300, 61);
    expect(asked()).toBe(1);
  });

  it('is heard first as well once it was given up and the customer changes again', async () => {
    const id = await shop.create({ phone: '1' });
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    shop.fake.behave({ errorCode: 9001 });
    await shop.change(id, { phone: '2' });
    await until(async () => (await shop.row(id))?.state === 'dead');
    shop.fake.behave({});
    shop.fake.changeUser(userId, { phone_number: '3' });
    shop.setClock(100);
    await shop.change(id, { givenName: 'Augusta' });
    await shop.done(id);
    expect(shop.fake.user(userId)).toMatchObject({ phone_number: '3', first_name: 'Augusta' });
  });

  it('is what a dead letter names the fields of, also when the platform was only asked', async () => {
    const { id } = await changedMeanwhile({ status: 502 });
    shop.setClock(86_400);
    // Counted once it is noted.
    await until(() => shop.counted.at(-1) === 'pull dead');
    expect(JSON.parse((await shop.row(id))!.payload!)).toEqual({ givenName: '***', phone: '***' });
  });

  it('is no reason to send what nobody agreed on: the platform is heard first', async () => {
    const id = await shop.create({ phone: '1' });
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    await shop.deps.store.transaction(({ links }) => links.forgetAgreement(id, chainId));
    shop.fake.changeUser(userId, { birthday: '1990-12-10', address_towncity: 'Ede' });
    shop.setClock(61);
    await shop.change(id, { familyName: 'Murray' });
    await shop.done(id);
    const profile = (await shop.deps.store.customers.findLoyaltyProfile(id, chainId))!;
    expect(profile).toMatchObject({ customer: { birthday: '1990-12-10' }, addresses: [{ city: 'Ede' }] });
    expect(shop.fake.user(userId)).toMatchObject({ last_name: 'Murray', birthday: '1990-12-10', phone_number: '1' });
  });
});

describeOnBothDatabases('a push', (database) => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await openWorkshop(database.url);
  });
  afterEach(() => shop.stop());

  it('leaves alone what was changed over there, takes it over from the answer, and sends nothing back', async () => {
    const id = await shop.create({ phone: '1' });
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    shop.fake.clearJournal();
    shop.fake.changeUser(userId, { first_name: 'Augusta', mailing_list_subscribed: true, address_towncity: 'Ede' });
    await shop.change(id, { phone: '2' });
    await shop.done(id);
    expect(shop.fake.user(userId)).toMatchObject({ first_name: 'Augusta', phone_number: '2' });
    const { customer, addresses, link } = (await shop.deps.store.customers.findLoyaltyProfile(id, chainId))!;
    expect([customer.givenName, customer.phone, addresses[0]?.city]).toEqual(['Augusta', '2', 'Ede']);
    expect(link.isMailingSubscribed).toBe(true);
    expect(shop.fake.requests().map(({ endpoint }) => endpoint)).toEqual(['alter-user']);
    const heard = (await shop.deps.store.history.listByCustomer(id)).filter(({ origin }) => origin === 'pull');
    expect(heard.map(({ field }) => field)).toContain('givenName');
  });

  it('takes over what the platform knew of somebody who is new to us', async () => {
    shop.fake.addUser({ username: 'known@example.org', phone_number: '4711', birthday: '1990-12-10' });
    const id = await shop.create({ email: 'known@example.org', phone: '1' });
    await shop.done(id);
    const { customer } = (await shop.deps.store.customers.findById(id))!;
    expect(customer).toMatchObject({ phone: '1', birthday: '1990-12-10' });
    expect(shop.fake.requests().map(({ endpoint }) => endpoint)).toEqual(['add-user']);
  });

  it('takes nobody who is new to us out of what they agreed to elsewhere, but for a no that was said', async () => {
    const agreements = {
      mailing_list_subscribed: true,
      printed_mailing_list_subscribed: true,
      programme_opted_in: true,
    };
    const [silent, objector] = ['silent@example.org', 'objector@example.org'];
    for (const username of [silent, objector]) shop.fake.addUser({ username, ...agreements });
    const id = await shop.create({ email: silent });
    await shop.done(id);
    const consentsOf = async (customerId: number) => {
      const { mailing_list, opt_in_programme } = shop.fake.user((await shop.linkOf(customerId))!.spaazaUserId!)!;
      return { ...(mailing_list as object), ...(opt_in_programme as object) };
    };
    expect(await consentsOf(id)).toMatchObject(agreements);
    expect(await shop.linkOf(id)).toMatchObject({
      isMailingSubscribed: true,
      isPrintedMailingSubscribed: true,
      isProgrammeOptedIn: true,
    });
    await shop.accounts.setMaintenance({ isOn: true });
    const other = await shop.create({ email: objector });
    // Wherever it was said: the platform may have forgotten the person who told it.
    const no = { field: `link.${chainId}.isMailingSubscribed`, before: true, after: false, origin: 'webhook' } as const;
    const entry = { ...no, customerId: other, actor: 'x', requestId: 'x', changedAt: at(0) };
    await shop.deps.store.transaction(({ history }) => history.append([entry]));
    await shop.accounts.setMaintenance({ isOn: false });
    await shop.done(other);
    expect(await consentsOf(other)).toMatchObject({ ...agreements, mailing_list_subscribed: false });
  });

  it('that reached the former person is done again for the one whom the customer is tied to meanwhile', async () => {
    const id = await shop.create({ phone: '1' });
    await shop.done(id);
    const former = (await shop.linkOf(id))!.spaazaUserId!;
    const userId = shop.fake.addUser({ username: 'other@example.org' });
    const release = shop.holdAnswers();
    shop.fake.clearJournal();
    await shop.change(id, { phone: '2' });
    await until(() => shop.fake.requests().some(({ endpoint }) => endpoint === 'alter-user'));
    shop.fake.changeUser(former, { username: 'former@example.org' });
    const { email } = (await shop.deps.store.customers.findById(id))!.customer;
    await shop.accounts.applyLoyaltyUpdate(updateOf({ identifiers: { userId, username: email } }), platformContext);
    release();
    await shop.done(id);
    expect((await shop.linkOf(id))!.spaazaUserId).toBe(userId);
    expect(shop.fake.user(userId)).toMatchObject({ username: email, phone_number: '2', first_name: 'Grace' });
  });

  it('leaves out of the answer what our rules refuse', async () => {
    const [id, other] = [await shop.create(), await shop.create()];
    await shop.done(id, other);
    const [mine, others] = [(await shop.linkOf(id))!.spaazaUserId!, (await shop.linkOf(other))!.spaazaUserId!];
    const { email } = (await shop.deps.store.customers.findById(other))!.customer;
    shop.fake.changeUser(others, { username: 'away@example.org' });
    shop.fake.changeUser(mine, { username: email, first_name: 'Thief', birthday: '2199-01-01' });
    await shop.change(id, { phone: '2' });
    await shop.done(id);
    const { customer } = (await shop.deps.store.customers.findById(id))!;
    expect(customer).toMatchObject({ givenName: 'Thief', phone: '2', birthday: null });
    expect(customer.email).not.toBe(email);
  });

  it('keeps what was changed here while it was under way', async () => {
    const id = await shop.create({ phone: '1' });
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    const answer = shop.holdAnswers();
    await shop.change(id, { phone: '2' });
    await until(() => shop.fake.requests().some(({ endpoint }) => endpoint === 'alter-user'));
    // Not part of what was sent: the answer has the old name.
    shop.setClock(10);
    await shop.change(id, { givenName: 'Augusta' });
    answer();
    await shop.done(id);
    expect((await shop.deps.store.customers.findById(id))!.customer).toMatchObject({
      givenName: 'Augusta',
      phone: '2',
    });
    expect(shop.fake.user(userId)).toMatchObject({ first_name: 'Augusta', phone_number: '2' });
  });
});

describeOnBothDatabases('an answer that comes late', (database) => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await openWorkshop(database.url);
  });
  afterEach(() => shop.stop());

  /** Somebody linked, whom the platform has changed once before. */
  async function linkedCustomer() {
    const id = await shop.create({ phone: '1' });
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    shop.fake.changeUser(userId, { address_towncity: 'Ede' });
    shop.fake.clearJournal();
    return { id, userId };
  }
  const townOf = async (id: number) =>
    (await shop.deps.store.customers.findLoyaltyProfile(id, chainId))!.addresses[0]?.city;
  const asked = (endpoint: string) => shop.fake.requests().filter((entry) => entry.endpoint === endpoint).length;
  /** The platform changes the person and tells of it. */
  const moves = async (userId: number, city: string) => {
    shop.fake.changeUser(userId, { address_towncity: city });
    const said = { identifiers: { userId }, address: { city }, lastModifiedAt: shop.now() };
    await shop.accounts.applyLoyaltyUpdate(updateOf(said), platformContext);
  };

  it('to a push does not undo what the platform told meanwhile: it is asked', async () => {
    const { id, userId } = await linkedCustomer();
    const answer = shop.holdAnswers();
    await shop.change(id, { phone: '2' });
    await until(() => asked('alter-user') === 1);
    await moves(userId, 'Utrecht');
    const answerNext = shop.holdAnswers();
    answer();
    await until(() => asked('get-user') === 1);
    const agreement = await shop.deps.store.links.findAgreement(id, chainId);
    answerNext();
    // What was sent is agreed on already.
    expect(agreement?.view?.phone).toBe('2');
    await shop.done(id);
    expect(await townOf(id)).toBe('Utrecht');
    expect(shop.fake.user(userId)).toMatchObject({ address_towncity: 'Utrecht', phone_number: '2' });
    expect([asked('alter-user'), asked('get-user')]).toEqual([1, 1]);
  });

  it('to a pull does not either', async () => {
    const { id, userId } = await linkedCustomer();
    shop.setClock(301);
    const answer = shop.holdAnswers();
    await shop.deps.store.transaction(({ queue }) =>
      queue.enqueue(
        [{ chainId, customerId: id, wantsPush: false, wantsPull: true, erasure: null, requestId: 'r' }],
        shop.now(),
      ),
    );
    await until(() => asked('get-user') === 1);
    await moves(userId, 'Utrecht');
    answer();
    await until(async () => (await shop.row(id))?.leaseToken === null);
    expect(await townOf(id)).toBe('Utrecht');
    shop.setClock(303);
    await shop.done(id);
    expect(await townOf(id)).toBe('Utrecht');
    expect(asked('get-user')).toBe(2);
  });

  it('counts when it says nothing else', async () => {
    const { id, userId } = await linkedCustomer();
    const answer = shop.holdAnswers();
    await shop.change(id, { phone: '2' });
    await until(() => asked('alter-user') === 1);
    const said = { identifiers: { userId }, address: { city: 'Ede' }, lastModifiedAt: shop.now() };
    await shop.accounts.applyLoyaltyUpdate(updateOf(said), platformContext);
    answer();
    await shop.done(id);
    expect(await townOf(id)).toBe('Ede');
    expect(asked('get-user')).toBe(0);
  });
});

describeOnBothDatabases('what the platform says late, from before it took over ours,', (database) => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await openWorkshop(database.url);
  });
  afterEach(() => shop.stop());

  const asked = (endpoint: string) => shop.fake.requests().filter((entry) => entry.endpoint === endpoint).length;
  const says = (userId: number, phone: string, lastModifiedAt?: string) =>
    shop.accounts.applyLoyaltyUpdate(
      updateOf({ identifiers: { userId }, changes: { phone }, address: { city: 'Ede' }, lastModifiedAt }),
      platformContext,
    );
  const phoneOf = async (id: number) => (await shop.deps.store.customers.findById(id))!.customer.phone;
  /** Somebody whose phone was 1, of which the platform told at second 10, and is 2 on both sides since. */
  async function changedCustomer() {
    const id = await shop.create();
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    shop.fake.changeUser(userId, { phone_number: '1', address_towncity: 'Delft' });
    shop.setClock(10);
    const before = { phone: '1', city: 'Delft' };
    await shop.accounts.applyLoyaltyUpdate(
      updateOf({
        identifiers: { userId },
        changes: { phone: before.phone },
        address: { city: before.city },
        lastModifiedAt: shop.now(),
      }),
      platformContext,
    );
    await shop.change(id, { phone: '2' });
    await shop.done(id);
    shop.fake.changeUser(userId, { address_towncity: 'Ede' });
    shop.fake.clearJournal();
    return { id, userId };
  }

  it.each([
    ['without a time', undefined],
    ['within the same second', at(10)],
  ])('%s, undoes nothing, the rest is taken over, and the platform is asked', async (_, lastModifiedAt) => {
    const { id, userId } = await changedCustomer();
    const { profile } = await says(userId, '1', lastModifiedAt);
    expect(profile).toMatchObject({ customer: { phone: '2' }, addresses: [{ city: 'Ede' }] });
    await shop.done(id);
    expect(await phoneOf(id)).toBe('2');
    expect(shop.fake.user(userId)).toMatchObject({ phone_number: '2', address_towncity: 'Ede' });
    expect([asked('get-user'), asked('alter-user')]).toEqual([1, 0]);
  });

  it('is a change after all when the platform says so to our question', async () => {
    const { id, userId } = await changedCustomer();
    shop.fake.changeUser(userId, { phone_number: '1' });
    await says(userId, '1', at(10));
    await shop.done(id);
    expect(await phoneOf(id)).toBe('1');
    expect(asked('alter-user')).toBe(0);
  });

  it.each([
    ['later by its time', 10, at(11)],
    ['a minute later', 71, undefined],
  ])('is a change when it comes %s', async (_, seconds, lastModifiedAt) => {
    const { id, userId } = await changedCustomer();
    shop.setClock(seconds);
    await says(userId, '1', lastModifiedAt);
    expect(await phoneOf(id)).toBe('1');
    shop.fake.changeUser(userId, { phone_number: '1' });
    await shop.done(id);
    expect([asked('get-user'), asked('alter-user')]).toEqual([0, 0]);
  });

  it('is forgotten with the tie', async () => {
    const { id, userId } = await changedCustomer();
    const known = () => shop.deps.store.links.findAgreement(id, chainId);
    expect(Object.keys((await known())!.formerWords!)).toEqual(['phone']);
    shop.fake.eraseUser(userId);
    await shop.accounts.applyLoyaltyUpdate(updateOf({ identifiers: { userId }, isErasure: true }), {
      ...platformContext,
      origin: 'webhook',
    });
    expect((await known())!.formerWords).toBeNull();
  });
});
