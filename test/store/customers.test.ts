import { beforeAll, expect, it } from 'vitest';
import { normalizeEmail } from '../../src/accounts/email.ts';
import { AccountError } from '../../src/accounts/errors.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
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

const taken = (field: string) => ({
  name: 'AccountError',
  code: 'validation_failed',
  details: { problems: [{ field, rule: 'taken' }] },
});

describeOnBothDatabases('customers', (database) => {
  let store: OpenStore;

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
  });

  it('gives back every field of a customer exactly as written', async () => {
    const { passwordHash, ...fields } = newCustomer({
      email: `Zoë.${someEmail()}`,
      givenName: 'Zoë "Z" 👩‍🎨',
      familyName: "O'Brien\t\\ 北京",
      salutationId: 2,
      titleId: 3,
      languageId: 4,
      birthday: '1815-12-10',
      genderCode: 3,
      genderToken: 'X',
      phone: '+49 30 1',
      mobile: '',
      fax: '0',
      countryCode: 'DE',
      level: 0,
      categoryId: 7,
      debtorNumber: 9_007_199_254_740_991,
      hasVoucherPayment: true,
      hasCollectiveInvoicePayment: true,
      isInstitution: true,
      institution: 'Museum',
      notes: 'first\r\nsecond',
      paymentModeId: 5,
      priceTargetAudienceId: 6,
      foreignId: `f-${someEmail()}`,
      groupId: 2,
      passwordHash: '$argon2id$x',
      unconfirmedSince: '2024-05-17T10:00:00.001Z',
      createdAt: '1999-12-31T23:59:59.999Z',
      updatedAt: '2038-01-19T03:14:08.000Z',
    });
    const id = await addCustomer(store, { ...fields, passwordHash });
    const expected = { customer: { ...fields, id, hasPassword: true }, groupIds: [] };
    expect(await store.customers.findById(id)).toEqual(expected);
    expect(await store.customers.findByEmail(1, normalizeEmail(fields.email))).toEqual(expected);
    expect(await store.customers.findByForeignId(fields.foreignId ?? '')).toEqual(expected);
    expect(await store.customers.findForSignIn(1, normalizeEmail(fields.email))).toEqual({ ...expected, passwordHash });
    expect(await store.customers.findPasswordHash(id)).toBe(passwordHash);
  });

  it('gives back absent fields as null and no as false', async () => {
    const { passwordHash, ...fields } = newCustomer();
    const id = await addCustomer(store, fields);
    expect(passwordHash).toBeNull();
    expect((await store.customers.findById(id))?.customer).toEqual({ ...fields, id, hasPassword: false });
    expect(await store.customers.findPasswordHash(id)).toBeNull();
    expect((await store.customers.findForSignIn(1, fields.email))?.passwordHash).toBeNull();
  });

  it('finds nobody under an id, e-mail, pool or foreign id that nobody has', async () => {
    const email = someEmail();
    await addCustomer(store, { email });
    expect(await store.customers.findById(999_999_999)).toBeUndefined();
    expect(await store.customers.findByEmail(1, someEmail())).toBeUndefined();
    expect(await store.customers.findByEmail(2, email)).toBeUndefined();
    expect(await store.customers.findByForeignId('nobody')).toBeUndefined();
    expect(await store.customers.findForSignIn(1, someEmail())).toBeUndefined();
    expect(await store.customers.findPasswordHash(999_999_999)).toBeNull();
    expect(await store.transaction(({ customers }) => customers.lock(999_999_999))).toBeUndefined();
  });

  it('keeps an e-mail unique in its pool whatever its case and composition', async () => {
    const tail = someEmail();
    await addCustomer(store, { email: `zo\u00eb-${tail}` });
    for (const email of [`ZO\u00cb-${tail}`, `zoe\u0308-${tail}`, `ZOE\u0308-${tail}`.toUpperCase()]) {
      expect(await store.transaction(({ customers }) => customers.insert(newCustomer({ email })))).toBeUndefined();
    }
    const other = await store.transaction(({ customers }) => customers.insert(newCustomer({ email: `zoe-${tail}` })));
    expect(other).toBeTypeOf('number');
  });

  it('allows the same e-mail in another pool', async () => {
    const email = someEmail();
    const first = await addCustomer(store, { email, poolId: 1 });
    const second = await addCustomer(store, { email, poolId: 2 });
    expect((await store.customers.findByEmail(1, email))?.customer.id).toBe(first);
    expect((await store.customers.findByEmail(2, email))?.customer.id).toBe(second);
  });

  it('goes on with the transaction after a taken e-mail', async () => {
    const email = someEmail();
    const owner = await addCustomer(store, { email });
    const [refused, met, added] = await store.transaction(async ({ customers }) => [
      await customers.insert(newCustomer({ email })),
      await customers.findByEmail(1, email),
      await customers.insert(newCustomer()),
    ]);
    expect(refused).toBeUndefined();
    expect(met?.customer.id).toBe(owner);
    expect((await store.customers.findById(added ?? 0))?.customer.id).toBe(added);
  });

  it('reports a taken e-mail also when the foreign id is taken as well', async () => {
    const [email, foreignId] = [someEmail(), someEmail()];
    await addCustomer(store, { email, foreignId });
    expect(
      await store.transaction(({ customers }) => customers.insert(newCustomer({ email, foreignId }))),
    ).toBeUndefined();
  });

  it('refuses a taken foreign id on insert and update', async () => {
    const foreignId = someEmail();
    await addCustomer(store, { foreignId });
    const insert = store.transaction(({ customers }) => customers.insert(newCustomer({ foreignId })));
    await expect(insert).rejects.toMatchObject(taken('foreignId'));
    await expect(insert).rejects.toBeInstanceOf(AccountError);
    const id = await addCustomer(store);
    const update = store.transaction(({ customers }) => updateById(customers, id, { foreignId }, at(1)));
    await expect(update).rejects.toMatchObject(taken('foreignId'));
  });

  it('refuses an update to an e-mail someone else has, and writes nothing of it', async () => {
    const email = someEmail();
    await addCustomer(store, { email });
    const id = await addCustomer(store);
    const before = await store.customers.findById(id);
    const update = store.transaction(async ({ customers }) => {
      await updateById(customers, id, { givenName: 'Ada' }, at(1));
      await updateById(customers, id, { email: email.toUpperCase() }, at(2));
    });
    await expect(update).rejects.toMatchObject(taken('email'));
    expect(await store.customers.findById(id)).toEqual(before);
  });

  it('changes the given fields only and clears what is set to null', async () => {
    const id = await addCustomer(store, { phone: '1', mobile: '2', hasVoucherPayment: true, birthday: '2000-02-29' });
    const before = (await store.customers.findById(id))!.customer;
    const email = someEmail().toUpperCase();
    const changes = { email, phone: null, isInstitution: true, hasVoucherPayment: false, genderCode: 1 as const };
    const given = await store.transaction(async ({ customers }) =>
      customers.update((await customers.lock(id))!, { ...changes, fax: undefined }, at(60)),
    );
    expect(given).toEqual({ ...before, ...changes, updatedAt: at(60) });
    expect((await store.customers.findById(id))?.customer).toEqual(given);
    expect((await store.customers.findByEmail(1, email.toLowerCase()))?.customer.id).toBe(id);
  });

  it('lets a customer change the case of their own e-mail', async () => {
    const email = someEmail();
    const id = await addCustomer(store, { email });
    await store.transaction(({ customers }) => updateById(customers, id, { email: email.toUpperCase() }, at(1)));
    expect((await store.customers.findByEmail(1, email))?.customer).toMatchObject({ id, email: email.toUpperCase() });
  });

  it('sets a password hash without touching the rest', async () => {
    const id = await addCustomer(store);
    const before = (await store.customers.findById(id))!.customer;
    await store.transaction(({ customers }) => customers.setPasswordHash(id, '$2b$10$y'));
    expect(await store.customers.findPasswordHash(id)).toBe('$2b$10$y');
    expect((await store.customers.findById(id))?.customer).toEqual({ ...before, hasPassword: true });
  });

  it('upgrades a password hash that is still the one that was checked, and holds by it', async () => {
    const id = await addCustomer(store, { passwordHash: '$2b$10$y' });
    await store.transaction(async ({ customers }) => {
      expect([await customers.hold(id, '$2b$10$y'), await customers.hold(id, '$2b$10$z')]).toEqual([true, false]);
      await customers.upgradePasswordHash(id, '$2b$10$z', 'wrong');
      await customers.upgradePasswordHash(id, '$2b$10$y', 'right');
    });
    expect(await store.customers.findPasswordHash(id)).toBe('right');
  });

  it('counts customers', async () => {
    const before = await store.customers.countAll();
    await addCustomer(store);
    await addCustomer(store);
    expect(await store.customers.countAll()).toBe(before + 2);
  });

  it('deletes a customer with sessions, addresses, memberships and links, and nobody else', async () => {
    const [id, other] = [await addCustomer(store), await addCustomer(store)];
    const clientIds = new Map([id, other].map((owner) => [owner, someEmail()]));
    await store.transaction(async (tx) => {
      for (const owner of [id, other]) {
        await tx.sessions.insert(newSession(owner, { clientId: clientIds.get(owner)! }));
        await tx.memberships.add(owner, 1, at(0));
      }
      await tx.customers.delete(id);
    });
    expect(await store.customers.findById(id)).toBeUndefined();
    expect(await store.sessions.findByClientId(clientIds.get(id)!)).toBeUndefined();
    expect((await store.sessions.findByClientId(clientIds.get(other)!))?.groupIds).toEqual([1]);
  });

  it('never gives the id of a deleted customer to another', async () => {
    const id = await addCustomer(store);
    await store.transaction(({ customers }) => customers.delete(id));
    expect(await addCustomer(store)).toBeGreaterThan(id);
  });

  it('makes one customer of many identical inserts at the same time', async () => {
    const email = someEmail();
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => store.transaction(({ customers }) => customers.insert(newCustomer({ email })))),
    );
    const [winner, ...more] = ids.filter((id) => id !== undefined);
    expect(more).toEqual([]);
    expect((await store.customers.findByEmail(1, email))?.customer.id).toBe(winner);
  });
});
