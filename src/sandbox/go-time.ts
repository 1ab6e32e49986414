/** Times as Go reads them. A Lease's are MicroTimes, with exactly six digits of a second; metadata's are RFC 3339. */

const forms = {
  'micro-time': /^(\d{4}-\d{2}-\d{2})T(\d{1,2})(:\d{2}:\d{2})[.,](\d{6})(Z|[+-]\d{2}:\d{2})$/,
  time: /^(\d{4}-\d{2}-\d{2})T(\d{1,2})(:\d{2}:\d{2})(?:[.,]\d+)?()(Z|[+-]\d{2}:\d{2})$/,
};

/** The time in UTC, as the server stores it; undefined if it is none. */
export function parseTime(value: string, form: keyof typeof forms): string | undefined {
  const match = forms[form].exec(value);
  if (match === null) return undefined;
  const [, date = '', hour = '', rest = '', fraction = '', zone = 'Z'] = match;
  const local = `${date}T${hour.padStart(2, '0')}${rest}`;
  const parsed = new Date(`${local}Z`);
  // JavaScript takes the 30th of February for a day of March, and 24:00 for midnight.
  if (Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 19) !== local)
    return undefined;
  const utc = new Date(parsed.getTime() - offsetMs(zone)).toISOString().slice(0, 19);
  return `${utc}${fraction === '' ? '' : `.${fraction}`}Z`;
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000;
}
