import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnBothDatabases } from '../dialects.ts';
import { someEmail } from '../fixtures.ts';
import { chainId, type House, openHouse, operator, platformContext, updateOf } from './house.ts';

let lastUserId = 9_100_000_000;
const someUserId = () => (lastUserId += 1);
const notFound = { code: 'customer_not_found', details: { lookup: { by: 'identifiers' } } };

describeOnBothDatabases('who was erased here', (database) => {
  let house: House;

  beforeAll(async () => {
    house = await openHouse(database.url);
  });

  afterAll(() => house.close());

  const person = (email: string) => ({ email, givenName: 'Ada', familyName: 'Byron' });
  const update = (overrides: Parameters<typeof updateOf>[0]) =>
    house.accounts.applyLoyaltyUpdate(updateOf({ createIfMissing: true, ...overrides }), platformContext);
  /** Makes somebody whom the platform knows, and erases them. */
  async function erasedPerson(): Promise<{ email: string; userId: number; customerId: number }> {
    const [email, userId] = [someEmail(), someUserId()];
    const { profile } = await update({ identifiers: { userId }, changes: person(email) });
    await house.accounts.deleteAccount({ customerId: profile.customer.id }, operator);
    return { email, userId, customerId: profile.customer.id };
  }

  it('is not made again by a late update with the same user id', async () => {
    const { email, userId } = await erasedPerson();
    await expect(update({ identifiers: { userId, username: email }, changes: person(email) })).rejects.toMatchObject(
      notFound,
    );
    expect(await house.deps.store.customers.findByEmail(1, email)).toBeUndefined();
  });

  it('is not made again by a late update with our own id, whatever else it says', async () => {
    const { customerId } = await erasedPerson();
    const late = update({ identifiers: { userId: someUserId(), customerId }, changes: person(someEmail()) });
    await expect(late).rejects.toMatchObject(notFound);
  });

  it('is erased by one of two operators, and the other is told that there is nobody', async () => {
    const customerId = await house.create();
    const both = [1, 2].map(() => house.accounts.deleteAccount({ customerId }, operator));
    const ends = (await Promise.allSettled(both)).map((end) => (end.status === 'rejected' ? end.reason.code : 'done'));
    expect(ends.sort()).toEqual(['customer_not_found', 'done']);
  });

  it('is not made again though the platform had never heard of them', async () => {
    const email = someEmail();
    const customerId = await house.create({ email });
    await house.accounts.deleteAccount({ customerId }, operator);
    const byId = update({ identifiers: { customerId }, changes: person(someEmail()) });
    await expect(byId).rejects.toMatchObject(notFound);
    await expect(update({ changes: person(email) })).rejects.toMatchObject(notFound);
  });

  it('is not made again by the e-mail, in any spelling, when the update brings no user id', async () => {
    const { email } = await erasedPerson();
    const late = update({ identifiers: { memberNumber: 'm-1' }, changes: person(` ${email.toUpperCase()}`) });
    await expect(late).rejects.toMatchObject(notFound);
  });

  it('may begin anew over there: with another user id the same e-mail is another person', async () => {
    const { email } = await erasedPerson();
    const userId = someUserId();
    const { profile } = await update({ identifiers: { userId }, changes: person(email) });
    expect(profile).toMatchObject({ customer: { email }, link: { spaazaUserId: userId } });
  });

  it('may sign up here again, and a late update about the old person does not touch the new account', async () => {
    const { email, userId } = await erasedPerson();
    const id = await house.create({ email });
    const late = update({ identifiers: { userId, username: email }, changes: { givenName: 'Late' } });
    await expect(late).rejects.toMatchObject(notFound);
    expect(await house.deps.store.links.listByCustomer(id)).toEqual([]);
    expect((await house.deps.store.customers.findById(id))?.customer.givenName).toBe('Grace');
  });

  it('leaves a tombstone without anything that names the person', async () => {
    const { email, userId, customerId } = await erasedPerson();
    const tombstone = await house.deps.store.tombstones.find(chainId, customerId);
    expect(tombstone).toEqual({
      chainId,
      customerId,
      spaazaUserId: userId,
      emailDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      erasedAt: house.now(),
    });
    expect(JSON.stringify(tombstone)).not.toContain(email);
  });

  it('is told apart from who was erased over there: the account stays, and its e-mail may be used', async () => {
    const [email, userId] = [someEmail(), someUserId()];
    const { profile } = await update({ identifiers: { userId }, changes: person(email) });
    const { id } = profile.customer;
    await update({ identifiers: { userId }, isErasure: true });
    expect((await house.deps.store.links.findAgreement(id, chainId))?.view).toBeUndefined();
    const again = await update({ identifiers: { userId: someUserId(), username: email }, changes: { phone: '1' } });
    expect(again.profile.customer).toMatchObject({ id, phone: '1' });
    await expect(update({ identifiers: { userId, customerId: id }, changes: {} })).rejects.toMatchObject(notFound);
  });

  it('is not tied to the old id again, and nor is who was erased over there by member number', async () => {
    const userId = someUserId();
    const memberNumber = `M${userId}`;
    const { profile } = await update({ identifiers: { userId, memberNumber }, changes: person(someEmail()) });
    const { id, email } = profile.customer;
    await update({ identifiers: { memberNumber }, isErasure: true });
    expect(await house.deps.store.tombstones.find(chainId, id)).toMatchObject({ spaazaUserId: userId });
    const late = update({ identifiers: { userId, username: email }, changes: { phone: '1' } });
    await expect(late).rejects.toMatchObject(notFound);
  });
});
