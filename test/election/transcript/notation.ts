/**
 * How stories write times, durations and records: the same text is read in commands and written in answers.
 */
import type { JsonObject, JsonValue } from '../../../src/json.ts';
import type { RawLease } from '../../../src/election/lease.ts';
import { durationAnnotation, termAnnotation } from '../../../src/election/record.ts';
import { readRuns, runsAnnotation } from '../../../src/election/runs.ts';
import { successorAnnotation } from '../../../src/election/successor.ts';
import { nextAnnotation, transferAnnotation } from '../../../src/election/transfer.ts';
import { parseDuration } from '../../../src/cli/durations.ts';

/** Every story begins at noon. */
export const startWallMs = Date.UTC(2026, 0, 1, 12);

const day = '2026-01-01T';

export function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${Math.round(ms) / 1000}s` : 'never';
}

export function readMs(text: string): number {
  if (text === 'infinity') return Infinity;
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.why}`);
  return parsed.ms;
}

/** `{a lease=15s acquired=12:00:00 renewed=12:00:02 transitions=0 term=a@12:00:00 color=red}`, other words being labels. */
export function readLease(text: string): JsonObject {
  const [first = '', ...words] = text.replace(/^\{|\}$/g, '').split(' ');
  const spec: Record<string, JsonValue> = {};
  const annotations: Record<string, JsonValue> = {};
  const labels: Record<string, JsonValue> = {};
  if (first !== 'unset') spec['holderIdentity'] = first === 'nobody' ? '' : first;
  for (const word of words) {
    const [name = '', value = ''] = split(word, '=');
    if (name === 'lease') spec['leaseDurationSeconds'] = readMs(value) / 1000;
    else if (name === 'acquired') spec['acquireTime'] = readTime(value);
    else if (name === 'renewed') spec['renewTime'] = readTime(value);
    else if (name === 'transitions') spec['leaseTransitions'] = Number(value);
    else if (name === 'term') annotations[termAnnotation] = readTerm(value);
    else if (name === 'termLease') annotations[durationAnnotation] = String(readMs(value) / 1000);
    else if (name === 'preferred') spec['preferredHolder'] = value;
    else if (name === 'transfer') annotations[transferAnnotation] = readTransfer(value);
    else if (name === 'next') annotations[nextAnnotation] = readNext(value);
    else if (name === 'successor') annotations[successorAnnotation] = readSuccessor(value);
    else if (name === 'runs')
      annotations[runsAnnotation] = value.startsWith('[') ? value : readRunsWord(value);
    else labels[name] = value;
  }
  return { metadata: { name: 'lock', annotations, labels }, spec };
}

export function writeLease(lease: RawLease): string {
  const spec = objectAt(lease, 'spec');
  const metadata = objectAt(lease, 'metadata');
  const term = objectAt(metadata, 'annotations')[termAnnotation];
  const words = [
    holder(spec['holderIdentity']),
    word('lease', spec['leaseDurationSeconds'], (value) => `${plain(value)}s`),
    word('acquired', spec['acquireTime'], writeTime),
    word('renewed', spec['renewTime'], writeTime),
    word('transitions', spec['leaseTransitions'], plain),
    word('term', term, writeTerm),
    runsWord(lease),
    ...transferWords(lease),
    ...Object.entries(objectAt(metadata, 'labels')).map(
      ([name, value]) => `${name}=${plain(value)}`,
    ),
  ];
  return `{${words.filter((part) => part !== '').join(' ')}}`;
}

/** `other@me@12:00:00`: to whom, and of which term; `anyone`: to whoever comes first. */
function readTransfer(text: string): string {
  const [to = '', term = ''] = split(text, '@');
  return JSON.stringify({ to: to === 'anyone' ? null : to, term: readTerm(term), by: 'kim' });
}

/** `other@50ms`: who is meant, and for how long all others wait; a second if that is not said. */
function readNext(text: string): string {
  const [to = '', head = ''] = split(text, '@');
  return JSON.stringify({ to, headStartMs: head === '' ? 1000 : readMs(head) });
}

/** `other@me@12:00:00`: who, and of which term. */
function readSuccessor(text: string): string {
  const [to = '', term = ''] = split(text, '@');
  return JSON.stringify({ to, term: readTerm(term) });
}

function transferWords(lease: RawLease): string[] {
  const annotations = objectAt(objectAt(lease, 'metadata'), 'annotations');
  const read = (name: string) => JSON.parse(plain(annotations[name])) as Record<string, string>;
  const { preferredHolder } = objectAt(lease, 'spec');
  const words: string[] = [];
  if (preferredHolder !== undefined) words.push(`preferred=${plain(preferredHolder)}`);
  if (transferAnnotation in annotations)
    words.push(`transfer=${read(transferAnnotation)['to'] ?? 'anyone'}`);
  if (nextAnnotation in annotations) {
    const { to = '', headStartMs = '' } = read(nextAnnotation);
    words.push(`next=${to}${Number(headStartMs) < 1000 ? `@${headStartMs}ms` : ''}`);
  }
  if (successorAnnotation in annotations)
    words.push(`successor=${read(successorAnnotation)['to'] ?? ''}`);
  return words;
}

/** `backup@12:00:01/me/4`: which run, begun when, by whom, with which fencing token. */
function readRunsWord(text: string): string {
  const runs = text.split(',').map((word) => {
    const [, key = '', start = '', by = '', token = ''] =
      /^(.*)@(.*)\/(.*)\/(.*)$/.exec(word) ?? [];
    return { key, start: `${day}${start}Z`, by, token: token === 'none' ? null : token };
  });
  return JSON.stringify(runs);
}

function runsWord(lease: RawLease): string {
  const text = objectAt(objectAt(lease, 'metadata'), 'annotations')[runsAnnotation];
  if (text === undefined) return '';
  const words = readRuns(lease)?.map(
    ({ key, start, by, token }) =>
      `${key}@${start.slice(day.length, -1).replace(/\.0*$|(\.\d*?)0+$/, '$1')}/${by}/${token ?? 'none'}`,
  );
  return `runs=${words === undefined ? plain(text) : words.join(',')}`;
}

/** What a value looks like in a line: facts in brackets, times of the day, no quotes. */
export function writeTimes(text: string): string {
  return text.replace(/2026-01-01T([0-9:]+)\.([0-9]{6})Z/g, (_, time: string, digits: string) =>
    `${time}.${digits}`.replace(/\.?0+$/, '').replace(/^(\d+:\d+)$/, '$1:00'),
  );
}

/** A string as it is, all else as JSON. */
export function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function holder(value: JsonValue | undefined): string {
  if (value === undefined) return 'unset';
  return value === '' ? 'nobody' : plain(value);
}

function word(
  name: string,
  value: JsonValue | undefined,
  write: (value: JsonValue) => string,
): string {
  return value === undefined ? '' : `${name}=${write(value)}`;
}

function readTime(time: string): string {
  const [clock = '', digits = ''] = split(time, '.');
  return `${day}${clock}.${digits.padEnd(6, '0')}Z`;
}

function writeTime(value: JsonValue): string {
  return writeTimes(plain(value));
}

function readTerm(term: string): string {
  const [identity = '', time = ''] = split(term, '@');
  return time === '' ? identity : `${identity}@${readTime(time)}`;
}

function writeTerm(value: JsonValue): string {
  return writeTimes(plain(value));
}

function split(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function objectAt(object: JsonObject, key: string): JsonObject {
  return (object[key] ?? {}) as JsonObject;
}
