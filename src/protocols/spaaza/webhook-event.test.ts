import { describe, expect, it } from 'vitest';
import { readWebhook, subjectOf } from './webhook-event.ts';

const altered = (data: object = {}, event: object = {}) => ({
  id: 'user3362356',
  type: 'shopper.altered',
  chain_id: 123,
  created: '2026-03-04T05:06:07+00:00',
  data: { user_id: 3362356, ...data },
  ...event,
});
const read = (event: object, chainId = 123) => readWebhook(chainId, JSON.stringify(event));
const statementIn = (event: object) => {
  const notice = read(event);
  if ('reason' in notice) throw new Error(notice.reason);
  return notice.statement;
};

describe('a webhook', () => {
  it('says of a person what get-user would, with the member number one level down', () => {
    const statement = statementIn(
      altered({
        username: 'info@spaaza.com',
        first_name: 'John',
        birthday: '1990-01-30T00:00:00+00:00',
        phone_number: null,
        member_number: { code: '1002023', type: 'custom' },
        mailing_list: { mailing_list_subscribed: false },
        last_modified_date: '2026-03-04 05:06:05',
        authentication_point_identifier: '39',
        password: 'ThisIsEasyToGuess',
      }),
    );
    expect(statement).toEqual({
      identifiers: { userId: 3362356, username: 'info@spaaza.com', memberNumber: '1002023', customerId: 39 },
      changes: { email: 'info@spaaza.com', givenName: 'John', birthday: '1990-01-30', phone: null },
      address: {},
      consents: { isMailingSubscribed: false },
      isErasure: false,
      problems: [],
      lastModifiedAt: '2026-03-04T05:06:05.000Z',
    });
  });

  it.each(['shopper.opted-in', 'shopper.altered', 'shopper.created', 'user', undefined])(
    'is about a person whatever its kind is called: %s',
    (type) => {
      expect(statementIn(altered({}, { type })).identifiers.userId).toBe(3362356);
      expect(subjectOf(altered({}, { type }))).toBe('3362356');
    },
  );

  it.each([
    [
      'points',
      altered({}, { type: 'shopper.points-mutation' }),
      'it is about no person’s record: shopper.points-mutation',
    ],
    [
      'a code by text message',
      altered({}, { type: 'phone_number_verification' }),
      'it is about no person’s record: phone_number_verification',
    ],
    [
      'something unheard of',
      { id: 'basket7', type: 'basket.paid', chain_id: 123 },
      'it is about no person’s record: basket.paid',
    ],
    ['nothing', {}, 'it is about no person’s record: no type'],
    ['a kind that is no word', { type: 'ada@example.org' }, 'it is about no person’s record: no type'],
    ['another chain', altered({}, { chain_id: 124 }), 'it is of another chain'],
    ['a chain that is no number', altered({}, { chain_id: { toString: 123 } }), 'it is of another chain'],
    ['nobody', { type: 'shopper.altered', data: { first_name: 'Ada' } }, 'it names nobody, or two people'],
    ['two people', altered({ user_id: 7 }), 'it names nobody, or two people'],
    ['an id that is none', { type: 'shopper.altered', data: { user_id: '7x' } }, 'it names nobody, or two people'],
  ])('about %s is nothing for us', (_title, event, reason) => {
    expect(read(event)).toEqual({ reason: reason.replaceAll('’', "'") });
    expect(reason.includes('another chain') || subjectOf(event as Record<string, unknown>) === undefined).toBe(true);
  });

  it('names its person by the id of the event, or by either id in the data', () => {
    const idIn = (event: object) => statementIn({ type: 'shopper.altered', ...event }).identifiers.userId;
    expect(idIn({ id: 'user7' })).toBe(7);
    expect(idIn({ data: { id: 7 } })).toBe(7);
    expect(idIn({ id: 4711, data: { user_id: '7', id: 8 } })).toBe(7);
    expect(idIn({ id: 'user7', data: { id: 'user7' } })).toBe(7);
  });

  it('is dated by its own time when the person has none, and by none that is no time', () => {
    expect(statementIn(altered()).lastModifiedAt).toBe('2026-03-04T05:06:07.000Z');
    expect(statementIn(altered({}, { created: 'now' }))).not.toHaveProperty('lastModifiedAt');
  });

  it('of 2016 is read as far as its names explain themselves', () => {
    const data = {
      object: 'shopper',
      spaaza_id: 3362356,
      id: 12,
      firstname: 'John',
      lastname: 'Doe',
      did_opt_in: true,
      entity_code: '1002023',
    };
    const statement = statementIn({ type: 'shopper.opted-in', chain_id: '123', data });
    expect(statement).toMatchObject({
      identifiers: { userId: 3362356, memberNumber: '1002023' },
      changes: { givenName: 'John', familyName: 'Doe' },
      consents: { isProgrammeOptedIn: true },
    });
    expect(
      statementIn({ type: 'shopper.opted-in', data: { ...data, entity_code: { code: '7' } } }).identifiers,
    ).toEqual({
      userId: 3362356,
    });
  });

  it('about an erased person says who it is, and nothing else', () => {
    const statement = statementIn(altered({ obfuscated: true, first_name: 'Deleted', last_name: 'Deleted' }));
    expect(statement).toMatchObject({ isErasure: true, identifiers: { userId: 3362356 }, changes: {} });
  });

  it('takes data that is no object for none', () => {
    for (const data of [null, [], 'x', 7]) expect(statementIn(altered({}, { data })).changes).toEqual({});
  });
});
