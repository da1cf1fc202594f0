import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freeTextProblem } from '../../src/accounts/free-text.ts';
import { digestOf, type OutboundView } from '../../src/accounts/loyalty-link.ts';
import type { PlatformUser } from '../../src/accounts/loyalty-platform.ts';
import { fieldsApart, sharedFields, viewMembersOf } from '../../src/accounts/shared-fields.ts';
import { type FakeSpaaza, startFakeSpaaza } from '../../src/fake/spaaza.ts';
import type { SpaazaClient } from '../../src/protocols/spaaza/client.ts';
import { fields } from '../../src/protocols/spaaza/fields.ts';
import { clientOf } from './client-options.ts';

let fake: FakeSpaaza;
let client: SpaazaClient;

beforeAll(async () => {
  fake = await startFakeSpaaza();
  client = clientOf(fake);
});
afterAll(async () => {
  await client.close();
  await fake.stop();
});

const text = fc
  .string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
  .map((typed) => typed.trim())
  .filter((typed) => typed !== '' && freeTextProblem('street', typed, 255) === undefined);

const birthday = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2020-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

/** undefined too, which is how a field without a value is left out. */
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });

const person = fc.record({
  givenName: text,
  familyName: text,
  birthday: optional(birthday),
  gender: optional(fc.constantFrom('M', 'F', 'nonbinary', 'Other', 'x')),
  isPrintedMailingSubscribed: fc.boolean(),
  isMailingSubscribed: fc.boolean(),
  isMailingOffered: fc.constant(true as const),
  isProgrammeOptedIn: fc.boolean(),
  street: optional(text),
  houseNumber: optional(text),
  houseNumberExtension: optional(fc.oneof(fc.constant(''), text)),
  postcode: optional(text),
  city: optional(text),
  countryCode: optional(fc.constantFrom('NL', 'DE', 'US')),
  phone: optional(text),
});

/** No two in a run have the same, since the platform takes each e-mail once. */
let lastId = 0;
const identities = fc.emailAddress().map((email) => {
  lastId += 1;
  return { customerId: lastId, email: `n${lastId}.${email}` };
});

/** What the platform gave back, as the view that would be sent to say the same. */
function viewOf({ update, spaazaUserId }: PlatformUser): OutboundView {
  const { changes, address, consents, identifiers, problems } = update;
  expect(problems).toEqual([]);
  expect(identifiers.userId).toBe(spaazaUserId);
  return {
    givenName: changes.givenName ?? '',
    familyName: changes.familyName ?? '',
    birthday: changes.birthday ?? undefined,
    email: changes.email ?? '',
    customerId: identifiers.customerId ?? 0,
    gender: changes.genderToken ?? undefined,
    isPrintedMailingSubscribed: consents.isPrintedMailingSubscribed ?? false,
    isMailingSubscribed: consents.isMailingSubscribed ?? false,
    isMailingOffered: true,
    isProgrammeOptedIn: consents.isProgrammeOptedIn ?? false,
    street: address.street,
    houseNumber: address.houseNumber,
    houseNumberExtension: address.houseNumberExtension,
    postcode: address.postcode ?? undefined,
    city: address.city ?? undefined,
    countryCode: address.countryCode ?? undefined,
    phone: changes.phone ?? undefined,
  };
}

/** No value and an empty one are the same thing on this wire. */
const said = (view: OutboundView) =>
  Object.fromEntries(Object.entries(view).filter(([, value]) => value !== undefined && value !== ''));

describe('what is sent to the platform', () => {
  it('is a field that knows which side wins, in every member', () => {
    const sent = fields.flatMap(({ member }) => member ?? []);
    const known: string[] = [...sharedFields.flatMap(viewMembersOf), 'customerId', 'isMailingOffered'];
    expect(
      sent.filter((member) => !known.includes(member)),
      'give them a rule in accounts/shared-fields.ts',
    ).toEqual([]);
  });

  it('comes back as the same values, down to the digest', async () => {
    await fc.assert(
      fc.asyncProperty(identities, person, async (identity, fields) => {
        const view = { ...identity, ...fields };
        const added = await client.addUser(view, sharedFields);
        const fetched = await client.fetchUser({ customerId: view.customerId });
        expect(fetched).toEqual(added);
        expect(said(viewOf(added))).toEqual(said(view));
        expect(digestOf(viewOf(added))).toEqual(digestOf(view));
      }),
      { numRuns: 60 },
    );
  });

  it('comes back as what it was changed to, with nothing left of what was emptied', async () => {
    await fc.assert(
      fc.asyncProperty(identities, person, person, fc.boolean(), async (identity, before, after, knowsAgreed) => {
        const [agreed, view] = [
          { ...identity, ...before },
          { ...identity, ...after },
        ];
        const { spaazaUserId } = await client.addUser(agreed, sharedFields);
        await client.alterUser(spaazaUserId, view, knowsAgreed ? fieldsApart(view, agreed) : sharedFields);
        const fetched = await client.fetchUser({ spaazaUserId });
        expect(said(viewOf(fetched!))).toEqual(said(view));
      }),
      { numRuns: 60 },
    );
  });
});
