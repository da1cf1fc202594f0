import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInstant } from './instant.ts';

const berlin = 'Europe/Berlin';

describe('a moment', () => {
  it.each([
    ['2024-05-17T10:00:05.700Z', '2024-05-17T10:00:05.700Z'],
    ['2024-05-17T10:00:05z', '2024-05-17T10:00:05.000Z'],
    ['2024-05-17 10:00:05.700 UTC', '2024-05-17T10:00:05.700Z'],
    ['2024-05-17T12:00:05+02:00', '2024-05-17T10:00:05.000Z'],
    ['2024-05-17T12:00:05 02:00', '2024-05-17T10:00:05.000Z'],
    ['2024-05-17T04:30-0530', '2024-05-17T10:00:00.000Z'],
    ['2024-05-17T12+02', undefined],
    ['2024-05-17T12:00+02', '2024-05-17T10:00:00.000Z'],
    [' 2024-05-17t10:00:05,1234567Z ', '2024-05-17T10:00:05.123Z'],
  ])('is read with its offset: %j', (text, instant) => {
    expect(parseInstant(text, berlin)).toBe(instant);
  });

  it.each([
    ['2024-05-17', '2024-05-16T22:00:00.000Z'],
    ['2024-01-17', '2024-01-16T23:00:00.000Z'],
    ['2024-05-17T12:00', '2024-05-17T10:00:00.000Z'],
    ['2024-05-17 12:00:05.7', '2024-05-17T10:00:05.700Z'],
    ['2024-03-31', '2024-03-30T23:00:00.000Z'],
    ['2024-04-01', '2024-03-31T22:00:00.000Z'],
    ['2024-10-27T01:59', '2024-10-26T23:59:00.000Z'],
    ['2024-10-27T03:00', '2024-10-27T02:00:00.000Z'],
  ])('without an offset is a time in the zone: %j', (text, instant) => {
    expect(parseInstant(text, berlin)).toBe(instant);
  });

  it('is the first of the two when the clocks pass an hour twice', () => {
    expect(parseInstant('2024-10-27T02:30', berlin)).toBe('2024-10-27T00:30:00.000Z');
    expect(parseInstant('2024-11-03T01:30', 'America/New_York')).toBe('2024-11-03T05:30:00.000Z');
  });

  it('is moved on where the clocks leave it out', () => {
    expect(parseInstant('2024-03-31T02:30', berlin)).toBe('2024-03-31T01:30:00.000Z');
    // Samoa left out the whole of 30 December 2011.
    expect(parseInstant('2011-12-30', 'Pacific/Apia')).toBe('2011-12-30T10:00:00.000Z');
  });

  it.each(['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia'])(
    'is given back from how %s writes it, but for the hour that is passed twice',
    (zone) => {
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
      const moments = fc.date({ min: new Date('1980-01-01'), max: new Date('2037-12-31'), noInvalidDate: true });
      fc.assert(
        fc.property(moments, (moment) => {
          const wall = format.format(moment);
          const read = Date.parse(parseInstant(wall, zone)!);
          expect(format.format(read)).toBe(wall);
          expect(read).toBeLessThanOrEqual(moment.getTime());
        }),
      );
    },
  );

  it.each([
    '',
    'now',
    '2024',
    '2024-05',
    '17.05.2024',
    '2024-02-30',
    '2023-02-29T10:00Z',
    '2024-13-01',
    '2024-05-17T24:00Z',
    '2024-05-17T10:60Z',
    '2024-05-17T10:00:60Z',
    '2024-05-17Z',
    '2024-05-17T10:00+15:00',
    '2024-05-17T10:00+01:60',
    '2024-05-17T10:00 MEZ',
    '+012024-05-17',
    '1715940000',
    '0000-01-01T00:00+14:00',
    '9999-12-31T23:59-14:00',
  ])('is nothing else: %j', (text) => {
    expect(parseInstant(text, berlin)).toBeUndefined();
  });

  it('is a fixed-width text or nothing, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-[01]\d-[0-3]\d([T ][0-2]\d:[0-5]\d([+-]\d\d:\d\d)?)?$/)),
        (text) => {
          const read = parseInstant(text, berlin);
          if (read !== undefined) expect(read).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        },
      ),
    );
  });
});
