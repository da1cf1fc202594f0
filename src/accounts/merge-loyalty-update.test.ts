import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf, type OutboundView } from './loyalty-link.ts';
import { mergeLoyaltyUpdate, needsTimes, platformView, type Sides } from './merge-loyalty-update.ts';
import {
  type FieldValues,
  isConsent,
  isSameValue,
  mergeRuleOf,
  recordedNames,
  type SharedField,
  type Statement,
  sharedFields,
  valuesIn,
  valuesSaid,
  viewMembersOf,
} from './shared-fields.ts';

const early = '2026-03-04T10:00:00.000Z';
const late = '2026-03-04T11:00:00.000Z';

const ada: OutboundView = {
  givenName: 'Ada',
  familyName: 'Lovelace',
  birthday: '1990-12-10',
  email: 'ada@example.org',
  customerId: 7,
  gender: 'F',
  isPrintedMailingSubscribed: false,
  isMailingSubscribed: false,
  isMailingOffered: true,
  isProgrammeOptedIn: false,
  street: 'Dorpstraat',
  houseNumber: '1',
  houseNumberExtension: '',
  postcode: '1000AA',
  city: 'Amsterdam',
  countryCode: 'NL',
  phone: '0201234567',
};

/** What somebody who has `view` says about these fields. */
function statementOf(view: OutboundView, fields: readonly SharedField[] = sharedFields): Statement {
  const said: Statement = { changes: {}, address: {}, consents: {} };
  for (const field of fields) {
    if (field === 'gender') {
      said.changes.genderCode =
        view.gender === undefined ? null : view.gender === 'M' ? 1 : view.gender === 'F' ? 2 : 3;
      said.changes.genderToken = view.gender ?? null;
      continue;
    }
    const { changes, address, consents } = said;
    const part = isConsent(field) ? consents : recordedNames(field, 1)[0]?.startsWith('address.') ? address : changes;
    const none = field === 'street' ? '' : null;
    for (const member of viewMembersOf(field)) Object.assign(part, { [member]: view[member] ?? none });
  }
  return said;
}

/** The view after taking a statement over. */
function taking(view: OutboundView, taken: Statement): OutboundView {
  const result: Record<string, unknown> = { ...view };
  for (const field of sharedFields) {
    const values = valuesSaid(taken, field, view);
    viewMembersOf(field).forEach((member, index) => {
      if (values !== undefined) result[member] = values[index];
    });
  }
  return result as unknown as OutboundView;
}

const timesOf = (time: string | undefined): Map<SharedField, string> =>
  new Map(time === undefined ? [] : sharedFields.map((field) => [field, time]));

const merge = (sides: Sides, saidAt = late, here?: string) =>
  mergeLoyaltyUpdate(sides, { saidAt, changedAt: timesOf(here) });

describe('what only one side changed', () => {
  it('is taken over when that side is the platform', () => {
    const said = statementOf({ ...ada, phone: '1', city: 'Ede', isMailingSubscribed: true });
    const { taken, conflicts } = merge({ agreed: ada, ours: ada, said });
    expect(taken).toEqual({
      changes: { phone: '1' },
      address: { city: 'Ede' },
      consents: { isMailingSubscribed: true },
    });
    expect(conflicts).toEqual([]);
  });

  it('stays when that side is ours, also when the platform says it has none', () => {
    const ours = { ...ada, phone: '1', birthday: '1991-01-01' };
    const said = statementOf({ ...ada, phone: undefined, birthday: ada.birthday });
    const { taken, stays, conflicts } = merge({ agreed: { ...ada, phone: undefined }, ours, said });
    expect(taken).toEqual({ changes: {}, address: {}, consents: {} });
    expect([stays.get('phone'), stays.get('birthday'), stays.get('city')]).toEqual(['ours', 'ours', 'same']);
    expect(conflicts).toEqual([]);
  });

  it('clears a value here that the platform cleared, and no value of which nothing was agreed', () => {
    const said = statementOf({ ...ada, phone: undefined });
    expect(merge({ agreed: ada, ours: ada, said }).taken.changes).toEqual({ phone: null });
    expect(merge({ agreed: undefined, ours: ada, said }).stays.get('phone')).toBe('ours');
  });

  it('is not what is spelled differently', () => {
    const said = statementOf({ ...ada, email: ' ADA@Example.org', phone: ' 0201234567 ', givenName: 'Ada' });
    const { taken, stays } = merge({ agreed: ada, ours: ada, said });
    expect(taken).toEqual({ changes: {}, address: {}, consents: {} });
    expect(platformView({ agreed: ada, ours: ada, said }, stays, ada)).toEqual({
      ...ada,
      houseNumberExtension: undefined,
    });
  });
});

