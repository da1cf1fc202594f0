import { describe, expect, it } from 'vitest';
import type { Address, Customer } from './customer.ts';
import type { CustomerDetails } from './customer-details.ts';
import type { HistoryEntry } from './events.ts';
import { movesUpdatedAt } from './history-fields.ts';
import { emptyLink } from './loyalty-link.ts';
import { takeBack } from './rebuild-record.ts';

const address: Address = {
  id: 8,
  customerId: 39,
  street: 'Kade',
  houseNumber: '1',
  houseNumberExtension: '',
  line2: null,
  line3: null,
  postcode: null,
  city: 'Kiel',
  region: null,
  countryCode: 'DE',
  isDefaultBilling: true,
  isDefaultShipping: true,
};
const other = { ...address, id: 7, isDefaultBilling: false, isDefaultShipping: false, city: 'Bonn' };

const present = (customer: Partial<Customer> = {}, rest: Partial<CustomerDetails> = {}): CustomerDetails => ({
  customer: { id: 39, phone: '2', hasPassword: true, updatedAt: 'now', ...customer } as Customer,
  groupIds: [1, 8],
  addresses: [other, address],
  links: [{ ...emptyLink(39, 123), spaazaUserId: 5, lastHash: 'hash', agreedDigest: 'digest' }],
  ...rest,
});

let ids = 1_000;
const entry = (field: string, before: unknown, after: unknown): HistoryEntry => {
  ids -= 1;
  const source = {
    origin: 'gomus',
    actor: 'customer 39',
    requestId: 'r',
    changedAt: '2024-05-17T10:00:00.000Z',
  } as const;
  return { id: ids, customerId: 39, field, before, after, ...source };
};

describe('taking changes back', () => {
  it('puts every kind of value back to what it was, newest change first', () => {
    const { details, uncertainFields } = takeBack(present(), [
      entry('phone', '1', '2'),
      entry('phone', null, '1'),
      entry('newsletterGroups', '', '8,1'),
      entry('address.city', 'Köln', 'Kiel'),
      entry('link.123.spaazaUserId', null, 5),
      entry('link.456.memberNumber', 'M-1', null),
      entry('password', null, 'set'),
    ]);
    expect(details.customer).toMatchObject({ phone: null, hasPassword: false, updatedAt: 'now' });
    expect(details.groupIds).toEqual([]);
    expect(details.addresses).toEqual([other, { ...address, city: 'Köln' }]);
    expect(details.links).toEqual([{ ...emptyLink(39, 456), memberNumber: 'M-1' }]);
    expect(uncertainFields).toEqual([]);
  });

  it('leaves the present record as it is', () => {
    const record = present();
    takeBack(record, [
      entry('phone', '1', '2'),
      entry('address.city', 'Köln', 'Kiel'),
      entry('link.123.spaazaUserId', 4, 5),
    ]);
    expect(record).toEqual(present());
  });

  it('takes an address away that was new then, whatever was in it', () => {
    const { details, uncertainFields } = takeBack(present(), [
      entry('address.city', '', 'Kiel'),
      entry('address.id', null, 8),
    ]);
    expect([details.addresses, uncertainFields]).toEqual([[other], []]);
  });

  it('leaves out what has no history: the digests of a link, and a link that says nothing', () => {
    const silent = { ...emptyLink(39, 9), agreedDigest: 'digest' };
    const { details } = takeBack(present({}, { links: [...present().links, silent] }), []);
    expect(details.links).toEqual([{ ...emptyLink(39, 123), spaazaUserId: 5 }]);
  });

  it('changes nothing for what happened without changing anything', () => {
    const events = [entry('signedIn', null, 'x'), entry('conflict.123.phone', { ours: 1 }, 'ours')];
    expect(takeBack(present(), events)).toEqual(takeBack(present(), []));
    expect(events.map(movesUpdatedAt)).toEqual([false, false]);
    expect(
      [entry('phone', 1, 2), entry('address.id', null, 8), entry('password', null, 'set')].map(movesUpdatedAt),
    ).toEqual([true, true, false]);
  });

  it.each([
    ['a value that the entry did not write', entry('phone', '1', '3'), 'phone'],
    ['groups that it did not write', entry('newsletterGroups', '1', '2'), 'newsletterGroups'],
    ['groups that are none', entry('newsletterGroups', null, '8,1'), 'newsletterGroups'],
    ['an address that is not there', entry('address.id', null, 99), 'address.id'],
    ['a link that it did not write', entry('link.123.spaazaUserId', 4, 6), 'link.123.spaazaUserId'],
    ['a password of which only the fact was told', entry('password', null, null), 'password'],
    ['a field of another release', entry('shoeSize', 41, 42), 'shoeSize'],
  ])('calls a field uncertain for %s', (_what, one, field) => {
    expect(takeBack(present(), [one]).uncertainFields).toEqual([field]);
  });

  it('calls the address uncertain where there is none, and the password where there is none', () => {
    const bare = present({ hasPassword: false }, { addresses: [] });
    const { uncertainFields } = takeBack(bare, [entry('password', null, 'set'), entry('address.city', 'Köln', 'Kiel')]);
    expect(uncertainFields).toEqual(['address.city', 'password']);
  });
});
