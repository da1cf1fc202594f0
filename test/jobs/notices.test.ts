import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AccountError } from '../../src/accounts/errors.ts';
import type { InboxState } from '../../src/accounts/loyalty-queue.ts';
import type { Notice } from '../../src/accounts/take-notice.ts';
import { type NoticeTools, workOnNotices } from '../../src/jobs/inbox.ts';
import { readWebhook } from '../../src/protocols/spaaza/webhook-event.ts';
import { describeOnBothDatabases, runStatement } from '../dialects.ts';
import { at, someEmail } from '../fixtures.ts';
import { chainId, type House, openHouse, platformContext, updateOf } from './house.ts';

let lastUserId = 5_000_000_000;

describeOnBothDatabases('notices of the platform', (database) => {
  let house: House;
  let counted: string[];
  let log: { fields: object; message: string }[];
  let read: (chainId: number, body: string) => Notice;

  beforeEach(async () => {
    await runStatement(database.url, 'delete from loyalty_inbox; delete from loyalty_queue; delete from outbox');
    house = await openHouse(database.url);
    counted = [];
    log = [];
    read = readWebhook;
  });
  afterEach(() => house.close());

  const tools = (of = house): NoticeTools => ({
    deps: of.deps,
    read: (...args) => read(...args),
    log: {
      warn: (fields, message) => log.push({ fields, message }),
      error: (fields, message) => log.push({ fields, message }),
    },
    count: (_chain, outcome) => counted.push(outcome),
  });
  /** Works until nothing is due. */
  const work = async () => {
    let total = 0;
    for (let count = await workOnNotices(tools()); count > 0; count = await workOnNotices(tools())) total += count;
    return total;
  };
  const linked = async () => {
    lastUserId += 1;
    const userId = lastUserId;
    const email = someEmail();
    const { profile } = await house.accounts.applyLoyaltyUpdate(
      updateOf({
        identifiers: { userId },
        changes: { email, givenName: 'Ada', familyName: 'Lovelace' },
        createIfMissing: true,
        lastModifiedAt: at(0),
      }),
      platformContext,
    );
    return { id: profile.customer.id, userId, email };
  };
  const eventOf = (userId: number, data: object, second = 10, event: object = {}) => ({
    id: `user${userId}`,
    type: 'shopper.altered',
    chain_id: chainId,
    created: at(second),
    data: { user_id: userId, last_modified_date: at(second).slice(0, 19).replace('T', ' '), ...data },
    ...event,
  });
  /** Takes an event in; gives the id of its entry. */
  const take = async (event: { id?: string }, subject = String(event.id).slice('user'.length)) => {
    const digest = randomUUID();
    await house.accounts.takeNotice(
      { chainId, digest, subject, body: JSON.stringify(event) },
      { actor: { kind: 'system' }, origin: 'webhook', requestId: 'r-webhook' },
    );
    // Ids grow with every entry, and this one is the youngest.
    return lastEntry();
  };
  const lastEntry = async () => {
    const { inbox } = house.deps.store;
    for (let id = highest + 1; ; id += 1) {
      if ((await inbox.find(id)) !== undefined) highest = id;
      else if (id > highest + 50) return highest;
    }
  };
  let highest = 0;
  const stateOf = async (id: number): Promise<[InboxState, string | null]> => {
    const entry = (await house.deps.store.inbox.find(id))!;
    return [entry.state, entry.errorText];
  };
  const customerOf = async (id: number) => (await house.deps.store.customers.findById(id))!.customer;

  it('change their customer, with the webhook as the origin and the id of its request', async () => {
    const { id, userId } = await linked();
    const notice = await take(eventOf(userId, { phone_number: '030 1', mailing_list_subscribed: true }));
    expect(await house.deps.store.inbox.find(notice)).toMatchObject({ state: 'waiting', subject: String(userId) });
    expect(await work()).toBe(1);
    expect(await customerOf(id)).toMatchObject({ phone: '030 1' });
    const history = await house.deps.store.history.listByCustomer(id);
    expect(history.slice(-2)).toMatchObject([
      { field: 'phone', origin: 'webhook', actor: 'system', requestId: 'r-webhook' },
      { field: 'link.123.isMailingSubscribed', after: true, origin: 'webhook' },
    ]);
    expect(await stateOf(notice)).toEqual(['done', null]);
    expect(counted).toEqual(['applied']);
  });

  it('are kept without what they said once they were dealt with', async () => {
    const { userId } = await linked();
    const ids = [
      await take(eventOf(userId, { phone_number: '030 2' })),
      await take(eventOf(userId, { phone_number: '1' }, -5)),
    ];
    await work();
    for (const id of ids) expect((await house.deps.store.inbox.find(id))?.body).toBe('');
    expect(await Promise.all(ids.map(stateOf))).toEqual([
      ['done', null],
      ['ignored', 'it is older than what the platform said before'],
    ]);
  });

  it('about one person are worked on in the order they came, about several at once', async () => {
    const people = await Promise.all([linked(), linked(), linked()]);
    for (let round = 1; round <= 4; round += 1) {
      // No time at all: then what comes later counts.
      for (const { userId } of people) {
        await take(eventOf(userId, { phone_number: `${round}`, last_modified_date: null }, 0, { created: null }));
      }
    }
    expect(await workOnNotices(tools())).toBe(3);
    expect((await customerOf(people[0]!.id)).phone).toBe('1');
    expect(await work()).toBe(9);
    for (const { id } of people) {
      const phones = (await house.deps.store.history.listByCustomer(id)).filter(({ field }) => field === 'phone');
      expect(phones.map(({ after }) => after)).toEqual(['1', '2', '3', '4']);
    }
  });

  it('are each worked on once by two nodes', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, linked));
    for (let round = 1; round <= 5; round += 1) {
      for (const { userId } of people) await take(eventOf(userId, { phone_number: `${round}` }, round * 10));
    }
    const other = await openHouse(database.url);
    const loop = async (of: House) => {
      for (let idle = 0; idle < 20; ) idle = (await workOnNotices(tools(of), 2)) === 0 ? idle + 1 : 0;
    };
    await Promise.all([loop(house), loop(other), loop(house), loop(other)]);
    await other.close();
    expect(counted).toEqual(Array.from({ length: 30 }, () => 'applied'));
    for (const { id } of people) expect((await customerOf(id)).phone).toBe('5');
  });

  it('about nobody here make nobody', async () => {
    const before = await house.deps.store.customers.countAll();
    const notice = await take(eventOf(4, { username: someEmail(), first_name: 'New', last_name: 'Person' }));
    await work();
    expect(await stateOf(notice)).toEqual(['ignored', 'nobody here is meant']);
    expect(await house.deps.store.customers.countAll()).toBe(before);
  });

  it('about points, other chains and nothing are passed over, with the reason', async () => {
    const { userId } = await linked();
    const ids = [
      await take(eventOf(userId, {}, 1, { type: 'shopper.points-mutation' })),
      await take(eventOf(userId, {}, 1, { chain_id: 7 })),
      await take({}),
    ];
    await work();
    expect(await Promise.all(ids.map(stateOf))).toEqual([
      ['ignored', "it is about no person's record: shopper.points-mutation"],
      ['ignored', 'it is of another chain'],
      ['ignored', "it is about no person's record: no type"],
    ]);
  });

  it('of an erased person untie the account, keep it as it is, and call off what was to be sent', async () => {
    const { id, userId, email } = await linked();
    const before = await customerOf(id);
    await house.change(id, { phone: '7' });
    const notice = await take(
      eventOf(userId, { obfuscated: true, first_name: 'Deleted', username: `${userId}@deleted.spaaza.com` }),
    );
    await work();
    expect(await stateOf(notice)).toEqual(['done', null]);
    expect(await customerOf(id)).toMatchObject({ email, givenName: before.givenName, phone: '7' });
    expect(await house.deps.store.links.findCustomerIdByUserId(chainId, userId)).toBeUndefined();
    expect(await house.deps.store.tombstones.find(chainId, id)).toMatchObject({ spaazaUserId: userId });
    // A notice from before that comes after it ties nobody again, not by the e-mail either.
    const late = await take(eventOf(userId, { username: email, first_name: 'Ada' }, 5));
    await work();
    expect(await stateOf(late)).toEqual(['ignored', 'nobody here is meant']);
    expect(await house.deps.store.links.findCustomerIdByUserId(chainId, userId)).toBeUndefined();
  });

  it('of which nobody can tell whether they are old have the platform asked', async () => {
    const { id, userId } = await linked();
    await take(eventOf(userId, { phone_number: '1' }, 10));
    const unsure = await take(eventOf(userId, { phone_number: '2' }, 10));
    await work();
    expect(await stateOf(unsure)).toEqual(['done', 'it is as old as what the platform said before']);
    expect(await house.deps.store.queue.find(chainId, id)).toMatchObject({ wantsPull: true, wantsPush: false });
    expect((await customerOf(id)).phone).toBe('1');
    expect(counted).toEqual(['applied', 'asked']);
  });

  it('with a value that cannot be bring the rest all the same', async () => {
    const { id, userId } = await linked();
    const data = { birthday: '2999-01-01', country_code: '??', mailing_list: { mailing_list_subscribed: true } };
    const notice = await take(eventOf(userId, data));
    await work();
    expect(await stateOf(notice)).toEqual(['done', 'left out: country_code unknown, birthday in_future']);
    const { link } = (await house.deps.store.customers.findLoyaltyProfile(id, chainId))!;
    expect(link.isMailingSubscribed).toBe(true);
  });

  it('do not tie a linked customer to somebody else who has the e-mail by now', async () => {
    const { userId, email, id } = await linked();
    const notice = await take(eventOf(userId + 1_000_000, { username: email, phone_number: '666' }));
    for (let second = 0; second < 60; second += 15) {
      house.setClock(second);
      await work();
    }
    expect(await stateOf(notice)).toEqual(['dead', 'refused: userId conflict']);
    expect(await house.deps.store.links.findCustomerIdByUserId(chainId, userId)).toBe(id);
    expect((await customerOf(id)).phone).toBeNull();
    expect(counted).toEqual(['retried', 'retried', 'dead']);
  });

  it('that break the worker are given up after some tries, hold up nobody else meanwhile, and show no data', async () => {
    const [one, other] = [await linked(), await linked()];
    read = (chain, body) => {
      if (body.includes('poison')) throw Object.assign(new TypeError('ada@example.org is bad'), { code: 'E_BAD' });
      return readWebhook(chain, body);
    };
    const poison = await take(eventOf(one.userId, { first_name: 'poison' }));
    const next = await take(eventOf(one.userId, { phone_number: '2' }, 20));
    await take(eventOf(other.userId, { phone_number: '3' }));
    await work();
    expect((await customerOf(other.id)).phone).toBe('3');
    expect((await stateOf(next))[0]).toBe('waiting');
    for (let tries = 0; tries < 8; tries += 1) {
      const entry = (await house.deps.store.inbox.find(poison))!;
      expect(entry.attempts).toBe(tries + 1);
      if (entry.state === 'dead') break;
      house.setClock((Date.parse(entry.dueAt) - Date.parse(at(0))) / 1000);
      await work();
    }
    expect(await stateOf(poison)).toEqual(['dead', 'it failed: TypeError E_BAD']);
    // Who is erased later is not found in what was given up.
    expect((await house.deps.store.inbox.find(poison))?.body).toBe('');
    // Then the next one has its turn.
    await work();
    expect((await customerOf(one.id)).phone).toBe('2');
    expect(log.map(({ message }) => message)).toContain('a notice of the loyalty platform was given up');
    expect(JSON.stringify(log.at(-1))).not.toContain('ada@example.org');
    expect(await house.deps.store.inbox.count('dead', 10)).toBe(1);
  });

  it('wait while the database has trouble, and lose no try by it', async () => {
    const { id, userId } = await linked();
    const notice = await take(eventOf(userId, { phone_number: '2' }));
    read = () => {
      throw new AccountError('storage_unavailable');
    };
    for (let tries = 0; tries < 20; tries += 1) {
      house.setClock(20 + tries * 10);
      await work();
    }
    expect(await house.deps.store.inbox.find(notice)).toMatchObject({ state: 'waiting', attempts: 0 });
    read = readWebhook;
    house.setClock(1_000);
    await work();
    expect((await customerOf(id)).phone).toBe('2');
  });

  it('that a worker died over are taken by another once the lease is over', async () => {
    const { id, userId } = await linked();
    await take(eventOf(userId, { phone_number: '2' }));
    const lease = { token: 'dead worker', until: at(60) };
    await house.deps.store.transaction(({ inbox }) => inbox.claim(8, lease, at(0)));
    expect(await work()).toBe(0);
    house.setClock(61);
    expect(await work()).toBe(1);
    expect((await customerOf(id)).phone).toBe('2');
  });

  it('go with the account that they are about', async () => {
    const { id, userId } = await linked();
    const other = await linked();
    const [gone, kept] = [await take(eventOf(userId, {})), await take(eventOf(other.userId, {}))];
    // In another chain the same number is somebody else's.
    const elsewhere = { chainId: 456, digest: 'x', subject: String(userId), body: '{}', receivedAt: at(0) };
    await house.deps.store.transaction(({ inbox }) => inbox.insert({ ...elsewhere, requestId: 'r' }));
    await house.accounts.deleteAccount({ customerId: id }, { ...platformContext, origin: 'gomus' });
    expect(await house.deps.store.inbox.find(gone)).toBeUndefined();
    expect(await house.deps.store.inbox.find(kept)).toBeDefined();
    expect(await house.deps.store.inbox.listBySubject(456, String(userId), 9)).toHaveLength(1);
    // One that comes later finds nobody, and brings nobody back.
    const late = await take(eventOf(userId, { username: someEmail() }));
    await work();
    expect(await stateOf(late)).toEqual(['ignored', 'nobody here is meant']);
  });
});
