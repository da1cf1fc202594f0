import { describe, expect, it } from 'vitest';
import type { Address, Customer } from './customer.ts';
import { compareSides, driftIn, observedView } from './loyalty-drift.ts';
import { emptyLink, type LoyaltyProfile, outboundView } from './loyalty-link.ts';
import type { PlatformUser } from './loyalty-platform.ts';

const customer = {
  id: 7,
  email: 'Ada@example.org',
  givenName: 'Ada',
  familyName: 'Lovelace',
  birthday: '1990-12-10',
  phone: '020 1',
  genderCode: 2,
  genderToken: 'F',
  countryCode: null,
} as Customer;
const address = {
  street: 'Dorpstraat',
  houseNumber: '1',
  houseNumberExtension: 'B',
  postcode: '1000AA',
  city: 'Amsterdam',
  countryCode: 'NL',
  isDefaultBilling: true,
} as Address;
const profile: LoyaltyProfile = {
  customer,
  addresses: [address],
  link: { ...emptyLink(7, 123), spaazaUserId: 9, memberNumber: 'm1', isMailingSubscribed: true },
};

/** Who has all the same. */
function same(changes: Partial<PlatformUser['update']> = {}): PlatformUser {
  return {
    spaazaUserId: 9,
    memberNumber: 'm1',
    shopCustomerId: '7',
    update: {
      identifiers: { userId: 9 },
      changes: {
        email: 'ada@example.org',
        givenName: 'Ada',
        familyName: 'Lovelace',
        birthday: '1990-12-10',
        phone: '020 1',
        genderCode: 2,
        genderToken: 'F',
      },
      address: {
        street: 'Dorpstraat',
        houseNumber: '1',
        houseNumberExtension: 'B',
        postcode: '1000AA',
        city: 'Amsterdam',
        countryCode: 'NL',
      },
      consents: { isProgrammeOptedIn: false, isMailingSubscribed: true, isPrintedMailingSubscribed: false },
      isErasure: false,
      problems: [],
      ...changes,
    },
  };
}

const agreed = outboundView(profile);
const drift = (user: PlatformUser, before = agreed) => driftIn(compareSides(profile, before, user));
const driftOfStrangers = (user: PlatformUser) => driftIn(compareSides(profile, undefined, user));

describe('compareSides', () => {
  it('finds no drift between equals, also when an e-mail is written in another way', () => {
    expect(drift(same())).toEqual([]);
    expect(driftOfStrangers(same())).toEqual([]);
  });

  it('says who has changed a field', () => {
    const phone = (there: string | null) => same({ changes: { ...same().update.changes, phone: there } });
    expect(drift(phone('030 9'))).toEqual([
      { field: 'phone', here: '020 1', agreed: '020 1', there: '030 9', changed: 'there' },
    ]);
    expect(drift(phone(null))).toMatchObject([{ field: 'phone', there: null, changed: 'there' }]);
    expect(drift(phone('019 0'), { ...agreed, phone: '019 0' })).toMatchObject([{ field: 'phone', changed: 'here' }]);
    expect(drift(phone('030 9'), { ...agreed, phone: '019 0' })).toMatchObject([{ field: 'phone', changed: 'both' }]);
    expect(driftOfStrangers(phone('030 9'))).toMatchObject([{ agreed: undefined, changed: 'unknown' }]);
  });

  it('takes a street with its number as one field', () => {
    const moved = same({ address: { ...same().update.address, houseNumber: '2' } });
    expect(drift(moved)).toEqual([
      {
        field: 'street',
        here: 'Dorpstraat 1 B',
        agreed: 'Dorpstraat 1 B',
        there: 'Dorpstraat 2 B',
        changed: 'there',
      },
    ]);
  });

  it('does not count what the platform does not speak of, but for names and e-mail', () => {
    expect(drift(same({ address: {}, consents: {} }))).toEqual([]);
    const { givenName: _, ...nameless } = same().update.changes;
    expect(drift(same({ changes: nameless }))).toMatchObject([{ field: 'givenName', here: 'Ada', there: null }]);
  });

  it('takes the platform’s word for a member number, and none for nothing', () => {
    expect(drift({ ...same(), memberNumber: 'm2' })).toMatchObject([{ field: 'memberNumber', changed: 'there' }]);
    expect(drift({ ...same(), memberNumber: null })).toEqual([]);
  });

  it('compares with what was agreed where the platform was not asked', () => {
    const compared = compareSides(profile, { ...agreed, city: 'Utrecht' }, undefined);
    expect(compared.filter(({ changed }) => changed !== 'nobody')).toEqual([
      { field: 'city', here: 'Amsterdam', agreed: 'Utrecht', there: undefined, changed: 'here' },
    ]);
    expect(driftIn(compared)).toEqual([]);
  });
});

describe('observedView', () => {
  it('is what would be sent, with the platform’s values where they differ', () => {
    const { givenName: _, ...nameless } = same().update.changes;
    const user = same({
      changes: { ...nameless, phone: null },
      address: { ...same().update.address, city: 'Utrecht' },
    });
    const { phone: __, ...others } = agreed;
    expect(JSON.parse(JSON.stringify(observedView(profile, undefined, user)))).toEqual({
      ...others,
      givenName: '',
      city: 'Utrecht',
    });
  });

  it('is what was agreed where the platform says nothing, so that a change of ours is not taken for known', () => {
    const user = same({ changes: { ...same().update.changes, phone: undefined } });
    expect(observedView(profile, { ...agreed, phone: '019 0' }, user)).toEqual({ ...agreed, phone: '019 0' });
  });
});
