type TimeFormatter = (isoUtc: string) => string;

interface Offset {
  minutes: number;
  /** As printed, for example `+02:00`. */
  text: string;
}

/** The offsets of one UTC day: `before` holds until the instant `changesAt`, `after` from then on. */
interface OffsetDay {
  /** The UTC day as it starts a text, `2020-05-12`, and its neighbours. */
  date: string;
  dateBefore: string;
  dateAfter: string;
  changesAt: number;
  before: Offset;
  after: Offset;
}

const dayMs = 86_400_000;
const mostDays = 4096;

// One formatter per zone for the life of the process; zones come from the configuration, so there are few.
const formatters = new Map<string, TimeFormatter>();

/**
 * Prints a UTC instant in a zone: ISO 8601 with the zone's offset at that instant and no fraction, for example
 * `2020-05-12T11:51:26+02:00` (decisions, go~mus 3). Throws RangeError for an unknown zone and for text that is no date.
 */
export function formatTime(isoUtc: string, zone: string): string {
  let format = formatters.get(zone);
  if (format === undefined) {
    format = createTimeFormatter(zone);
    formatters.set(zone, format);
  }
  return format(isoUtc);
}

/**
 * Makes the printer behind `formatTime` for one IANA zone. It asks Intl twice per UTC day (more on a day on which the
 * clocks change), remembers some thousand days, and does the rest on the text: every answer about a customer prints two
 * times, and a Date for each would be a good part of it. Throws RangeError for an unknown zone.
 */
export function createTimeFormatter(zone: string): TimeFormatter {
  const intl = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const days = new Map<string, OffsetDay>();

  return (isoUtc) => {
    const date = isoUtc.slice(0, 10);
    let day = days.get(date);
    if (day === undefined) {
      day = readDay(intl, date);
      if (days.size >= mostDays) days.clear();
      days.set(date, day);
    }
    // Only a day on which the clocks change needs the instant itself.
    const offset = day.before === day.after || Date.parse(isoUtc) >= day.changesAt ? day.after : day.before;
    const minutes = twoDigits(isoUtc, 11) * 60 + twoDigits(isoUtc, 14) + offset.minutes;
    if (!(minutes >= -dayMinutes && minutes < 2 * dayMinutes)) throw new RangeError('Invalid time value');
    const shown = minutes < 0 ? minutes + dayMinutes : minutes >= dayMinutes ? minutes - dayMinutes : minutes;
    const shownDate = minutes < 0 ? day.dateBefore : minutes >= dayMinutes ? day.dateAfter : day.date;
    return `${shownDate}T${twoCharacters[Math.floor(shown / 60)]}:${twoCharacters[shown % 60]}${isoUtc.slice(16, 19)}${offset.text}`;
  };
}

const dayMinutes = 24 * 60;
const twoCharacters = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'));

/** The number that two digits of a text say; NaN past its end. */
function twoDigits(text: string, position: number): number {
  return text.charCodeAt(position) * 10 + text.charCodeAt(position + 1) - 11 * 0x30;
}

function readDay(intl: Intl.DateTimeFormat, date: string): OffsetDay {
  const start = Date.parse(`${date}T00:00:00.000Z`);
  const dates = {
    date,
    dateBefore: new Date(start - dayMs).toISOString().slice(0, 10),
    dateAfter: new Date(start + dayMs).toISOString().slice(0, 10),
  };
  let low = start;
  let high = low + dayMs;
  const before = readOffset(intl, low);
  const after = readOffset(intl, high);
  if (before.minutes === after.minutes) return { ...dates, changesAt: high, before: after, after };

  // Halve down to the second: zones change at odd minutes too (St. John's at 00:01, Lord Howe at half past in UTC).
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (readOffset(intl, middle).minutes === before.minutes) low = middle;
    else high = middle;
  }
  return { ...dates, changesAt: high, before, after };
}

function readOffset(intl: Intl.DateTimeFormat, instant: number): Offset {
  // "5/12/2020, GMT+02:00"; plain "GMT" at offset zero. Seconds of an offset (Liberia before 1972) are dropped from the
  // arithmetic as well, so that what is printed still names the exact instant.
  const match = /GMT([+-])(\d\d):(\d\d)/.exec(intl.format(instant));
  if (match === null) return { minutes: 0, text: '+00:00' };
  const [, sign, hours, restMinutes] = match;
  const minutes = Number(hours) * 60 + Number(restMinutes);
  if (minutes === 0) return { minutes: 0, text: '+00:00' };
  return { minutes: sign === '-' ? -minutes : minutes, text: `${sign}${hours}:${restMinutes}` };
}
