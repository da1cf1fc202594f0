import { beforeAll, expect, it } from 'vitest';
import { AccountError } from '../../src/accounts/errors.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases, runStatement } from '../dialects.ts';
import {
  addCustomer,
  at,
  newCustomer,
  newSession,
  saveTopology,
  smallTopology,
  someEmail,
  updateById,
} from '../fixtures.ts';

/** A promise and the function that fulfils it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describeOnBothDatabases('transactions', (database) => {
  let store: OpenStore;

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
  });

  const exists = async (email: string) => (await store.customers.findByEmail(1, email)) !== undefined;

  it('give what the work gives, and the error it throws', async () => {
    expect(await store.transaction(async () => 'done')).toBe('done');
    expect(await store.transaction(async () => undefined)).toBeUndefined();
    const error = new AccountError('nothing_to_update');
    await expect(store.transaction(() => Promise.reject(error))).rejects.toBe(error);
    const thrown = store.transaction(() => {
      throw error;
    });
    await expect(thrown).rejects.toBe(error);
  });

  it('leave nothing behind when the work fails', async () => {
    const [email, clientId] = [someEmail(), someEmail()];
    const counter = (await store.settings.readAll()).get('revision');
    const waiting = (await store.outbox.list(1_000)).length;
    const event = { type: 'customer.updated' as const, customerId: 1, fields: [] };
    const failing = store.transaction(async (tx) => {
      const id = (await tx.customers.insert(newCustomer({ email })))!;
      await tx.sessions.insert(newSession(id, { clientId }));
      await tx.memberships.add(id, 1, at(0));
      await tx.settings.next('revision');
      await tx.outbox.append({ event, origin: 'system', actor: 'a', requestId: 'r', occurredAt: at(0) });
      throw new AccountError('forbidden');
    });
    await expect(failing).rejects.toMatchObject({ code: 'forbidden' });
    expect(await exists(email)).toBe(false);
    expect(await store.sessions.findByClientId(clientId)).toBeUndefined();
    expect((await store.settings.readAll()).get('revision')).toBe(counter);
    expect(await store.outbox.list(1_000)).toHaveLength(waiting);
  });

  it('leave nothing behind when the database refuses a statement', async () => {
    const [email, foreignId] = [someEmail(), someEmail()];
    await addCustomer(store, { foreignId });
    const failing = store.transaction(async ({ customers }) => {
      await customers.insert(newCustomer({ email }));
      await customers.insert(newCustomer({ foreignId }));
    });
    await expect(failing).rejects.toMatchObject({ code: 'validation_failed' });
    expect(await exists(email)).toBe(false);
  });

  it('see their own writes, which nobody else sees before the commit', async () => {
    const email = someEmail();
    const [written, released] = [gate(), gate()];
    const running = store.transaction(async ({ customers }) => {
      await customers.insert(newCustomer({ email }));
      expect((await customers.findByEmail(1, email))?.customer.email).toBe(email);
      written.open();
      await released.opened;
    });
    await written.opened;
    expect(await exists(email)).toBe(false);
    expect((await store.customers.search({ words: [email], websiteId: null, page: 1, perPage: 1 })).totalCount).toBe(0);
    released.open();
    await running;
    expect(await exists(email)).toBe(true);
  });

  it('answer reads while one of them is open', async () => {
    const id = await addCustomer(store, { phone: 'before' });
    const [written, released] = [gate(), gate()];
    const running = store.transaction(async ({ customers }) => {
      await updateById(customers, id, { phone: 'after' }, at(1));
      written.open();
      await released.opened;
    });
    await written.opened;
    const seen = (await store.customers.findById(id))?.customer.phone;
    released.open();
    await running;
    expect(seen).toBe('before');
    expect((await store.customers.findById(id))?.customer.phone).toBe('after');
  });

  it('fail alone: of 200 at the same time those that were acknowledged are there and the failed ones are not', async () => {
    const foreignId = someEmail();
    await addCustomer(store, { foreignId });
    const emails = Array.from({ length: 200 }, someEmail);
    const outcomes = await Promise.allSettled(
      emails.map((email, index) =>
        store.transaction(async ({ customers }) => {
          await customers.insert(newCustomer({ email }));
          if (index % 5 === 1) throw new AccountError('forbidden');
          if (index % 5 === 3) await customers.insert(newCustomer({ foreignId }));
          return index;
        }),
      ),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(failures.toSorted()).toEqual([...Array(40).fill('forbidden'), ...Array(40).fill('validation_failed')]);
    const there = await Promise.all(emails.map(exists));
    expect(there).toEqual(outcomes.map((outcome) => outcome.status === 'fulfilled'));
  });

  it('wait for the lock of a customer, so that no update is lost', async () => {
    const id = await addCustomer(store, { notes: '' });
    const letters = [...'abcdefghijklmnopqrst'];
    await Promise.all(
      letters.map((letter) =>
        store.transaction(async ({ customers }) => {
          const held = (await customers.lock(id))!;
          await customers.update(held, { notes: `${held.customer.notes}${letter}` }, at(1));
        }),
      ),
    );
    const notes = (await store.customers.findById(id))?.customer.notes ?? '';
    expect([...notes].toSorted()).toEqual(letters);
  });

  it('read a customer again who has changed since they were read, and no other', async () => {
    const id = await addCustomer(store, { phone: '1' });
    const known = (await store.customers.findById(id))!;
    let tries = 0;
    const lock = () =>
      store.transaction(({ customers }) => {
        tries += 1;
        return customers.lock(id, known);
      });
    expect(await lock()).toEqual({ ...known, hasRightWords: true });
    expect(tries).toBe(1);
    await store.transaction(({ customers }) => updateById(customers, id, { phone: '2' }, at(1)));
    expect(await lock()).toMatchObject({ customer: { phone: '2' }, hasRightWords: true });
  });

  it('read a customer again whose words a release before wrote', async () => {
    const id = await addCustomer(store, { givenName: 'Ada' });
    const known = (await store.customers.findById(id))!;
    await runStatement(database.url, `update customers set search_text = 'grace' where id = ${id}`);
    expect(await store.transaction(({ customers }) => customers.lock(id, known))).toMatchObject({
      hasRightWords: false,
    });
  });

  it('of one customer follow each other also where all have read them before', async () => {
    const id = await addCustomer(store, { notes: '' });
    const known = (await store.customers.findById(id))!;
    const letters = [...'abcdefghijklmnopqrst'];
    await Promise.all(
      letters.map((letter, index) =>
        store.transaction(async ({ customers }) => {
          const held = (await customers.lock(id, known))!;
          await customers.update(held, { notes: `${held.customer.notes}${letter}` }, at(1 + index));
        }),
      ),
    );
    const notes = (await store.customers.findById(id))?.customer.notes ?? '';
    expect([...notes].toSorted()).toEqual(letters);
  });

  it('do nothing for a customer who has gone since they were read', async () => {
    const id = await addCustomer(store);
    const known = (await store.customers.findById(id))!;
    await store.transaction(({ customers }) => customers.delete(id));
    const entries = { customerId: id, field: 'phone', before: null, after: '1', origin: 'gomus', actor: 'a' } as const;
    const change = store.transaction(async ({ customers, history }) => {
      const held = await customers.lock(id, known);
      if (held !== undefined) await history.append([{ ...entries, requestId: 'r', changedAt: at(1) }]);
      return held;
    });
    expect(await change).toBeUndefined();
    expect(await store.history.listByCustomer(id)).toEqual([]);
  });

  it('write nothing before it is certain that a customer is as they were read', async () => {
    const id = await addCustomer(store);
    const known = (await store.customers.findById(id))!;
    await store.transaction(({ customers }) => customers.delete(id));
    const change = store.transaction(async ({ customers, memberships }) => {
      const held = await customers.lock(id, known);
      // Of somebody who is not there the database refuses this.
      if (held !== undefined) await memberships.add(id, 1, at(1));
      return held !== undefined && customers.update(held, { phone: '1' }, at(1));
    });
    expect(await change).toBe(false);
  });

  it('read two customers again of whom either has changed, whoever is written first', async () => {
    for (const changed of [0, 1]) {
      for (const first of [0, 1]) {
        const ids = [await addCustomer(store, { notes: '' }), await addCustomer(store, { notes: '' })];
        const known = await Promise.all(ids.map(async (id) => (await store.customers.findById(id))!));
        await store.transaction(({ customers }) => updateById(customers, ids[changed]!, { notes: 'a' }, at(1)));
        await store.transaction(async ({ customers }) => {
          const held = [];
          for (const [index, id] of ids.entries()) held.push((await customers.lock(id, known[index]))!);
          for (const one of [held[first]!, held[1 - first]!]) {
            await customers.update(one, { notes: `${one.customer.notes}b` }, at(2));
          }
        });
        const notes = await Promise.all(ids.map(async (id) => (await store.customers.findById(id))?.customer.notes));
        expect(notes).toEqual(changed === 0 ? ['ab', 'b'] : ['b', 'ab']);
      }
    }
  });

  it('read what belongs to a customer once they hold them, also where the customer was read before', async () => {
    const id = await addCustomer(store);
    const known = (await store.customers.findById(id))!;
    const [locked, released] = [gate(), gate()];
    const linking = store.transaction(async ({ customers, links }) => {
      await customers.lock(id);
      locked.open();
      await released.opened;
      await links.touch(id, 123, at(1));
    });
    await locked.opened;
    const reading = store.transaction(async ({ customers, links }) => {
      await customers.lock(id, known);
      return links.listByCustomer(id);
    });
    // Time to read too early.
    await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, 100))]);
    released.open();
    await linking;
    expect(await reading).toHaveLength(1);
  });

  it('find a customer gone whom another one deleted while they waited for the lock', async () => {
    const id = await addCustomer(store);
    const [locked, released] = [gate(), gate()];
    const deleting = store.transaction(async ({ customers }) => {
      await customers.lock(id);
      locked.open();
      await released.opened;
      await customers.delete(id);
    });
    await locked.opened;
    const waiting = store.transaction(({ customers }) => customers.lock(id));
    released.open();
    await deleting;
    expect(await waiting).toBeUndefined();
  });

  it('keep out a query that nobody waited for once the work has failed', async () => {
    const emails = [someEmail(), someEmail(), someEmail()];
    const failing = store.transaction(async ({ customers }) => {
      const writes = emails.map((email) => customers.insert(newCustomer({ email })));
      for (const write of writes) write.catch(() => undefined);
      throw new AccountError('forbidden');
    });
    const following = store.transaction(({ customers }) => customers.insert(newCustomer()));
    await expect(failing).rejects.toMatchObject({ code: 'forbidden' });
    await following;
    expect(await Promise.all(emails.map(exists))).toEqual([false, false, false]);
  });

  it('fail as a whole when a write fails that nobody waited for, and say why', async () => {
    const emails = Array.from({ length: 2 }, () => someEmail());
    const unknownGroup = 987_654;
    const reasonOf = (work: (email: string) => Promise<unknown>, email: string) =>
      work(email).then(
        () => 'committed',
        (error: Error) => error.message,
      );
    const endsWithIt = (email: string) =>
      store.transaction(async ({ customers, memberships }) => {
        const id = await customers.insert(newCustomer({ email }));
        await memberships.add(id!, unknownGroup, at(0));
      });
    const goesOn = (email: string) =>
      store.transaction(async ({ customers, memberships }) => {
        const id = await customers.insert(newCustomer({ email }));
        await memberships.add(id!, unknownGroup, at(0));
        await customers.findById(id!);
        await customers.setPasswordHash(id!, 'x');
      });
    expect(await reasonOf(endsWithIt, emails[0]!)).toMatch(/foreign key/i);
    expect(await reasonOf(goesOn, emails[1]!)).toMatch(/foreign key/i);
    expect(await Promise.all(emails.map(exists))).toEqual([false, false]);
  });

  it('refuse to be used after their end', async () => {
    const email = someEmail();
    const kept = await store.transaction(async (tx) => tx);
    await expect(kept.customers.insert(newCustomer({ email }))).rejects.toThrow(/over/);
    await expect(kept.memberships.add(1, 1, at(0))).rejects.toThrow(/over/);
    expect(await exists(email)).toBe(false);
  });

  it('finish before the store is closed', async () => {
    const other = database.open();
    const email = someEmail();
    const started = gate();
    const running = other.transaction(async ({ customers }) => {
      started.open();
      await new Promise((resolve) => setImmediate(resolve));
      await customers.insert(newCustomer({ email }));
    });
    await started.opened;
    await Promise.all([running, other.close()]);
    await other.close();
    expect(await exists(email)).toBe(true);
  });
});