describe('a change on both sides', () => {
  it('goes to whoever changed last, and is told with all three values', () => {
    const sides = { agreed: ada, ours: { ...ada, city: 'Ede' }, said: statementOf({ ...ada, city: 'Delft' }) };
    expect(merge(sides, late, early).conflicts).toEqual([
      { field: 'city', before: { agreed: 'Amsterdam', ours: 'Ede', theirs: 'Delft' }, after: 'theirs' },
    ]);
    expect(merge(sides, late, early).taken.address).toEqual({ city: 'Delft' });
    expect(merge(sides, early, late).conflicts).toMatchObject([{ after: 'ours' }]);
    expect(merge(sides, early, late).taken.address).toEqual({});
  });

  it('is ours within the same second, which is all that the platform tells', () => {
    const sides = { agreed: ada, ours: { ...ada, city: 'Ede' }, said: statementOf({ ...ada, city: 'Delft' }) };
    expect(merge(sides, late, late.replace('.000', '.400')).stays.get('city')).toBe('ours');
    expect(merge(sides, late, late).stays.get('city')).toBe('ours');
    expect(merge(sides, late, '2026-03-04T10:59:59.999Z').stays.get('city')).toBe('theirs');
  });

  it('is none when both changed to the same', () => {
    const ours = { ...ada, city: 'Ede' };
    const { stays, conflicts } = merge({ agreed: ada, ours, said: statementOf(ours) });
    expect([stays.get('city'), conflicts]).toEqual(['same', []]);
  });

  it('of the login e-mail is always ours', () => {
    const sides = {
      agreed: ada,
      ours: { ...ada, email: 'a@example.org' },
      said: statementOf({ ...ada, email: 'b@example.org' }),
    };
    expect(merge(sides, late, early)).toMatchObject({
      taken: { changes: {} },
      conflicts: [{ field: 'email', before: { ours: 'a@example.org', theirs: 'b@example.org' }, after: 'ours' }],
    });
  });

  it('takes a street and its number together', () => {
    const ours = { ...ada, houseNumber: '5' };
    const said: Statement = { changes: {}, address: { street: 'Kade' }, consents: {} };
    const { taken, conflicts } = merge({ agreed: ada, ours, said }, late, early);
    expect(taken.address).toEqual({ street: 'Kade', houseNumber: '1', houseNumberExtension: '' });
    expect(conflicts).toEqual([
      {
        field: 'street',
        before: { agreed: ['Dorpstraat', '1'], ours: ['Dorpstraat', '5'], theirs: ['Kade', '1'] },
        after: 'theirs',
      },
    ]);
  });

  it('is decided for us when we cannot have what the platform says', () => {
    const sides = { agreed: ada, ours: ada, said: statementOf({ ...ada, email: 'taken@example.org' }) };
    const merged = mergeLoyaltyUpdate(sides, { saidAt: late, changedAt: new Map() }, new Set(['email']));
    expect(merged).toMatchObject({ taken: { changes: {} }, conflicts: [{ field: 'email', after: 'ours' }] });
  });
});

