/** The options in a request's query: those of list and watch, and those of writes. A query that makes no sense is refused. */
import { badRequest, failure, invalid, optionsKind, refuse, type FieldError } from './status.ts';

export interface WriteOptions {
  readonly isDryRun: boolean;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
}

/** `kind` is how the real server names the set of options: CreateOptions, UpdateOptions, PatchOptions. */
export function writeOptions(query: URLSearchParams, kind: string): WriteOptions {
  const fieldValidation = query.get('fieldValidation') ?? '';
  const errors = dryRunErrors(query.getAll('dryRun'));
  if (query.has('force')) errors.push(forbidden('force', 'it is for server-side apply'));
  errors.push(...unsupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']));
  if (errors.length > 0) refuse(invalid(optionsKind(kind), errors));
  return {
    isDryRun: query.has('dryRun'),
    fieldValidation: (fieldValidation || 'Warn') as WriteOptions['fieldValidation'],
  };
}

/** The fault of a value that is none of these, if it is one. */
export function unsupported(field: string, value: string, known: readonly string[]): FieldError[] {
  if (known.includes(value)) return [];
  const names = known.filter((name) => name !== '').join(', ');
  const message = `${JSON.stringify(value)} is not supported: use one of ${names}`;
  return [{ field, reason: 'FieldValueNotSupported', message }];
}

export function dryRunErrors(values: readonly string[]): FieldError[] {
  const wrong = values.find((value) => value !== 'All');
  return wrong === undefined ? [] : unsupported('dryRun', wrong, ['All']);
}

function forbidden(field: string, message: string): FieldError {
  return { field, reason: 'FieldValueForbidden', message };
}

export interface ReadOptions {
  readonly isWatch: boolean;
  /** null: not given. */
  readonly resourceVersion: bigint | null;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  /** null: the server's own choice. */
  readonly timeoutSeconds: number | null;
  readonly hasBookmarks: boolean;
  readonly sendInitialEvents: boolean | null;
}

/** The options of a list or a watch. */
export function readOptions(query: URLSearchParams): ReadOptions {
  for (const name of ['timeoutSeconds', 'limit']) checkInteger(query, name);
  // No list of ours is ever cut, so that none can be continued.
  if (query.get('continue')) refuse(badRequest('continue: not a key that this server gave'));
  const isWatch = flag(query, 'watch') ?? false;
  const errors = matchErrors(query, isWatch);
  if (errors.length > 0) refuse(invalid(optionsKind('ListOptions'), errors));
  const resourceVersion = parseResourceVersion(query.get('resourceVersion') ?? '');
  if (resourceVersion === null) {
    const message = 'resourceVersion is not a number';
    refuse(isWatch ? failure(500, null, message) : badRequest(message));
  }
  const timeoutSeconds = Number(query.get('timeoutSeconds') ?? '0');
  return {
    isWatch,
    resourceVersion: query.get('resourceVersion') ? resourceVersion : null,
    match: (query.get('resourceVersionMatch') ?? '') as ReadOptions['match'],
    timeoutSeconds: timeoutSeconds === 0 ? null : timeoutSeconds,
    hasBookmarks: flag(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: flag(query, 'sendInitialEvents') ?? null,
  };
}

/** Refuses a query in which this is there and no integer. */
export function checkInteger(query: URLSearchParams, name: string): void {
  const value = query.get(name);
  if (value !== null && !/^[+-]?\d+$/.test(value))
    refuse(badRequest(`${name}: ${JSON.stringify(value)} is not an integer`));
}

/** `timeout` may be in any request, as Go writes a duration. */
export function checkTimeout(query: URLSearchParams): void {
  const timeout = query.get('timeout') ?? '';
  if (!/^(?:|0|(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/.test(timeout))
    refuse(badRequest(`timeout: ${JSON.stringify(timeout)} is not a duration`));
}

/** Anything but "0" and "false" is true, as Kubernetes converts a query's booleans. */
function flag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : !['0', 'false'].includes(value.toLowerCase());
}

function matchErrors(query: URLSearchParams, isWatch: boolean): FieldError[] {
  const field = 'resourceVersionMatch';
  const match = query.get(field) ?? '';
  const version = query.get('resourceVersion') ?? '';
  const expected = query.has('sendInitialEvents') ? 'NotOlderThan' : '';
  const isForbidden = isWatch
    ? match !== expected
    : (match !== '' && version === '') || (match === 'Exact' && version === '0');
  const known = isWatch ? ['', 'NotOlderThan'] : ['', 'Exact', 'NotOlderThan'];
  return [
    ...(isForbidden ? [forbidden(field, 'it does not go with the other options')] : []),
    ...unsupported(field, match, known),
  ];
}

/** A resourceVersion as strconv.ParseUint reads it, which takes 64 bits; empty is 0; null: it is none. */
export function parseResourceVersion(text: string): bigint | null {
  if (text === '') return 0n;
  const value = /^\d+$/.test(text) ? BigInt(text) : null;
  return value === null || value >= 2n ** 64n ? null : value;
}
