/** Durations as Go writes them (`1m30s`, `500ms`), because Kubernetes' own flags do. */

/** A duration in ms, or why the text is none. */
export type ParsedDuration =
  { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly why: string };

const nsPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  // Go accepts both code points that look like a micro sign.
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const nsPerMs = 1_000_000n;

/** What Go's time.Duration can hold. */
const longestNs = 2n ** 63n - 1n;

const part = String.raw`(\d+)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)|\.(\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)`;
const whole = new RegExp(`^([+-]?)((?:${part})+)$`, 'u');
const parts = new RegExp(part, 'gu');

/** Reads a duration in Go's notation, a bare `0` included. May be negative; the caller says what is allowed. */
export function parseDuration(text: string): ParsedDuration {
  if (/^[+-]?0$/.test(text)) return { ok: true, ms: 0 };
  const match = whole.exec(text);
  if (match === null) return { ok: false, why: notADuration(text) };
  let ns = 0n;
  for (const found of (match[2] ?? '').matchAll(parts)) {
    const [, integer = '', fraction = '', unit, bareFraction, bareUnit] = found;
    ns += partNs(integer, bareFraction ?? fraction, unit ?? bareUnit ?? '');
  }
  if (ns > longestNs) return { ok: false, why: 'it is longer than 2562047h, the longest there is' };
  return { ok: true, ms: (match[1] === '-' ? -1 : 1) * toMs(ns) };
}

/** In integers, as `2.3 * 1000` is not 2300 in floating point. */
function partNs(integer: string, fraction: string, unit: string): bigint {
  const scale = nsPerUnit[unit] ?? 0n;
  const digits = fraction.slice(0, 18);
  return (
    BigInt(integer || '0') * scale + (BigInt(digits || '0') * scale) / 10n ** BigInt(digits.length)
  );
}

function toMs(ns: bigint): number {
  return Number(ns / nsPerMs) + Number(ns % nsPerMs) / Number(nsPerMs);
}

function notADuration(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return `it has no unit: write ${text}s for seconds`;
  return 'not a duration (examples: 15s, 1m30s, 500ms; units h, m, s, ms, us, ns)';
}

/** The shortest exact notation, to the microsecond: `1m30s`, `14.85s`, `500ms`, `infinity`. */
export function formatDuration(ms: number): string {
  if (ms === Infinity) return 'infinity';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  const roundedMs = Math.round(ms * 1e3) / 1e3;
  if (roundedMs === 0) return '0s';
  if (roundedMs < 1_000) return `${roundedMs}ms`;
  const hours = Math.floor(roundedMs / 3_600_000);
  const minutes = Math.floor((roundedMs % 3_600_000) / 60_000);
  const seconds = Math.round((roundedMs % 60_000) * 1e3) / 1e6;
  return [
    hours > 0 ? `${hours}h` : '',
    minutes > 0 ? `${minutes}m` : '',
    seconds > 0 ? `${seconds}s` : '',
  ].join('');
}

/** As {@link formatDuration}, with no more digits than a person wants to read: `3h12m`, `10.2s`, `350ms`. */
export function humanDuration(ms: number): string {
  if (!Number.isFinite(ms)) return formatDuration(ms);
  const stepMs = ms < 1_000 ? 1 : ms < 60_000 ? 100 : ms < 3_600_000 ? 1_000 : 60_000;
  return formatDuration(Math.round(ms / stepMs) * stepMs);
}
