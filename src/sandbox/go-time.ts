/**
 * Times as Go's time.Parse takes them, with its error texts.
 *
 * A Lease's times are MicroTimes: exactly six fractional digits, or the server refuses them. Metadata's are RFC 3339.
 */

export type TimeFormat = 'micro' | 'second';

export type ParsedTime =
  /** Normalised to UTC, as the server stores it. */
  | { readonly id: 'time'; readonly text: string }
  | { readonly id: 'failed'; readonly message: string };

const layouts: Readonly<Record<TimeFormat, string>> = {
  micro: '2006-01-02T15:04:05.000000Z07:00',
  second: '2006-01-02T15:04:05Z07:00',
};

/** One piece of the layout: its name there, what it accepts, and the highest value allowed. */
type Piece = readonly [layout: string, accepts: RegExp, range?: readonly [string, number, number]];

const head: readonly Piece[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/, ['month', 1, 12]],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{1,2}/, ['hour', 0, 23]],
  [':', /^:/],
  ['04', /^\d{2}/, ['minute', 0, 59]],
  [':', /^:/],
  ['05', /^\d{2}/, ['second', 0, 59]],
];
const zone: Piece = ['Z07:00', /^(?:Z|[+-]\d{2}:\d{2})/];
const pieces: Readonly<Record<TimeFormat, readonly Piece[]>> = {
  micro: [...head, ['.000000', /^[.,]\d{6}/], zone],
  second: [...head, ['', /^(?:[.,]\d+)?/], zone],
};

/** Parses a time of the given format. */
export function parseTime(value: string, format: TimeFormat): ParsedTime {
  const failed = (why: string): ParsedTime => ({
    id: 'failed',
    message: `parsing time ${JSON.stringify(value)}${why}`,
  });
  const found: string[] = [];
  let rest = value;
  for (const [layout, accepts, range] of pieces[format]) {
    const text = accepts.exec(rest)?.[0];
    if (text === undefined) {
      return failed(
        ` as "${layouts[format]}": cannot parse ${JSON.stringify(rest)} as "${layout}"`,
      );
    }
    if (range && (Number(text) < range[1] || Number(text) > range[2])) {
      return failed(`: ${range[0]} out of range`);
    }
    found.push(text);
    rest = rest.slice(text.length);
  }
  if (rest !== '') return failed(`: extra text: ${JSON.stringify(rest)}`);
  const [year = '', , month = '', , day = '', , hour = '', , minute = '', , second = ''] = found;
  const days = new Date(`${year}-${month}-01T00:00:00Z`);
  days.setUTCMonth(days.getUTCMonth() + 1, 0);
  if (Number(day) < 1 || Number(day) > days.getUTCDate()) return failed(': day out of range');
  const local = `${year}-${month}-${day}T${hour.padStart(2, '0')}:${minute}:${second}Z`;
  const utc = new Date(Date.parse(local) - offsetMs(found.at(-1) ?? 'Z'));
  const fraction = format === 'micro' ? `.${found.at(-2)?.slice(1) ?? ''}` : '';
  return { id: 'time', text: utc.toISOString().replace(/\.\d{3}Z$/, `${fraction}Z`) };
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000;
}
