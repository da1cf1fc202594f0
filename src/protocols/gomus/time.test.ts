import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimeFormatter, formatTime } from './time.ts';

const zones = [
  'Europe/Berlin',
  'UTC',
  'Asia/Kolkata',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Pacific/Apia',
  'America/New_York',
];

const formatters = new Map(zones.map((zone) => [zone, createTimeFormatter(zone)]));
const wallClocks = new Map(
  zones.map((zone) => [
    zone,
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }),
  ]),
);

describe('formatTime', () => {
  it.each([
    ['2020-05-12T09:51:26.000Z', 'Europe/Berlin', '2020-05-12T11:51:26+02:00'],
    ['2021-06-07T11:13:54.000Z', 'Europe/Berlin', '2021-06-07T13:13:54+02:00'],
    ['2020-01-12T09:51:26.999Z', 'Europe/Berlin', '2020-01-12T10:51:26+01:00'],
    ['2020-12-31T23:30:00.000Z', 'Europe/Berlin', '2021-01-01T00:30:00+01:00'],
    ['2020-05-12T09:51:26.000Z', 'UTC', '2020-05-12T09:51:26+00:00'],
    ['2020-01-01T00:00:00.000Z', 'Europe/London', '2020-01-01T00:00:00+00:00'],
    ['2020-05-12T09:51:26.000Z', 'Asia/Kolkata', '2020-05-12T15:21:26+05:30'],
    ['2020-01-01T02:00:00.000Z', 'America/St_Johns', '2019-12-31T22:30:00-03:30'],
    ['1970-01-01T00:00:00.000Z', 'UTC', '1970-01-01T00:00:00+00:00'],
  ])('prints %s in %s as %s', (iso, zone, expected) => {
    expect(formatTime(iso, zone)).toBe(expected);
  });

  it('changes the clocks at the very second, also at odd minutes', () => {
    expect(formatTime('2024-03-31T00:59:59.999Z', 'Europe/Berlin')).toBe('2024-03-31T01:59:59+01:00');
    expect(formatTime('2024-03-31T01:00:00.000Z', 'Europe/Berlin')).toBe('2024-03-31T03:00:00+02:00');
    expect(formatTime('2005-10-30T02:30:59.999Z', 'America/St_Johns')).toBe('2005-10-30T00:00:59-02:30');
    expect(formatTime('2005-10-30T02:31:00.000Z', 'America/St_Johns')).toBe('2005-10-29T23:01:00-03:30');
    expect(formatTime('2023-09-30T15:29:59.000Z', 'Australia/Lord_Howe')).toBe('2023-10-01T01:59:59+10:30');
    expect(formatTime('2023-09-30T15:30:00.000Z', 'Australia/Lord_Howe')).toBe('2023-10-01T02:30:00+11:00');
  });

  it('agrees with Intl and names the same instant, for any second from 1970 to 2037', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 2_145_916_799 }), (zone, seconds) => {
        const printed = formatters.get(zone)!(new Date(seconds * 1000).toISOString());
        expect(printed.slice(0, 19).replace('T', ' ')).toBe(wallClocks.get(zone)!.format(seconds * 1000));
        // Casablanca and Apia had no seconds in their offsets in these years, so the text is the exact instant.
        expect(Date.parse(printed)).toBe(seconds * 1000);
      }),
      { numRuns: 2000 },
    );
  });

  it('names the exact instant even where the offset had seconds', () => {
    const printed = formatTime('1971-06-01T12:00:00.000Z', 'Africa/Monrovia');
    expect(printed).toBe('1971-06-01T11:16:00-00:44');
    expect(Date.parse(printed)).toBe(Date.parse('1971-06-01T12:00:00.000Z'));
  });

  it('goes on answering right after more days than it remembers', () => {
    const format = createTimeFormatter('Europe/Berlin');
    for (let day = 0; day < 5000; day++) format(new Date(day * 86_400_000).toISOString());
    expect(format('2020-05-12T09:51:26.000Z')).toBe('2020-05-12T11:51:26+02:00');
    expect(format('1970-01-01T00:00:00.000Z')).toBe('1970-01-01T01:00:00+01:00');
  });

  it('throws for an unknown zone and for text that is no date', () => {
    expect(() => formatTime('2020-05-12T09:51:26.000Z', 'Europe/Atlantis')).toThrow(RangeError);
    expect(() => formatTime('yesterday', 'Europe/Berlin')).toThrow(RangeError);
  });
});
