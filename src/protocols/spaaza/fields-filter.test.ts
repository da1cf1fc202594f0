import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyFieldsFilter, parseFieldsFilter } from './fields-filter.ts';

const customer = {
  id: 39,
  email: 'info@spaaza.com',
  addresses: [
    { id: 8, city: 'Amsterdam', region: { region_code: null, region: null, region_id: 0 } },
    { id: 9, city: 'Utrecht', region: { region_code: 'UT', region: 'Utrecht', region_id: 3 } },
  ],
  custom_attributes: [{ attribute_code: 'shoe', value: '42' }],
};

const filtered = (fields: string | undefined, value: unknown = customer) =>
  applyFieldsFilter(value, parseFieldsFilter(fields));

describe('the fields parameter', () => {
  it('keeps the named members in the order of the answer', () => {
    expect(JSON.stringify(filtered('email,id'))).toBe('{"id":39,"email":"info@spaaza.com"}');
  });

  it('reaches into lists and objects', () => {
    expect(filtered('email,addresses[city]')).toStrictEqual({
      email: 'info@spaaza.com',
      addresses: [{ city: 'Amsterdam' }, { city: 'Utrecht' }],
    });
    expect(filtered('addresses[region[region_code],id],id')).toStrictEqual({
      id: 39,
      addresses: [
        { id: 8, region: { region_code: null } },
        { id: 9, region: { region_code: 'UT' } },
      ],
    });
    expect(filtered('custom_attributes[attribute_code,value]')).toStrictEqual({
      custom_attributes: customer.custom_attributes,
    });
  });

  it('filters a search result', () => {
    const found = { items: [customer], search_criteria: {}, total_count: 1 };
    expect(filtered('items[id,email],total_count', found)).toStrictEqual({
      items: [{ id: 39, email: 'info@spaaza.com' }],
      total_count: 1,
    });
  });

  it('ignores unknown names', () => {
    expect(filtered('email,nosuch,other[x]')).toStrictEqual({ email: 'info@spaaza.com' });
    expect(filtered('id[x],email')).toStrictEqual({ id: 39, email: 'info@spaaza.com' });
    expect(filtered('addresses[]')).toStrictEqual({ addresses: customer.addresses });
  });

  it.each([
    'invalid',
    'toString',
    '__proto__',
    'email ',
    'email;id',
    'email[',
    'addresses[city',
    'addresses[id',
    'email]',
    ',',
    '[]',
    'é',
  ])('answers [] to %j', (fields) => {
    expect(filtered(fields)).toStrictEqual([]);
  });

  it('answers [] to characters it does not know for a list too', () => {
    expect(filtered('email;id', [customer, customer])).toStrictEqual([]);
  });

  it('answers [] for nested objects of which nothing is left', () => {
    expect(filtered('addresses[nosuch]')).toStrictEqual({ addresses: [[], []] });
  });

  it.each([undefined, '', '0'])('leaves everything for %j', (fields) => {
    expect(filtered(fields)).toBe(customer);
  });

  it.each([true, 5, 'text', null])('leaves the scalar %j', (value) => {
    expect(filtered('email', value)).toBe(value);
    expect(filtered('!', value)).toBe(value);
  });

  it('never adds, renames or reorders a member', () => {
    const names = ['id', 'email', 'addresses', 'nosuch'];
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }), (wanted) => {
        const kept = filtered(wanted.join(','));
        const expected = Object.keys(customer).filter((name) => wanted.includes(name));
        expect(Object.keys(kept as object)).toStrictEqual(expected);
      }),
    );
  });

  it('never throws, however the brackets stand', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('[', ']', ',', 'id', 'addresses', 'city', '-') }), (fields) => {
        expect(() => filtered(fields)).not.toThrow();
      }),
    );
    const deep = `${'a['.repeat(20_000)}b${']'.repeat(20_000)}`;
    expect(filtered(deep)).toStrictEqual([]);
  });
});
