/** Leases as a table for people: aligned, and coloured where a terminal shows it. */
import type { Run } from '../election/runs.ts';
import { parseTimeMs } from '../election/time.ts';
import type { LeaseRow } from './lease-row.ts';

export interface TableStyle {
  readonly isWide: boolean;
  /** Only ever true on a terminal. */
  readonly hasColour: boolean;
  /** Lines are cut there; null: they are not. */
  readonly columns: number | null;
}

interface Column {
  readonly title: string;
  readonly text: (row: LeaseRow, nowMs: number) => string | number | null;
}

const columns: readonly Column[] = [
  { title: 'LOCK', text: ({ lock }) => lock },
  { title: 'HOLDER', text: ({ holder, exists }) => (exists ? holder : '(no such lease)') },
  { title: 'SINCE', text: ({ holder, acquireTime }, now) => holder && ageOf(acquireTime, now) },
  { title: 'RENEWED', text: ({ renewTime }, now) => ageOf(renewTime, now) },
  { title: 'EXPIRES', text: ({ expireTime }, now) => expiryOf(expireTime, now) },
  { title: 'TRANSITIONS', text: ({ leaseTransitions }) => leaseTransitions },
];

const wideColumns: readonly Column[] = [
  { title: 'DURATION', text: ({ leaseDurationSeconds: s }) => (s === null ? null : `${s}s`) },
  { title: 'POD', text: ({ pod }) => pod },
  { title: 'LABEL', text: ({ podLabel }) => podLabel },
  { title: 'LAST RUNS', text: ({ runs }, now) => runsText(runs, now) },
  { title: 'TERM', text: ({ term }) => term },
];

/** So many of them are in the table, and all in the JSON. */
const shownRuns = 3;

const green = '\u001b[32m';
const red = '\u001b[31m';
const bold = '\u001b[1m';
const plain = '\u001b[0m';

/** Lines without line breaks, the heads first. `nowMs` is the server's time. */
export function tableLines(rows: readonly LeaseRow[], nowMs: number, style: TableStyle): string[] {
  const shown = style.isWide ? [...columns, ...wideColumns] : columns;
  const heads = shown.map(({ title }) => title);
  const cells = rows.map((row) => shown.map(({ text }) => cell(text(row, nowMs))));
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...cells.map((line) => line[at]?.length ?? 0)),
  );
  const lines = [heads, ...cells].map((line) =>
    line
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd()
      .slice(0, style.columns ?? undefined),
  );
  if (!style.hasColour) return lines;
  return lines.map((line, at) => `${colourOf(rows[at - 1])}${line}${plain}`);
}

function colourOf(row: LeaseRow | undefined): string {
  if (row === undefined) return bold;
  return row.leads ? green : red;
}

/** Key and age of each; without a key those of `--once-per`. A key may hold what stands between them, so it is in quotes. */
function runsText(runs: readonly Run[] | null, nowMs: number): string {
  if (runs === null) return '(unreadable)';
  const texts = runs.map(({ key, start, token }) =>
    [
      key === '' ? '' : JSON.stringify(key),
      ageOf(start, nowMs),
      token === null ? '(end unknown)' : '',
    ]
      .filter(Boolean)
      .join(' '),
  );
  const rest = texts.length > shownRuns ? ['…'] : [];
  return [...texts.slice(0, shownRuns), ...rest].join(', ');
}

/** What others wrote must not steer the terminal. */
function cell(value: string | number | null): string {
  const text = value === null || value === '' ? '-' : String(value);
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

function ageOf(time: string | null, nowMs: number): string | null {
  const ms = parseTimeMs(time ?? '');
  return ms === null ? null : age(nowMs - ms);
}

function expiryOf(time: string | null, nowMs: number): string | null {
  const ms = parseTimeMs(time ?? '');
  if (ms === null) return null;
  return ms > nowMs ? `in ${age(ms - nowMs)}` : `${age(nowMs - ms)} ago`;
}

/** One number, as in kubectl's column AGE. What lies ahead of the server's clock is new. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
