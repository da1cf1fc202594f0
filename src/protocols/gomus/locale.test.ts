import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseLocale } from './locale.ts';

describe('chooseLocale', () => {
  it.each<[unknown, string | undefined, string]>([
    ['en', 'de', 'en'],
    ['de-AT', 'en', 'de'],
    ['nl_BE', 'en', 'nl'],
    ['EN', undefined, 'en'],
    [['nl', 'de'], 'de', 'nl'],
    [undefined, 'en', 'en'],
    ['', 'en', 'en'],
    ['fr', 'nl', 'nl'],
    ['deutsch', 'en', 'en'],
    ['fr', 'fr-FR', 'de'],
    [undefined, undefined, 'de'],
    [[], undefined, 'de'],
    [{ de: 1 }, 'en-GB', 'en'],
    [7, undefined, 'de'],
  ])('reads %o with the store in %s as %s', (requested, store, expected) => {
    expect(chooseLocale(requested, store)).toBe(expected);
  });

  it('always chooses a language there are texts for', () => {
    fc.assert(
      fc.property(fc.anything(), fc.option(fc.string(), { nil: undefined }), (requested, store) => {
        expect(['de', 'en', 'nl']).toContain(chooseLocale(requested, store));
      }),
    );
  });
});
