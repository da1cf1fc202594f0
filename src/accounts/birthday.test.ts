import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { birthdayProblem, parseBirthday } from './birthday.ts';

describe('parseBirthday', () => {
  it.each([
    ['2002-01-01', '2002-01-01'],
    ['2002-01-01T00:00:00+00:00', '2002-01-01'],
    ['2002-01-01 00:00:00', '2002-01-01'],
    ['2002-01-01T23:59:59Z', '2002-01-01'],
    ['2002-01-01T23:59:59.123456-11:00', '2002-01-01'],
    ['2002-01-01T00:00:00.000+14:00', '2002-01-01'],
    ['2002-01-01t00:00:00z', '2002-01-01'],
    ['2002-01-01T00:00', '2002-01-01'],
    ['2002-01-01T00:00:00+0200', '2002-01-01'],
    ['2000-02-29', '2000-02-29'],
    ['2024-02-29', '2024-02-29'],
    ['1000-01-01', '1000-01-01'],
    ['9999-12-31', '9999-12-31'],
  ])('reads %s as %s', (text, date) => {
    expect(parseBirthday(text)).toBe(date);
  });

  it.each([
    '',
    'yesterday',
    '0000-00-00',
    '0999-12-31',
    '10000-01-01',
    '2002-00-10',
    '2002-13-10',
    '2002-01-00',
    '2002-01-32',
    '2002-04-31',
    '2001-02-29',
    '1900-02-29',
    '2002-1-1',
    '01.02.2002',
    '01/02/2002',
    '20020101',
    '2002-01-01T',
    '2002-01-01T24:00:00',
    '2002-01-01T00:60:00',
    '2002-01-01T00:00:00+25:00',
    '2002-01-01T00:00:00 Europe/Berlin',
    '2002-01-01x',
    '2002-01-01\n',
    ' 2002-01-01',
    '-2002-01-01',
    '٢٠٠٢-٠١-٠١',
  ])('does not take %j', (text) => {
    expect(parseBirthday(text)).toBeUndefined();
  });

  it('keeps every calendar date as written, whatever time and zone stand behind it', () => {
    const day = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    const rest = fc.constantFrom('', 'T00:00:00Z', ' 23:59:59', 'T23:30:00-11:00', 'T00:30:00+14:00', 'T12:00:00.5Z');
    fc.assert(
      fc.property(day, rest, (moment, suffix) => {
        const date = moment.toISOString().slice(0, 10);
        expect(parseBirthday(date + suffix)).toBe(date);
      }),
    );
  });

  it('takes exactly the days that the calendar has', () => {
    const two = (value: number) => String(value).padStart(2, '0');
    const parts = fc.tuple(fc.integer({ min: 1000, max: 9999 }), fc.nat(15), fc.nat(35));
    fc.assert(
      fc.property(parts, ([year, month, day]) => {
        const text = `${year}-${two(month)}-${two(day)}`;
        const real = new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10) === text;
        expect(parseBirthday(text)).toBe(real ? text : undefined);
      }),
    );
  });

  it('never throws and never gives anything but a date', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\dTZ:+. -]{0,30}$/)), (text) => {
        const date = parseBirthday(text);
        if (date !== undefined) expect(text.startsWith(date)).toBe(true);
      }),
    );
  });
});

describe('birthdayProblem', () => {
  it('allows today and refuses tomorrow', () => {
    expect(birthdayProblem('birthday', '2024-06-01', '2024-06-01')).toBeUndefined();
    expect(birthdayProblem('birthday', '1999-12-31', '2024-06-01')).toBeUndefined();
    expect(birthdayProblem('birthday', '2024-06-02', '2024-06-01')).toEqual({ field: 'birthday', rule: 'in_future' });
  });
});
