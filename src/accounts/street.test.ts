import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinStreetLines, splitStreetLine } from './street.ts';

const lastCountries = ['NL', 'BE', 'DE', 'AT', 'CH', 'LU', 'DK', 'SE', 'NO', 'FI'];
const firstCountries = ['US', 'GB', 'FR', 'IE', 'CA', 'AU'];

describe('splitStreetLine', () => {
  it.each([
    ['NL', 'Keizersgracht 123 II', 'Keizersgracht', '123', 'II'],
    ['NL', 'Dorpstraat 1', 'Dorpstraat', '1', ''],
    ['NL', 'Dorpstraat 12a', 'Dorpstraat', '12', 'a'],
    ['NL', 'Dorpstraat, 12', 'Dorpstraat', '12', ''],
    ['NL', 'Dorpstraat 12 bis', 'Dorpstraat', '12', 'bis'],
    ['NL', 'Keizersgracht 123-II', 'Keizersgracht', '123-II', ''],
    ['NL', '18 Septemberplein 5', '18 Septemberplein', '5', ''],
    ['NL', '1e Jan Steenstraat 12-14', '1e Jan Steenstraat', '12-14', ''],
    ['nl', ' Dorpstraat  46  B ', 'Dorpstraat', '46', 'B'],
    ['BE', 'Kerkstraat 12 bus 4', 'Kerkstraat', '12', 'bus 4'],
    ['BE', 'Rue du 11 Novembre 5', 'Rue du 11 Novembre', '5', ''],
    ['BE', 'Rue A 12', 'Rue A', '12', ''],
    ['DE', 'Am Markt 4-6', 'Am Markt', '4-6', ''],
    ['DE', 'Am Markt 4 - 6a', 'Am Markt', '4-6', 'a'],
    ['DE', 'Straße des 17. Juni 135', 'Straße des 17. Juni', '135', ''],
    ['AT', 'Hauptstraße 5/2/12', 'Hauptstraße', '5/2/12', ''],
    ['NO', 'Storgata 1 H0101', 'Storgata', '1', 'H0101'],
    ['FR', '12 rue X', 'rue X', '12', ''],
    ['FR', '12 rue Haute', 'rue Haute', '12', ''],
    ['FR', '12, rue Haute', 'rue Haute', '12', ''],
    ['FR', '12 bis, rue Haute', 'rue Haute', '12', 'bis'],
    ['FR', '12 B rue Haute', 'rue Haute', '12', 'B'],
    ['FR', '12 rue du 8 mai 1945', 'rue du 8 mai 1945', '12', ''],
    ['GB', '221B Baker Street', 'Baker Street', '221', 'B'],
    ['US', '1600 Pennsylvania Avenue NW', 'Pennsylvania Avenue NW', '1600', ''],
    ['US', '123 N Main St', 'N Main St', '123', ''],
    ['US', '123 5th Avenue', '5th Avenue', '123', ''],
    ['US', '100 East 42nd', 'East 42nd', '100', ''],
  ])('splits %s "%s" into "%s", "%s", "%s"', (country, line, street, houseNumber, houseNumberExtension) => {
    expect(splitStreetLine(line, country)).toEqual({ street, houseNumber, houseNumberExtension });
  });

  it.each([
    ['NL', 'Dorpstraat'],
    ['NL', '12'],
    ['NL', '12 II'],
    ['NL', '12 Dorpstraat'],
    ['NL', 'Plein 12 14'],
    ['NL', 'Dorpstraat 12 en 14'],
    ['NL', 'Dorpstraat 12 t/m 14'],
    ['NL', 'Dorpstraat 12 Amsterdam'],
    ['NL', 'Plein 1944'],
    ['NL', 'Plein 1940-1945'],
    ['NL', 'Plein 1944 12'],
    ['NL', 'Postbus 12'],
    ['NL', 'Dorpstraat 1011 AB'],
    ['NL', 'Dorpstraat 12 1011 AB'],
    ['NL', 'Dorpstraat 12\nAchterhuis 3'],
    ['BE', 'Kerkstraat bus 4'],
    ['DE', 'Straße des 17. Juni'],
    ['DE', 'Straße des 17 Juni'],
    ['DE', 'C 4, 12'],
    ['DE', 'Dorfstraße 12345'],
    ['DE', 'Dorfstraße 12 und 14'],
    ['DE', 'Packstation 145'],
    ['LU', '12, rue Haute'],
    ['LU', '12, rue Haute 5'],
    ['FI', 'Mannerheimintie 12 A 5'],
    ['FI', 'PL 12'],
    ['FR', 'rue Haute 12'],
    ['FR', '12 à 14 rue Haute'],
    ['FR', '2e Avenue'],
    ['FR', '12 rue Haute 75001'],
    ['US', '12'],
    ['US', '123 A Street'],
    ['US', '5th Avenue'],
    ['US', '123 Main St Apt 4B'],
    ['GB', 'Flat 2, 12 High Street'],
    ['GB', '3, 12 High Street'],
    ['GB', '12 High Street SW1A 1AA'],
    ['IT', 'Via Roma 12'],
    ['', 'Dorpstraat 12'],
    [null, 'Dorpstraat 12'],
  ])('keeps %s %j whole', (country, line) => {
    expect(splitStreetLine(line, country)).toEqual({ street: line, houseNumber: '', houseNumberExtension: '' });
  });

  const piece = fc.constantFrom(
    ...[
      'Dorpstraat',
      'rue',
      'Haute',
      'des',
      '17.',
      '12',
      '4-6',
      '12a',
      '1944',
      'B',
      'II',
      'bus',
      'bis',
      'à',
      '-',
      ',',
      '5th',
      '  ',
    ],
  );
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.tuple(piece, fc.constantFrom(' ', ', ', '')), { maxLength: 8 }).map((pairs) => pairs.flat().join('')),
  );
  const squeeze = (text: string) => text.replace(/[\s,]/g, '');

  it('loses nothing but spaces and commas, and keeps the order of the country', () => {
    fc.assert(
      fc.property(line, fc.constantFrom(...lastCountries), (text, country) => {
        const { street, houseNumber, houseNumberExtension } = splitStreetLine(text, country);
        expect(squeeze(street + houseNumber + houseNumberExtension)).toBe(squeeze(text));
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(line, fc.constantFrom(...firstCountries), (text, country) => {
        const { street, houseNumber, houseNumberExtension } = splitStreetLine(text, country);
        expect(squeeze(houseNumber + houseNumberExtension + street)).toBe(squeeze(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('gives an extension only with a number, and a number only with a street', () => {
    fc.assert(
      fc.property(line, fc.constantFrom(...lastCountries, ...firstCountries, 'IT'), (text, country) => {
        const { street, houseNumber, houseNumberExtension } = splitStreetLine(text, country);
        if (houseNumberExtension !== '') expect(houseNumber).not.toBe('');
        if (houseNumber !== '') expect(street).toMatch(/\p{L}/u);
        if (houseNumber !== '') expect(houseNumber).toMatch(/^[1-9]/);
      }),
      { numRuns: 1000 },
    );
  });

  it('finds the parts again that it was given in the usual order', () => {
    const street = fc.constantFrom('Dorpstraat', 'Am Alten Markt', 'Oude Gracht', 'Lange Straße');
    const parts = fc.record({
      street,
      houseNumber: fc.integer({ min: 1, max: 1499 }).map(String),
      houseNumberExtension: fc.constantFrom('', 'a', 'B', 'II', 'bis', 'H3'),
    });
    fc.assert(
      fc.property(parts, fc.constantFrom('BE', 'DE', 'AT', 'DK'), (given, country) => {
        expect(splitStreetLine(joinStreetLines(given).join(' '), country)).toEqual(given);
      }),
    );
  });

  it('gets through hostile long lines', () => {
    for (const part of ['1', '1-', '1 - ', 'a', 'a ', '12 ', ', ', ' ', 'II ', '1a-', '1,']) {
      for (const country of ['NL', 'FR', 'US']) {
        const text = `x${part.repeat(10_000)}x`;
        expect(squeeze(splitStreetLine(text, country).street)).toBe(squeeze(text));
      }
    }
  });
});

describe('joinStreetLines', () => {
  it('drops empty parts', () => {
    expect(joinStreetLines({ street: 'Dorpstraat', houseNumber: '1', houseNumberExtension: '' })).toEqual([
      'Dorpstraat',
      '1',
    ]);
    expect(joinStreetLines({ street: '', houseNumber: ' ', houseNumberExtension: '' })).toEqual([]);
  });

  it('keeps the order street, number, extension', () => {
    expect(joinStreetLines({ street: 'Keizersgracht', houseNumber: '504', houseNumberExtension: 'II' })).toEqual([
      'Keizersgracht',
      '504',
      'II',
    ]);
  });
});
