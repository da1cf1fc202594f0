type TimeFormatter = (isoUtc: string) => string;

interface Offset {
  ms: number;
  /** As printed, for example `+02:00`. */
  text: string;
}

/** The offsets of one UTC day: `before` holds until the instant `changesAt`, `after` from then on. */
interface OffsetDay {
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
 * clocks change), remembers some thousand days, and does the rest by arithmetic. Throws RangeError for an unknown zone.
 */
export function createTimeFormatter(zone: string): TimeFormatter {
  const intl = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const days = new Map<number, OffsetDay>();

  return (isoUtc) => {
    const instant = Date.parse(isoUtc);
    const dayNumber = Math.floor(instant / dayMs);
    let day = days.get(dayNumber);
    if (day === undefined) {
      day = readDay(intl, dayNumber);
      if (days.size >= mostDays) days.clear();
      days.set(dayNumber, day);
    }
    const offset = instant < day.changesAt ? day.before : day.after;
    return new Date(instant + offset.ms).toISOString().slice(0, 19) + offset.text;
  };
}

function readDay(intl: Intl.DateTimeFormat, dayNumber: number): OffsetDay {
  let low = dayNumber * dayMs;
  let high = low + dayMs;
  const before = readOffset(intl, low);
  const after = readOffset(intl, high);
  if (before.ms === after.ms) return { changesAt: high, before, after };

  // Halve down to the second: zones change at odd minutes too (St. John's at 00:01, Lord Howe at half past in UTC).
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (readOffset(intl, middle).ms === before.ms) low = middle;
    else high = middle;
  }
  return { changesAt: high, before, after };
}

function readOffset(intl: Intl.DateTimeFormat, instant: number): Offset {
  // "5/12/2020, GMT+02:00"; plain "GMT" at offset zero. Seconds of an offset (Liberia before 1972) are dropped from the
  // arithmetic as well, so that what is printed still names the exact instant.
  const match = /GMT([+-])(\d\d):(\d\d)/.exec(intl.format(instant));
  if (match === null) return { ms: 0, text: '+00:00' };
  const [, sign, hours, minutes] = match;
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  if (ms === 0) return { ms: 0, text: '+00:00' };
  return { ms: sign === '-' ? -ms : ms, text: `${sign}${hours}:${minutes}` };
}
