/**
 * Reads a moment in the notations of ISO 8601 that people use and gives it as UTC with milliseconds; undefined for
 * anything else, such as a day that does not exist. Without an offset or `Z` it is a time in `timeZone` (IANA name); a date
 * alone is the beginning of that day there. A space may stand for the `T` and for the `+` of an offset (in a query, `+` is a
 * space), and ` UTC` for the `Z`, so that what is printed can be given back. Of an hour that the clocks pass twice the
 * first is meant; a time that they leave out is moved on by what they leave out.
 */
export function parseInstant(text: string, timeZone: string): string | undefined {
  const parts = notation.exec(text.trim());
  if (parts === null) return undefined;
  const [, date = '', hour = '00', minute = '00', second = '00', fraction = '', zone] = parts;
  const wall = `${date}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  const wallMs = Date.parse(wall);
  // Date.parse takes February 30 for March 1.
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString() !== wall) return undefined;
  const offsetMs = zone === undefined ? undefined : readOffset(zone);
  if (Number.isNaN(offsetMs)) return undefined;
  const ms = offsetMs === undefined ? instantOfWallTime(wallMs, timeZone) : wallMs - offsetMs;
  const instant = new Date(ms).toISOString();
  return instant.length === wall.length ? instant : undefined;
}

const notation =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|z| UTC|[+\- ]\d\d(?::?\d\d)?)?)?$/;

/** Milliseconds by which a zone is ahead of UTC; NaN for an offset that no place has. */
function readOffset(zone: string): number {
  const [, sign, hours, minutes = '00'] = /^([+\- ])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  if (hours === undefined) return 0;
  const size = Number(hours) * 60 + Number(minutes);
  return size > 14 * 60 || Number(minutes) > 59 ? Number.NaN : (sign === '-' ? -size : size) * 60_000;
}

function instantOfWallTime(wallMs: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  // Clocks change by less than a day: of the offsets around, the one that gives back this very time is right.
  const [before, after] = [wallMs - dayMs, wallMs + dayMs].map((ms) => offsetAt(format, ms)) as [number, number];
  if (offsetAt(format, wallMs - before) === before) return wallMs - before;
  return offsetAt(format, wallMs - after) === after ? wallMs - after : wallMs - before;
}

const dayMs = 86_400_000;

function offsetAt(format: Intl.DateTimeFormat, instant: number): number {
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(instant)) ?? [];
  if (hours === undefined) return 0;
  const size = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -size : size;
}
