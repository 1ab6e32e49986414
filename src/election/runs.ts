/**
 * The runs that a Lease remembers (`--once`), in an annotation: newest first, at most ten, as JSON.
 *
 * What cannot be read may say that a run is done: whoever asks does not run then.
 */
import type { JsonValue } from '../json.ts';
import type { RawLease } from './lease.ts';
import { annotationOf } from './record.ts';
import { parseTimeMs } from './time.ts';

export const runsAnnotation = 'leader-run/runs';

/** One run, as it is remembered. */
export interface Run {
  /** Empty: it was told apart from others by its time alone (`--once-per`). */
  readonly key: string;
  /** When its term began, by the API server's clock: RFC 3339. */
  readonly start: string;
  /** The identity of who ran it. */
  readonly by: string;
  /** The fencing token of its term; null: it was started, and nothing says how it ended. */
  readonly token: string | null;
}

/** Which runs make another one needless. */
export type OnceRule = {
  /** `start`: a run counts when its term begins; `success`: when its command has ended with 0. */
  readonly counts: 'success' | 'start';
} & (
  | { readonly id: 'key'; readonly key: string }
  /** Any run of this Lease that began less than this ago. */
  | { readonly id: 'period'; readonly periodMs: number }
);

const mostRuns = 10;
const mostBytes = 8_192;
/** By so much may the clocks of API servers differ, and ours drift from theirs while we wait. */
const mostSkewMs = 60_000;
/** A key and an identity of the longest, with each character escaped. */
const longestRunBytes = 3_072;

/** The runs that the Lease remembers; null: they cannot be read. */
export function readRuns(lease: RawLease | null): readonly Run[] | null {
  const value = lease === null ? undefined : annotationOf(lease, runsAnnotation);
  if (value === undefined) return [];
  const parsed = parse(value);
  if (!Array.isArray(parsed)) return null;
  const runs = parsed.map(readRun);
  return runs.includes(null) ? null : (runs as Run[]);
}

/** The run that makes another one needless; null: none. `serverMs` is Unix time by the API server's clock. */
export function findDone(rule: OnceRule, runs: readonly Run[], serverMs: number): Run | null {
  const counts = (run: Run) =>
    rule.id === 'key'
      ? run.key === rule.key
      : !isAhead(run, serverMs) && serverMs - startMsOf(run) < rule.periodMs;
  return runs.find(counts) ?? null;
}

/** Whether one began in the future, by a clock that was wrong: when it really began cannot be told. */
export function hasRunAhead(runs: readonly Run[], serverMs: number): boolean {
  return runs.some((run) => isAhead(run, serverMs));
}

function isAhead(run: Run, serverMs: number): boolean {
  return startMsOf(run) - serverMs > mostSkewMs;
}

function startMsOf({ start }: Run): number {
  return parseTimeMs(start) ?? Infinity;
}

/**
 * Whether a run may have been remembered and forgotten again between two looks: there is room for few. `before` is what was seen at
 * the look before; null: there was none, and what is looked for began after `sinceMs` (Unix time by the API server's clock).
 */
export function mayHaveForgotten(
  runs: readonly Run[],
  before: readonly Run[] | null,
  sinceMs: number,
): boolean {
  const oldest = runs.at(-1);
  if (oldest === undefined || !isFull(runs)) return false;
  if (before === null) return startMsOf(oldest) > sinceMs;
  const isKnown = (run: Run) =>
    before.some(({ start, by }) => start === run.start && by === run.by);
  return !runs.some(isKnown);
}

/** One more may not fit. */
function isFull(runs: readonly Run[]): boolean {
  return runs.length >= mostRuns || byteLength(JSON.stringify(runs)) > mostBytes - longestRunBytes;
}

/** The annotation's text once this run is remembered too: earlier ones of the same key and the oldest give way. */
export function withRun(runs: readonly Run[], run: Run): string {
  const isSame = ({ key, start, by }: Run) =>
    key === run.key && (key !== '' || (start === run.start && by === run.by));
  return write([run, ...runs.filter((each) => !isSame(each))]);
}

/** The runs without the newest one, if that is a start of this candidate of which nobody knows how it ended. */
export function withoutStart(runs: readonly Run[], identity: string): readonly Run[] {
  const [newest, ...earlier] = runs;
  return newest?.by === identity && newest.token === null ? earlier : runs;
}

function write(runs: readonly Run[]): string {
  const kept = runs.slice(0, mostRuns);
  while (kept.length > 1 && byteLength(JSON.stringify(kept)) > mostBytes) kept.pop();
  return JSON.stringify(kept);
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function parse(value: JsonValue): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : null;
  } catch {
    return null;
  }
}

function readRun(value: unknown): Run | null {
  if (typeof value !== 'object' || value === null) return null;
  const { key, start, by, token } = value as Record<string, unknown>;
  const isToken = token === null || typeof token === 'string';
  if (typeof key !== 'string' || typeof by !== 'string' || !isToken) return null;
  if (typeof start !== 'string' || parseTimeMs(start) === null) return null;
  return { key, start, by, token };
}
