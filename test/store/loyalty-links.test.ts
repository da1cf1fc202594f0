import { beforeAll, expect, it } from 'vitest';
import { emptyLink, type LoyaltyLink } from '../../src/accounts/loyalty-link.ts';
import type { OpenStore } from '../../src/storage/index.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { addCustomer, saveTopology, smallTopology, someEmail } from '../fixtures.ts';

const chainId = 123;
let lastUserId = 9_999_000_000;
const someUserId = () => (lastUserId += 1);

describeOnBothDatabases('loyalty links', (database) => {
  let store: OpenStore;

  beforeAll(async () => {
    store = database.open();
    await saveTopology(store, smallTopology);
  });

  const save = (link: LoyaltyLink) => store.transaction(({ links }) => links.save(link));

  function fullLink(customerId: number): LoyaltyLink {
    return {
      customerId,
      chainId,
      spaazaUserId: someUserId(),
      memberNumber: someEmail(),
      isProgrammeOptedIn: true,
      isMailingSubscribed: false,
      isPrintedMailingSubscribed: true,
      lastHash: '0123456789abcdef',
      agreedDigest: '1:abc',
    };
  }

  it('gives back a link exactly, by each of its ids', async () => {
    const customerId = await addCustomer(store);
    const link = fullLink(customerId);
    await save(link);
    expect(await store.links.listByCustomer(customerId)).toEqual([link]);
    expect(await store.links.findCustomerIdByUserId(chainId, link.spaazaUserId!)).toBe(customerId);
    expect(await store.links.findCustomerIdByMemberNumber(chainId, link.memberNumber!)).toBe(customerId);
    expect((await store.customers.findLoyaltyProfile(customerId, chainId))?.link).toEqual(link);
  });

  it('writes over an earlier link of the same customer and chain', async () => {
    const customerId = await addCustomer(store);
    await save(fullLink(customerId));
    const later = { ...emptyLink(customerId, chainId), isMailingSubscribed: true };
    await save(later);
    expect(await store.links.listByCustomer(customerId)).toEqual([later]);
  });

  it('keeps chains apart', async () => {
    const customerId = await addCustomer(store);
    const here = fullLink(customerId);
    const there = { ...fullLink(customerId), chainId: 7 };
    await save(here);
    await save(there);
    expect(await store.links.listByCustomer(customerId)).toEqual([there, here]);
    expect((await store.customers.findLoyaltyProfile(customerId, 7))?.link).toEqual(there);
    expect(await store.links.findCustomerIdByUserId(7, here.spaazaUserId!)).toBeUndefined();
    expect(await store.links.findCustomerIdByMemberNumber(7, here.memberNumber!)).toBeUndefined();
  });

  it('refuses a platform user who is tied to someone else in the chain', async () => {
    const [owner, other] = [await addCustomer(store), await addCustomer(store)];
    const link = fullLink(owner);
    await save(link);
    await expect(save({ ...emptyLink(other, chainId), spaazaUserId: link.spaazaUserId })).rejects.toMatchObject({
      name: 'UniqueViolation',
      constraint: expect.stringMatching(/loyalty_links/),
    });
    await save({ ...emptyLink(other, 7), spaazaUserId: link.spaazaUserId });
    expect(await store.links.findCustomerIdByUserId(chainId, link.spaazaUserId!)).toBe(owner);
  });

  it('lets any number of customers wait for their platform id', async () => {
    const [first, second] = [await addCustomer(store), await addCustomer(store)];
    await save(emptyLink(first, chainId));
    await save(emptyLink(second, chainId));
    expect(await store.links.listByCustomer(second)).toEqual([emptyLink(second, chainId)]);
  });

  it('answers a shared member number with the oldest customer', async () => {
    const [first, second] = [await addCustomer(store), await addCustomer(store)];
    const memberNumber = someEmail();
    await save({ ...emptyLink(second, chainId), memberNumber });
    await save({ ...emptyLink(first, chainId), memberNumber });
    expect(await store.links.findCustomerIdByMemberNumber(chainId, memberNumber)).toBe(first);
  });

  it('shows a customer without a link as one with an empty link, by id and by e-mail', async () => {
    const email = someEmail();
    const id = await addCustomer(store, { email });
    const { customer } = (await store.customers.findById(id))!;
    const profile = { customer, addresses: [], link: emptyLink(id, chainId) };
    expect(await store.customers.findLoyaltyProfile(id, chainId)).toEqual(profile);
    expect(await store.customers.findLoyaltyProfileByEmail(1, email, chainId)).toEqual(profile);
    expect(await store.customers.findLoyaltyProfileByEmail(2, email, chainId)).toBeUndefined();
    expect(await store.customers.findLoyaltyProfile(999_999_999, chainId)).toBeUndefined();
  });

  it('shows the same link by e-mail as by id', async () => {
    const email = someEmail();
    const id = await addCustomer(store, { email });
    await save(fullLink(id));
    const byEmail = await store.customers.findLoyaltyProfileByEmail(1, email, chainId);
    expect(byEmail?.link.isProgrammeOptedIn).toBe(true);
    expect(byEmail).toEqual(await store.customers.findLoyaltyProfile(id, chainId));
  });

  it('ends the links of a deleted customer', async () => {
    const customerId = await addCustomer(store);
    const link = fullLink(customerId);
    await save(link);
    await store.transaction(({ customers }) => customers.delete(customerId));
    expect(await store.links.findCustomerIdByUserId(chainId, link.spaazaUserId!)).toBeUndefined();
    expect(await store.links.listByCustomer(customerId)).toEqual([]);
  });
});
