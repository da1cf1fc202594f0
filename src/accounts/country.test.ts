import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCountryCode, normalizeCountryCode } from './country.ts';

const letter = (code: number) => String.fromCharCode(65 + code);

describe('isCountryCode', () => {
  it('knows the 249 codes of ISO 3166-1, and no other pair of letters', () => {
    const pairs = Array.from({ length: 676 }, (_, index) => letter(Math.floor(index / 26)) + letter(index % 26));
    expect(pairs.filter(isCountryCode)).toHaveLength(249);
  });

  it.each(['NL', 'DE', 'AT', 'CH', 'BE', 'GB', 'US', 'SS', 'AX', 'BQ'])('knows %s', (code) => {
    expect(isCountryCode(code)).toBe(true);
  });

  it.each(['UK', 'EU', 'XK', 'AN', 'SU', 'ZZ', 'nl', ' NL', 'NLD', '528', '', 'NL BE', 'N'])(
    'does not know %j',
    (code) => {
      expect(isCountryCode(code)).toBe(false);
    },
  );

  it('knows nothing but two ASCII capitals', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary', minLength: 2, maxLength: 2 })), (text) => {
        if (isCountryCode(text)) expect(text).toMatch(/^[A-Z]{2}$/);
      }),
    );
  });
});

describe('normalizeCountryCode', () => {
  it('trims and upper-cases', () => {
    expect(normalizeCountryCode('\u00a0nl \n')).toBe('NL');
  });

  it.each(['ß', 'ﬁ', 'ıt'])('does not make a country of %s', (text) => {
    expect(isCountryCode(normalizeCountryCode(text))).toBe(false);
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = normalizeCountryCode(text);
        expect(normalizeCountryCode(once)).toBe(once);
      }),
    );
  });
});
