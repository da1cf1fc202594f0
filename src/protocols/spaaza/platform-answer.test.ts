import { describe, expect, it } from 'vitest';
import { faultIn, isSuccess, readAnswer, userIn } from './platform-answer.ts';

const answer = (body: unknown, status = 200) => readAnswer(status, undefined, JSON.stringify(body));

describe('isSuccess', () => {
  it.each([
    [{ result: { code: 1 } }, true],
    [{ result: { code: '1', status: 'ok' }, results: {} }, true],
    [[{ result: { code: 1 } }], true],
    [{ results: { user_info: {} } }, true],
    [{ results: {}, errors: {} }, true],
    [{ result: { code: 2 } }, false],
    [{ result: { code: 0 } }, false],
    [{ result: { code: { toString: 1, valueOf: 1 } } }, false],
    [{ error: { code: 5 } }, false],
    [{ errors: { 5: { name: 'x' } } }, false],
    [[], false],
    ['ok', false],
    [null, false],
  ])('of %j is %s', (body, expected) => {
    expect(isSuccess(answer(body))).toBe(expected);
    expect(isSuccess(answer(body, 500))).toBe(false);
  });
});

describe('faultIn', () => {
  it.each([
    [{ error: { code: 5, name: 'some_name' } }, { code: 5, name: 'some_name' }],
    [{ error: { code: '5' } }, { code: 5, name: undefined }],
    [{ errors: { 68: { name: 'some_name' } } }, { code: 68, name: 'some_name' }],
    [[{ errors: { 68: { name: 'Jan Jansen, 1900-01-30' } } }], { code: 68, name: undefined }],
    [{ errors: { 68: null } }, { code: 68, name: undefined }],
    [{ errors: [] }, undefined],
    [{ error: 'no' }, undefined],
    [{ error: { code: '' } }, undefined],
    [{ error: { code: null } }, undefined],
    [{ error: { code: { toString: 5, valueOf: 5 } } }, undefined],
    ['no', undefined],
  ])('of %j is %j', (body, expected) => {
    expect(faultIn(answer(body))).toEqual(expected);
  });
});

describe('userIn', () => {
  const user = (userInfo: object) => userIn(answer({ results: { user_info: userInfo } }));

  it('takes the id from either name, and no person without one', () => {
    expect(user({ user_id: 7 })?.spaazaUserId).toBe(7);
    expect(user({ id: '7' })?.spaazaUserId).toBe(7);
    expect(user({ id: 7, user_id: null })?.spaazaUserId).toBe(7);
    expect(user({ user_id: 0, username: 'a@example.org' })).toBeUndefined();
    expect(userIn(answer({ results: [{ user_info: [{ user_id: 7 }] }] }))?.spaazaUserId).toBe(7);
  });

  it('reads the member number in all its forms', () => {
    expect(user({ user_id: 7, member_number: 4711 })?.memberNumber).toBe('4711');
    expect(user({ user_id: 7, member_number: { code: '4711', type: 'custom' } })?.memberNumber).toBe('4711');
    expect(user({ user_id: 7, member_number: null })?.memberNumber).toBeNull();
  });

  it('shows the shop’s id of a person whatever it is, and takes it for ours only when it can be', () => {
    const of = (authentication_point_identifier: unknown) => {
      const read = user({ user_id: 7, authentication_point_identifier });
      return [read?.shopCustomerId, read?.update.identifiers.customerId];
    };
    expect(of('402')).toEqual(['402', 402]);
    expect(of(402)).toEqual(['402', 402]);
    expect(of('magento-17')).toEqual(['magento-17', undefined]);
    expect(of('')).toEqual([null, undefined]);
    expect(of(null)).toEqual([null, undefined]);
  });

  it('takes times as UTC, and leaves out what is none', () => {
    const at = (last_modified_date: unknown) => user({ user_id: 7, last_modified_date })?.update.lastModifiedAt;
    expect(at('2026-03-04 05:06:07')).toBe('2026-03-04T05:06:07.000Z');
    expect(at('2026-03-04T05:06:07+02:00')).toBe('2026-03-04T03:06:07.000Z');
    for (const none of ['2026-13-04 05:06:07', 'yesterday', 0, null, undefined]) expect(at(none)).toBeUndefined();
  });
});
