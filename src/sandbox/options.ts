/** The options in a request's query: those of list and watch, and those of writes. */
import {
  badRequest,
  failure,
  invalid,
  optionsKind,
  type FieldError,
  type Reply,
} from './status.ts';

/** What a query says, or the answer that refuses it. */
export type Options<T> =
  | { readonly id: 'options'; readonly options: T }
  | { readonly id: 'refused'; readonly reply: Reply };

export interface WriteOptions {
  readonly isDryRun: boolean;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
}

/** `kind` is how the real server names the set of options: CreateOptions, UpdateOptions, PatchOptions. */
export function writeOptions(query: URLSearchParams, kind: string): Options<WriteOptions> {
  const dryRun = query.getAll('dryRun');
  const fieldValidation = query.get('fieldValidation') ?? '';
  const errors: FieldError[] = [];
  if (dryRun.some((value) => value !== 'All')) errors.push(unsupportedDryRun(dryRun));
  if (query.has('force')) {
    errors.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  }
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(fieldValidation)) {
    const supported = ['', 'Ignore', 'Strict', 'Warn'];
    errors.push(unsupported('fieldValidation', JSON.stringify(fieldValidation), supported));
  }
  if (errors.length > 0) return { id: 'refused', reply: invalid(optionsKind(kind), errors) };
  const validation = (fieldValidation || 'Warn') as WriteOptions['fieldValidation'];
  return {
    id: 'options',
    options: { isDryRun: dryRun.length > 0, fieldValidation: validation },
  };
}

export function unsupported(
  field: string,
  value: string,
  supported: readonly string[],
): FieldError {
  const list = supported.map((name) => JSON.stringify(name)).join(', ');
  const message = `Unsupported value: ${value}: supported values: ${list}`;
  return { field, reason: 'FieldValueNotSupported', message };
}

export function unsupportedDryRun(values: readonly string[]): FieldError {
  return unsupported('dryRun', `[${values.map((v) => JSON.stringify(v)).join(' ')}]`, ['All']);
}

function forbiddenField(field: string, why: string): FieldError {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` };
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
export function readOptions(query: URLSearchParams): Options<ReadOptions> {
  const refuse = (reply: Reply): Options<ReadOptions> => ({ id: 'refused', reply });
  for (const name of ['timeoutSeconds', 'limit']) {
    const value = query.get(name);
    if (value !== null && !/^[+-]?\d+$/.test(value)) {
      return refuse(
        badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`),
      );
    }
  }
  // No list of ours is ever cut, so that none can be continued.
  if (query.get('continue')) return refuse(badRequest('continue: not a key that this server gave'));
  const isWatch = flag(query, 'watch') ?? false;
  const errors = matchErrors(query, isWatch);
  if (errors.length > 0) return refuse(invalid(optionsKind('ListOptions'), errors));
  const version = parseResourceVersion(query.get('resourceVersion') ?? '');
  if (version.id === 'failed') {
    const message = `resourceVersion: Invalid value: ${version.message}`;
    return refuse(
      isWatch ? failure(500, null, message) : badRequest(`invalid resource version: ${message}`),
    );
  }
  const timeoutSeconds = Number(query.get('timeoutSeconds') ?? '0');
  return {
    id: 'options',
    options: {
      isWatch,
      resourceVersion: query.get('resourceVersion') ? version.value : null,
      match: (query.get('resourceVersionMatch') ?? '') as ReadOptions['match'],
      timeoutSeconds: timeoutSeconds === 0 ? null : timeoutSeconds,
      hasBookmarks: flag(query, 'allowWatchBookmarks') ?? false,
      sendInitialEvents: flag(query, 'sendInitialEvents') ?? null,
    },
  };
}

/** `timeout` may be in any request, as Go writes a duration; null: nothing is wrong with it. */
export function timeoutFault(query: URLSearchParams): Reply | null {
  const timeout = query.get('timeout') ?? '';
  return /^(?:|0|(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/.test(timeout)
    ? null
    : badRequest(`timeout: ${JSON.stringify(timeout)} is not a duration`);
}

/** Anything but "0" and "false" is true, as Kubernetes converts a query's booleans. */
function flag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : !['0', 'false'].includes(value.toLowerCase());
}

function matchErrors(query: URLSearchParams, isWatch: boolean): FieldError[] {
  const field = 'resourceVersionMatch';
  const match = query.get(field) ?? '';
  const errors: FieldError[] = [];
  if (isWatch) {
    const hasInitial = query.has('sendInitialEvents');
    if (hasInitial && match !== 'NotOlderThan') {
      const why = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
      errors.push(forbiddenField(field, why));
    } else if (!hasInitial && match !== '') {
      const why =
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
      errors.push(forbiddenField(field, why));
    }
    if (match !== '' && match !== 'NotOlderThan') {
      errors.push(unsupported(field, JSON.stringify(match), ['NotOlderThan']));
    }
    return errors;
  }
  if (match === '') return [];
  const version = query.get('resourceVersion') ?? '';
  if (version === '') {
    const why = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
    errors.push(forbiddenField(field, why));
  }
  if (!['Exact', 'NotOlderThan'].includes(match)) {
    errors.push(unsupported(field, JSON.stringify(match), ['Exact', 'NotOlderThan', '']));
  } else if (match === 'Exact' && version === '0') {
    const why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"';
    errors.push(forbiddenField(field, why));
  }
  return errors;
}

export type ParsedVersion =
  | { readonly id: 'version'; readonly value: bigint }
  /** `"x": ` and strconv's words for it. */
  | { readonly id: 'failed'; readonly message: string; readonly cause: string };

const maxUint64 = 2n ** 64n - 1n;

/** A resourceVersion as strconv.ParseUint reads it; empty is 0. */
export function parseResourceVersion(text: string): ParsedVersion {
  const fail = (why: string): ParsedVersion => {
    const cause = `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`;
    return { id: 'failed', message: `${JSON.stringify(text)}: ${cause}`, cause };
  };
  if (text === '') return { id: 'version', value: 0n };
  if (!/^\d+$/.test(text)) return fail('invalid syntax');
  const value = BigInt(text);
  return value > maxUint64 ? fail('value out of range') : { id: 'version', value };
}
