import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, outboundView } from '../../src/accounts/loyalty-link.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at, someEmail } from '../fixtures.ts';
import { chainId, operator, platformContext, updateOf } from './house.ts';
import { openWorkshop, until, type Workshop } from './workshop.ts';

describeOnBothDatabases('the loyalty worker', (database) => {
  let shop: Workshop;

  beforeEach(async () => {
    shop = await openWorkshop(database.url);
  });

  afterEach(() => shop.stop());

  const sent = (endpoint: string) => shop.fake.requests().filter((entry) => entry.endpoint === endpoint);
  /** Somebody whom both sides know and agree on. */
  async function linkedCustomer(changes: Record<string, string> = {}): Promise<{ id: number; userId: number }> {
    const id = await shop.create(changes);
    await shop.done(id);
    const userId = (await shop.linkOf(id))!.spaazaUserId!;
    shop.fake.clearJournal();
    shop.counted.length = 0;
    return { id, userId };
  }

  const signedIn = (customerId: number) =>
    shop.deps.store.transaction(({ outbox }) =>
      outbox.append({
        event: { type: 'customer.signed_in', customerId },
        origin: 'gomus',
        actor: `customer ${customerId}`,
        requestId: 'r-sign-in',
        occurredAt: shop.now(),
      }),
    );

  describe('pushing', () => {
    it('tells of a new customer once, and links the ids that come back', async () => {
      const email = someEmail();
      const id = await shop.create({ email, phone: '030 1' });
      await shop.done(id);
      const [user, ...more] = shop.fake.users();
      expect(more).toEqual([]);
      expect(user).toMatchObject({
        first_name: 'Grace',
        username: email,
        phone_number: '030 1',
        authentication_point_identifier: String(id),
      });
      expect(sent('add-user')).toHaveLength(1);
      expect(sent('add-user')[0]?.requestId).toBe('r-operator');
      expect(await shop.linkOf(id)).toMatchObject({ spaazaUserId: user!.user_id, memberNumber: user!.member_number });
      expect(shop.counted).toEqual(['push acknowledged']);
      const history = await shop.deps.store.history.listByCustomer(id);
      expect(history.filter(({ origin }) => origin === 'push')).toMatchObject([
        { field: `link.${chainId}.spaazaUserId`, before: null, after: user!.user_id, actor: 'system' },
        { field: `link.${chainId}.memberNumber`, before: null, after: user!.member_number, requestId: 'r-operator' },
      ]);
    });

    it('remembers what it sent as what was agreed', async () => {
      const { id } = await linkedCustomer({ phone: '030 1' });
      const profile = (await shop.deps.store.customers.findLoyaltyProfile(id, chainId))!;
      expect((await shop.deps.store.links.findAgreement(id, chainId))?.view).toEqual(
        JSON.parse(JSON.stringify(outboundView(profile))),
      );
      expect(profile.link.agreedDigest).toBe(digestOf(outboundView(profile)).agreedDigest);
      expect((await shop.deps.store.links.findAgreement(id, chainId))?.syncedAt).toBe(at(0));
    });

    it('sends changes of a linked customer by the platform’s id, in their order', async () => {
      const { id, userId } = await linkedCustomer();
      for (const phone of ['1', '2', '3']) {
        await shop.change(id, { phone });
        await shop.done(id);
      }
      expect(shop.fake.requests().map(({ endpoint, parameters }) => [endpoint, parameters.phone_number])).toEqual([
        ['alter-user', '1'],
        ['alter-user', '2'],
        ['alter-user', '3'],
      ]);
      expect(shop.fake.requests().map((entry) => entry.identity)).toEqual(
        Array(3).fill({ by: 'user_id', value: String(userId) }),
      );
    });

    it('empties over there what was emptied here', async () => {
      const { id, userId } = await linkedCustomer({ phone: '030 1' });
      await shop.accounts.updateCustomer(
        { reference: String(id), changes: { phone: null }, newsletter: {}, problems: [] },
        operator,
      );
      await shop.done(id);
      expect(shop.fake.user(userId)?.phone_number ?? '').toBe('');
    });

    it('sends changes that follow each other closely as one', async () => {
      const { id, userId } = await linkedCustomer();
      const answer = shop.holdAnswers();
      await shop.change(id, { phone: '1' });
      await until(() => shop.fake.requests().length === 1);
      for (const phone of ['2', '3', '4', '5']) await shop.change(id, { phone });
      answer();
      await shop.done(id);
      expect(sent('alter-user').map(({ parameters }) => parameters.phone_number)).toEqual(['1', '5']);
      expect(shop.fake.user(userId)).toMatchObject({ phone_number: '5' });
    });

    it('sees a change during a push, although the push is acknowledged', async () => {
      const { id } = await linkedCustomer();
      const answer = shop.holdAnswers();
      await shop.change(id, { phone: '1' });
      await until(() => shop.fake.requests().length === 1);
      await shop.change(id, { phone: '2' });
      const answerNext = shop.holdAnswers();
      answer();
      await until(async () => (await shop.deps.store.links.findAgreement(id, chainId))?.view?.phone === '1');
      answerNext();
      await shop.done(id);
      expect((await shop.deps.store.links.findAgreement(id, chainId))?.view?.phone).toBe('2');
    });

    it('sends nothing when the outbound view is what was agreed', async () => {
      const { id } = await linkedCustomer();
      await shop.change(id, { mobile: '0170', notes: 'likes Monet' });
      await shop.done(id);
      expect(shop.fake.requests()).toEqual([]);
      expect(shop.counted).toEqual(['push skipped']);
    });

    it('sends what was changed back meanwhile, when nobody knows whether the change had arrived', async () => {
      const { id, userId } = await linkedCustomer({ phone: '1' });
      shop.fake.behave({ loseAnswer: true });
      await shop.change(id, { phone: '2' });
      await until(async () => ((await shop.row(id))?.attempts ?? 0) > 0);
      expect(shop.fake.user(userId)).toMatchObject({ phone_number: '2' });
      await shop.change(id, { phone: '1' });
      shop.fake.behave({});
      shop.setClock(100);
      await signedIn(id);
      await shop.done(id);
      expect(shop.fake.user(userId)).toMatchObject({ phone_number: '1' });
      expect((await shop.deps.store.customers.findLoyaltyProfile(id, chainId))?.customer.phone).toBe('1');
    });

    it('does not send back what the platform itself has changed', async () => {
      const { id, userId } = await linkedCustomer();
      await shop.accounts.applyLoyaltyUpdate(
        updateOf({ identifiers: { userId }, changes: { phone: '4711' }, consents: { isMailingSubscribed: true } }),
        platformContext,
      );
      await shop.done(id);
      expect(shop.fake.requests()).toEqual([]);
      expect(shop.counted).toEqual(['push skipped']);
    });

    it('sends the mailing flag along when a coupled website’s newsletter is left', async () => {
      const website = shop.deps.directory.topology.defaultWebsite;
      const couple = (couplesNewsletter: boolean) =>
        shop.deps.store.transaction(async (store) => {
          await store.topology.saveWebsite({ ...website, couplesNewsletter });
          await store.settings.next('revision');
        });
      await couple(true);
      await shop.deps.directory.refresh();
      try {
        const { id, userId } = await linkedCustomer();
        const wish = (groupIds: number[]) =>
          shop.accounts.updateCustomer(
            { reference: String(id), changes: {}, newsletter: { groupIds }, problems: [] },
            operator,
          );
        await wish([1]);
        await shop.done(id);
        expect(shop.fake.user(userId)).toMatchObject({ mailing_list: { mailing_list_subscribed: true } });
        await wish([]);
        await shop.done(id);
        expect(shop.fake.user(userId)).toMatchObject({ mailing_list: { mailing_list_subscribed: false } });
        expect(sent('alter-user')).toHaveLength(2);
      } finally {
        await couple(false);
      }
    });

    it('gives up a customer whom the platform calls by another’s id', async () => {
      const { id, userId } = await linkedCustomer();
      const email = someEmail();
      shop.fake.changeUser(userId, { username: email });
      const other = await shop.create({ email });
      await until(async () => (await shop.row(other))?.state === 'dead');
      expect(await shop.row(other)).toMatchObject({ errorCode: 'tied_to_another_customer' });
      expect(await shop.linkOf(id)).toMatchObject({ spaazaUserId: userId });
      expect(await shop.linkOf(other)).toBeUndefined();
    });
  });

  describe('pulling', () => {
    it('takes over after a sign-in what was changed over there, and sends nothing back', async () => {
      const { id, userId } = await linkedCustomer();
      shop.fake.changeUser(userId, { first_name: 'Amazing Grace', phone_number: '99' });
      shop.setClock(301);
      await signedIn(id);
      await shop.done(id);
      const { customer } = (await shop.deps.store.customers.findById(id))!;
      expect(customer).toMatchObject({ givenName: 'Amazing Grace', phone: '99' });
      expect(shop.fake.requests().map(({ endpoint }) => endpoint)).toEqual(['get-user']);
      expect(shop.counted).toEqual(expect.arrayContaining(['pull acknowledged']));
      const pulled = (await shop.deps.store.history.listByCustomer(id)).filter(({ origin }) => origin === 'pull');
      expect(pulled).toMatchObject([
        { field: 'givenName', after: 'Amazing Grace', actor: 'system', requestId: 'r-sign-in' },
        { field: 'phone' },
      ]);
      expect((await shop.deps.store.links.findAgreement(id, chainId))?.syncedAt).toBe(at(301));
    });

    it('does not ask again within the interval', async () => {
      const { id } = await linkedCustomer();
      shop.setClock(300);
      await signedIn(id);
      await shop.done(id);
      expect(shop.fake.requests()).toEqual([]);
      shop.setClock(301);
      await signedIn(id);
      await shop.done(id);
      expect(sent('get-user')).toHaveLength(1);
      await signedIn(id);
      await shop.done(id);
      expect(sent('get-user')).toHaveLength(1);
    });

    it('does not let what the platform says undo a change that was not sent yet', async () => {
      const { id, userId } = await linkedCustomer({ phone: '1' });
      shop.setClock(600);
      await shop.change(id, { phone: '2' });
      await signedIn(id);
      await shop.done(id);
      expect((await shop.deps.store.customers.findById(id))?.customer.phone).toBe('2');
      expect(shop.fake.user(userId)).toMatchObject({ phone_number: '2' });
    });

    it('makes nobody: who is unknown over there stays unlinked', async () => {
      const id = await shop.create();
      await shop.done(id);
      const stranger = await shop.deps.store.transaction(async (store) => {
        const { customer } = (await store.customers.findById(id))!;
        const { id: _, hasPassword: __, ...rest } = customer;
        return store.customers.insert({ ...rest, email: someEmail(), foreignId: null, passwordHash: null });
      });
      await signedIn(stranger!);
      await shop.done(stranger!);
      expect(shop.counted).toContain('pull nobody');
      expect(shop.fake.users()).toHaveLength(1);
      expect((await shop.linkOf(stranger!))?.spaazaUserId ?? null).toBeNull();
      // Asked is asked.
      await signedIn(stranger!);
      await shop.done(stranger!);
      expect(shop.counted.filter((count) => count.startsWith('pull'))).toEqual(['pull nobody']);
    });

    it('leaves out what our rules refuse, takes over the rest, and says which field it was', async () => {
      const [{ id, userId }, other] = [await linkedCustomer(), await linkedCustomer({ email: 'taken@example.org' })];
      shop.fake.changeUser(other.userId, { username: someEmail() });
      shop.fake.changeUser(userId, { username: 'taken@example.org', first_name: 'Thief' });
      shop.setClock(301);
      await signedIn(id);
      await shop.done(id);
      expect(shop.counted).toContain('pull acknowledged');
      const { customer } = (await shop.deps.store.customers.findById(id))!;
      expect(customer.givenName).toBe('Thief');
      expect(customer.email).not.toBe('taken@example.org');
      const refusal = shop.log.find(({ message }) => message.includes('not taken over'));
      expect(refusal?.fields).toMatchObject({ customer: id, fields: ['email: taken'] });
      expect(JSON.stringify(shop.log)).not.toContain('taken@example.org');
    });

    it('unlinks who was erased over there, and never tells of them again by itself', async () => {
      const { id, userId } = await linkedCustomer();
      shop.fake.eraseUser(userId);
      shop.setClock(301);
      await signedIn(id);
      await shop.done(id);
      expect(await shop.linkOf(id)).toMatchObject({ spaazaUserId: null, agreedDigest: null });
      expect((await shop.deps.store.customers.findById(id))?.customer).toMatchObject({ givenName: 'Grace' });
      await shop.change(id, { phone: '1' });
      await shop.done(id);
      expect(sent('add-user')).toEqual([]);
      expect(shop.counted.at(-1)).toBe('push withheld');
    });
  });

  describe('erasing', () => {
    it('has the person erased over there whose account is erased here', async () => {
      const { id, userId } = await linkedCustomer();
      await shop.accounts.deleteAccount({ customerId: id }, operator);
      await shop.done(id);
      expect(shop.fake.user(userId)).toMatchObject({ obfuscated: true });
      expect(shop.counted).toEqual(['erasure acknowledged']);
    });

    it('asks for nothing when the platform never heard of the person', async () => {
      shop.fake.behave({ down: true });
      const id = await shop.create();
      await until(async () => ((await shop.row(id))?.attempts ?? 0) > 0);
      shop.fake.behave({});
      await shop.accounts.deleteAccount({ customerId: id }, operator);
      shop.setClock(100);
      await shop.done(id);
      expect(shop.counted.at(-1)).toBe('erasure nobody');
      expect(sent('delete-user')).toEqual([]);
    });

    it('erases somebody whose first push was under way when the account went', async () => {
      const answer = shop.holdAnswers();
      const id = await shop.create();
      await until(() => shop.fake.requests().length === 1);
      await shop.accounts.deleteAccount({ customerId: id }, operator);
      answer();
      await shop.done(id);
      expect(shop.fake.users()).toMatchObject([{ obfuscated: true }]);
    });

    it('counts as done when the answer was lost and the person is erased already', async () => {
      const { id, userId } = await linkedCustomer();
      shop.fake.behave({ loseAnswer: true, only: { endpoints: ['delete-user'] } });
      await shop.accounts.deleteAccount({ customerId: id }, operator);
      await until(async () => ((await shop.row(id))?.attempts ?? 0) > 0);
      shop.fake.behave({});
      shop.setClock(100);
      await shop.done(id);
      expect(shop.fake.user(userId)).toMatchObject({ obfuscated: true });
    });

    it('is given up, and not counted as done, when the platform refuses it and still has the person', async () => {
      const { id, userId } = await linkedCustomer();
      shop.fake.behave({ errorCode: 68, only: { endpoints: ['delete-user'] } });
      await shop.accounts.deleteAccount({ customerId: id }, operator);
      // Counted once it is noted.
      await until(() => shop.counted.length > 0);
      expect(shop.counted).toEqual(['erasure dead']);
      expect(await shop.row(id)).toMatchObject({ state: 'dead', erasure: { spaazaUserId: userId } });
      expect(shop.fake.user(userId)).not.toMatchObject({ obfuscated: true });
    });

    it('comes before somebody new with the same e-mail, who gets a person of their own', async () => {
      const email = someEmail();
      const { id, userId } = await linkedCustomer({ email });
      shop.fake.behave({ down: true, only: { endpoints: ['delete-user'] } });
      await shop.accounts.deleteAccount({ customerId: id }, operator);
      await until(async () => ((await shop.row(id))?.attempts ?? 0) > 0);
      const again = await shop.create({ email });
      await until(async () => ((await shop.row(again))?.dueAt ?? '') > at(0));
      expect(sent('add-user')).toEqual([]);
      shop.fake.behave({});
      shop.setClock(100);
      await shop.done(id);
      shop.setClock(200);
      await shop.done(again);
      const link = await shop.linkOf(again);
      expect(link?.spaazaUserId).not.toBe(userId);
      expect(shop.fake.user(userId)).toMatchObject({ obfuscated: true });
      expect(shop.fake.user(link!.spaazaUserId!)).toMatchObject({ username: email });
    });
  });
});
