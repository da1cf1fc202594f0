import { describe, expect, it } from 'vitest';
import { salutationList, salutationText, titleList } from './salutations.ts';

describe('salutationText', () => {
  it('answers "Herr" for the documented customer', () => {
    expect(salutationText(1, 'de')).toBe('Herr');
  });

  it('follows the language of the answer', () => {
    expect(salutationText(2, 'en')).toBe('Ms');
    expect(salutationText(2, 'nl')).toBe('Mevr.');
    expect(salutationText(3, 'de')).toBe('Divers');
  });

  it.each([null, 0, 4, -1, Number.NaN])('answers null for %s', (id) => {
    expect(salutationText(id, 'de')).toBeNull();
  });
});

describe('salutationList', () => {
  it('lists all in one language, with meta', () => {
    expect(salutationList('en')).toEqual({
      salutations: [
        { id: 1, name: 'Mr', salutation: 'Mr' },
        { id: 2, name: 'Ms', salutation: 'Ms' },
        { id: 3, name: 'Mx', salutation: 'Mx' },
      ],
      meta: { total_count: 3, page: 1, per_page: 25 },
    });
  });

  it('gives the page asked for, and none beyond the last', () => {
    expect(salutationList('de', { page: 2, perPage: 2 })).toEqual({
      salutations: [{ id: 3, name: 'Divers', salutation: 'Divers' }],
      meta: { total_count: 3, page: 2, per_page: 2 },
    });
    expect(salutationList('de', { page: 9, perPage: 2 }).salutations).toEqual([]);
  });
});

describe('titleList', () => {
  it('lists the titles with meta', () => {
    expect(titleList({ page: 1, perPage: 1 })).toEqual({
      titles: [{ id: 1, name: 'Dr.', title: 'Dr.' }],
      meta: { total_count: 3, page: 1, per_page: 1 },
    });
  });
});
