/**
 * Reads a moment as the platform writes it: "YYYY-MM-DD HH:MM:SS", which is UTC without saying so, or ISO 8601 with an
 * offset. Gives ISO 8601 UTC; undefined for anything else, since it is a hint only.
 */
export function readMoment(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [, date, time, zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/.exec(value) ?? [];
  if (date === undefined) return undefined;
  const moment = new Date(`${date}T${time}${zone}`);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}
