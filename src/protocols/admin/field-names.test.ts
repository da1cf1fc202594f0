import { describe, expect, it } from 'vitest';
import { historyFieldNames } from '../../accounts/history-fields.ts';
import { domainField, wireField } from './field-names.ts';

describe('a field of the history', () => {
  it('has one name in JSON, which leads back to it', () => {
    const names = historyFieldNames.map(wireField);
    expect(names.map(domainField)).toEqual(historyFieldNames);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        'given_name',
        'address.house_number_extension',
        'address.line2',
        'link.CHAIN.spaaza_user_id',
      ]),
    );
  });

  it('may be asked for in the spelling of the history too', () => {
    expect(historyFieldNames.map(domainField)).toEqual(historyFieldNames);
  });
});
