import { describe, expect, it } from 'vitest';
import { historyFieldNames, readHistoryField } from './history-fields.ts';

describe('the fields of the history', () => {
  it('are all read by the names that are listed for people', () => {
    const names = historyFieldNames.map((name) => name.replace('CHAIN', '123').replace('FIELD', 'email'));
    expect(names.filter((name) => readHistoryField(name) === undefined)).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ['givenName', { of: 'customer', name: 'givenName' }],
    ['newsletterGroups', { of: 'groups' }],
    ['password', { of: 'password' }],
    ['address.id', { of: 'address', name: 'id' }],
    ['address.countryCode', { of: 'address', name: 'countryCode' }],
    ['link.0.memberNumber', { of: 'link', chainId: 0, name: 'memberNumber' }],
    ['link.123.isMailingSubscribed', { of: 'link', chainId: 123, name: 'isMailingSubscribed' }],
    ['conflict.123.address.city', { of: 'event', name: 'conflict' }],
    ['signedIn', { of: 'event', name: 'signedIn' }],
    ['account', { of: 'event', name: 'account' }],
  ])('are read: %s', (name, field) => {
    expect(readHistoryField(name)).toEqual(field);
  });

  it.each([
    '',
    'id',
    'poolId',
    'passwordHash',
    'createdAt',
    'given_name',
    'address',
    'address.',
    'address.isDefaultBilling',
    'address.street.name',
    'link',
    'link.123',
    'link.123.lastHash',
    'link.123.agreedDigest',
    'link.x.memberNumber',
    'link.1e3.memberNumber',
    'link.-1.memberNumber',
    'conflict.123',
    'conflict.123.',
    'constructor',
    'address.constructor',
    'link.1.toString',
    '__proto__',
  ])('are nothing else: %j', (name) => {
    expect(readHistoryField(name)).toBeUndefined();
  });
});