describe('a consent', () => {
  const consents = ['isMailingSubscribed', 'isPrintedMailingSubscribed'] as const;
  const view = (isGiven: boolean): OutboundView => ({
    ...ada,
    isMailingSubscribed: isGiven,
    isPrintedMailingSubscribed: isGiven,
  });

  it.each([
    // agreed, ours, last said here, theirs, said there → after
    ['a yes from there', false, false, undefined, true, late, true],
    ['a no from there', true, true, undefined, false, early, false],
    ['a yes from here that they have not heard of', false, true, early, false, late, true],
    ['a no from here that they have not heard of', true, false, early, true, late, false],
    ['a yes from there that is newer than a no here', false, false, early, true, late, true],
    ['a yes from there that is older than a no here', false, false, late, true, early, false],
    ['a yes and a no at once', false, false, late, true, late, false],
    ['a no from there after an older yes here', true, true, early, false, late, false],
    ['a no from there that took an agreed yes back', true, true, late, false, early, false],
    ['nothing agreed, a yes from there alone', undefined, false, undefined, true, late, true],
    ['nothing agreed, a yes there newer than a no here', undefined, false, early, true, late, true],
    ['nothing agreed, a yes there older than a no here', undefined, false, late, true, early, false],
    ['nothing agreed, a no there newer than a yes here', undefined, true, early, false, late, false],
    ['nothing agreed, a no there as old as a yes here', undefined, true, late, false, late, false],
    ['nothing agreed, a yes here newer than a no there', undefined, true, late, false, early, true],
    ['nothing agreed, a yes here that nobody is known to have said', undefined, true, undefined, false, early, false],
  ])('%s', (_title, agreed, ours, here, theirs, there, expected) => {
    const sides = {
      agreed: agreed === undefined ? undefined : view(agreed),
      ours: view(ours),
      said: statementOf(view(theirs)),
    };
    const { taken } = merge(sides, there, here);
    for (const consent of consents) expect(taken.consents[consent] ?? ours).toBe(expected);
  });

  it('to the programme is the platform’s to tell', () => {
    const said = statementOf({ ...ada, isProgrammeOptedIn: true });
    expect(merge({ agreed: ada, ours: ada, said }, early, late).taken.consents).toEqual({ isProgrammeOptedIn: true });
    expect(merge({ agreed: undefined, ours: ada, said }, early, late).taken.consents).toEqual({
      isProgrammeOptedIn: true,
    });
  });
});

