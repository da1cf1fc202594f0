import type { Problem } from './errors.ts';

const time = String.raw`(?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:[.,]\d{1,9})?)?`;
const zone = String.raw`(?:Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)`;
const dateOrDateTime = new RegExp(String.raw`^(([1-9]\d{3})-(\d{2})-(\d{2}))(?:[T ]${time}(?: ?${zone})?)?$`, 'i');

/**
 * Reads a birthday from a date or an ISO 8601 date-time and gives `YYYY-MM-DD`: the calendar date as written, never
 * shifted by the zone (spaaza 2.1). Undefined for anything else, for days that do not exist and for years before 1000.
 */
export function parseBirthday(text: string): string | undefined {
  const match = dateOrDateTime.exec(text);
  if (match === null) return undefined;
  const [, date, year, month, day] = match;
  const dayNumber = Number(day);
  if (dayNumber < 1 || dayNumber > daysInMonth(Number(year), Number(month))) return undefined;
  return date;
}

/** Says `in_future` for a birthday after today; both are `YYYY-MM-DD`, today in the zone that the caller goes by. */
export function birthdayProblem(field: string, date: string, today: string): Problem | undefined {
  return date > today ? { field, rule: 'in_future' } : undefined;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}