describe('any three states', () => {
  const text = (...words: string[]) => fc.constantFrom(...words);
  const maybe = (...words: string[]) => fc.constantFrom(undefined, ...words);
  const views: fc.Arbitrary<OutboundView> = fc.record({
    givenName: text('Ada', 'Grace', 'Zoë'),
    familyName: text('Lovelace', 'Hopper'),
    birthday: maybe('1990-12-10', '1906-12-09'),
    email: text('a@example.org', 'b@example.org', 'B@example.org'),
    customerId: fc.constant(7),
    gender: maybe('F', 'M', 'nonbinary'),
    isPrintedMailingSubscribed: fc.boolean(),
    isMailingSubscribed: fc.boolean(),
    isMailingOffered: fc.constant(true as const),
    isProgrammeOptedIn: fc.boolean(),
    street: maybe('Dorpstraat', 'Kade'),
    houseNumber: maybe('1', '2'),
    houseNumberExtension: maybe('', 'B'),
    postcode: maybe('1000AA', '6711'),
    city: maybe('Ede', 'Delft'),
    countryCode: maybe('NL', 'DE'),
    phone: maybe('1', '2', ' 1'),
  });
  const times = text(early, '2026-03-04T10:30:00.000Z', late);
  const cases = fc.record({
    agreed: fc.option(views, { nil: undefined }),
    ours: views,
    theirs: views,
    spokenOf: fc.subarray([...sharedFields]),
    saidAt: times,
    here: fc.option(times, { nil: undefined }),
  });
  const isEqual = (field: SharedField, one: FieldValues, other: FieldValues) => isSameValue(field, one, other);
  const check = (property: (given: typeof cases extends fc.Arbitrary<infer Case> ? Case : never) => void) =>
    fc.assert(fc.property(cases, property), { numRuns: 2_000 });

  it('loses no change of one side only', () => {
    check(({ agreed, ours, theirs, spokenOf, saidAt, here }) => {
      if (agreed === undefined) return;
      const said = statementOf(theirs, spokenOf);
      const result = taking(ours, merge({ agreed, ours, said }, saidAt, here).taken);
      for (const field of sharedFields) {
        const [base, mine, other, now] = [agreed, ours, theirs, result].map((view) => valuesIn(view, field)) as [
          FieldValues,
          FieldValues,
          FieldValues,
          FieldValues,
        ];
        const isTheirs = spokenOf.includes(field) && !isEqual(field, other, base);
        if (!isTheirs) expect(now, field).toEqual(mine);
        else if (isEqual(field, mine, base)) {
          // A no that was said here and agreed on stands against an older yes.
          const isRefused =
            mergeRuleOf(field) === 'opt_out' && other[0] === true && here !== undefined && here >= saidAt;
          expect(isEqual(field, now, isRefused ? mine : other), field).toBe(true);
        }
      }
    });
  });

  it('merges the same once: again it changes and decides nothing', () => {
    check(({ agreed, ours, theirs, spokenOf, saidAt, here }) => {
      const said = statementOf(theirs, spokenOf);
      const sides = { agreed, ours, said };
      const first = merge(sides, saidAt, here);
      const result = taking(ours, first.taken);
      const again = { agreed: platformView(sides, first.stays, result), ours: result, said };
      const second = merge(again, saidAt, here);
      expect(second.taken).toEqual({ changes: {}, address: {}, consents: {} });
      expect(second.conflicts).toEqual([]);
      expect(platformView(again, second.stays, result)).toEqual(again.agreed);
    });
  });

  it('comes to the same profile whichever side is called ours', () => {
    check(({ agreed, ours, theirs, saidAt, here }) => {
      if (agreed === undefined || here === undefined || here === saidAt) return;
      const one = taking(ours, merge({ agreed, ours, said: statementOf(theirs) }, saidAt, here).taken);
      const other = taking(theirs, merge({ agreed, ours: theirs, said: statementOf(ours) }, here, saidAt).taken);
      for (const field of sharedFields.filter((name) => mergeRuleOf(name) === 'latest')) {
        expect(isEqual(field, valuesIn(one, field), valuesIn(other, field)), field).toBe(true);
      }
    });
  });

  it('never lets an older yes replace a no', () => {
    check(({ agreed, ours, theirs, spokenOf, saidAt, here }) => {
      const result = taking(ours, merge({ agreed, ours, said: statementOf(theirs, spokenOf) }, saidAt, here).taken);
      for (const field of spokenOf.filter((name) => mergeRuleOf(name) === 'opt_out')) {
        const [mine, other, now] = [ours, theirs, result].map((view) => valuesIn(view, field)[0]);
        const isTakenBack = agreed !== undefined && valuesIn(agreed, field)[0] === true;
        if (mine === false && here !== undefined && here >= saidAt) expect(now, field).toBe(false);
        if (other === false && isTakenBack) expect(now, field).toBe(false);
        if (other === false && agreed === undefined && (here === undefined || here <= saidAt)) expect(now).toBe(false);
      }
    });
  });

  it('keeps our e-mail when both sides changed it', () => {
    check(({ agreed, ours, theirs, saidAt, here }) => {
      const { taken, stays } = merge({ agreed, ours, said: statementOf(theirs) }, saidAt, here);
      const isOurs = agreed === undefined || ours.email.toLowerCase() !== agreed.email.toLowerCase();
      if (isOurs) expect(taken.changes).not.toHaveProperty('email');
      if (isOurs) expect(stays.get('email')).not.toBe('theirs');
    });
  });

  it('sends nothing back of what was taken over, and everything that stayed ours', () => {
    check(({ agreed, ours, theirs, saidAt, here }) => {
      const sides = { agreed, ours, said: statementOf(theirs) };
      const { taken, stays } = merge(sides, saidAt, here);
      const result = taking(ours, taken);
      const isAllAgreed = [...stays.values()].every((whose) => whose !== 'ours');
      const there = platformView(sides, stays, result);
      expect(digestOf(there).agreedDigest === digestOf(result).agreedDigest).toBe(isAllAgreed);
      for (const [field, whose] of stays) {
        expect(isEqual(field, valuesIn(there, field), valuesIn(whose === 'ours' ? theirs : result, field))).toBe(true);
      }
    });
  });

  it('asks for times only where they decide', () => {
    check(({ agreed, ours, theirs, spokenOf, saidAt, here }) => {
      const sides = { agreed, ours, said: statementOf(theirs, spokenOf) };
      if (needsTimes(sides)) return;
      expect(merge(sides, saidAt, here)).toEqual(merge(sides, early, undefined));
    });
  });
});
