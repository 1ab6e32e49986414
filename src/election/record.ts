/**
 * The election record inside a Lease: read from whatever anybody wrote, written bit-compatible with client-go.
 *
 * Reading never fails. A field that is missing or of the wrong type reads as if it were not set, and the judging code
 * takes what it cannot read as a reason to wait, never as a reason to take.
 */
import { type JsonObject, type JsonValue, objectOf, parseObject } from '../json.ts';
import type { RawLease } from './lease.ts';

/** The annotation that tells a record cleared by someone else from one that we released. */
export const termAnnotation = 'leader-run/term';

/** The lease duration of that term, because a record that was cleared says another. */
export const durationAnnotation = 'leader-run/lease-duration-seconds';

/** What the API stores: an int32. */
export const largestInteger = 2 ** 31 - 1;

/** How long what a holder does not vouch for makes others wait at most, ms: whoever cleared a record may have written any number. */
const longestUnvouchedMs = 3_600_000;

/** What a record says, as far as it can be read. */
export interface ElectionRecord {
  /** Empty: the lease is not held. */
  readonly holder: string;
  /** What the holder asks others to wait; null when missing or not a positive number. At most an hour when there is no holder. */
  readonly leaseDurationMs: number | null;
  readonly acquireTime: string | null;
  readonly renewTime: string | null;
  readonly transitions: number;
  /** `identity@acquireTime` of the leader-run term that wrote the annotation, or null. */
  readonly term: string | null;
  /** What that term asks others to wait, also when the record is cleared or another's: then at most an hour. */
  readonly termDurationMs: number | null;
}

/**
 * The four fields by which one write of ours is told from every other, how long it asks others to wait, when it was sent (boot-clock ms), and
 * over which resourceVersion (null: it creates the Lease).
 */
export interface SentRecord {
  readonly holder: string;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly transitions: number;
  readonly leaseDurationMs: number;
  readonly sentAtMs: number;
  /** The version and the term (of whoever its record names) that it is written over; null: there was no Lease. */
  readonly overVersion: string | null;
  readonly overTerm: string | null;
}

export function readRecord(lease: RawLease): ElectionRecord {
  const spec = objectOf(lease['spec']);
  const transitions = spec['leaseTransitions'];
  const annotations = objectOf(objectOf(lease['metadata'])['annotations']);
  const holder = readHolder(spec['holderIdentity']);
  const acquireTime = stringOrNull(spec['acquireTime']);
  const term = stringOrNull(annotations[termAnnotation]);
  const isOwnTerm = holder !== '' && term === termOf(holder, acquireTime);
  const durations = durationsOf(lease);
  return {
    holder,
    acquireTime,
    renewTime: stringOrNull(spec['renewTime']),
    transitions: isPositive(transitions) ? Math.floor(transitions) : 0,
    term,
    leaseDurationMs: boundedIf(holder === '', durations.leaseDurationMs),
    termDurationMs: boundedIf(!isOwnTerm, durations.termDurationMs),
  };
}

/** What a record asks others to wait, also where it is cleared and gets an hour at most; 0: nothing. */
export function askedDurationMs(lease: RawLease): number {
  const { leaseDurationMs, termDurationMs } = durationsOf(lease);
  return Math.max(leaseDurationMs ?? 0, termDurationMs ?? 0);
}

function boundedIf(isBounded: boolean, ms: number | null): number | null {
  return isBounded && ms !== null ? Math.min(ms, longestUnvouchedMs) : ms;
}

function durationsOf(lease: RawLease): Pick<ElectionRecord, 'leaseDurationMs' | 'termDurationMs'> {
  const { leaseDurationSeconds } = objectOf(lease['spec']);
  const termSeconds = Number(annotationOf(lease, durationAnnotation));
  return {
    leaseDurationMs: durationMs(leaseDurationSeconds),
    termDurationMs: durationMs(termSeconds),
  };
}

/** Equal for two reads of the same record, different after any write to it; labels and annotations do not count. */
export function fingerprintOf(lease: RawLease): string {
  const spec = objectOf(lease['spec']);
  return JSON.stringify(
    Object.keys(spec)
      .sort()
      .map((key) => [key, spec[key]]),
  );
}

export function resourceVersionOf(lease: RawLease): string {
  return stringOrNull(objectOf(lease['metadata'])['resourceVersion']) ?? '';
}

/**
 * Negative, 0 or positive as `a` is older than, the same as or newer than `b`; null when they cannot be compared.
 * Since Kubernetes 1.35 (KEP-5504) resourceVersions are decimal integers of any length.
 */
export function compareResourceVersions(a: string, b: string): number | null {
  if (!/^[0-9]+$/.test(a) || !/^[0-9]+$/.test(b)) return a === b ? 0 : null;
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Whether it is newer than the other (null: there is none). Versions that cannot be compared count as newer when they differ. */
export function isNewer(lease: RawLease, than: RawLease | null): boolean {
  return isNewerThan(lease, than === null ? null : resourceVersionOf(than));
}

/** The same of a version. */
export function isNewerThan(lease: RawLease, version: string | null): boolean {
  if (version === null) return true;
  return (compareResourceVersions(resourceVersionOf(lease), version) ?? 1) > 0;
}

/** The value of {@link termAnnotation} for a holder's term. */
export function termOf(holder: string, acquireTime: string | null): string {
  return `${holder}@${acquireTime ?? ''}`;
}

/** The term of the record's holder: by our annotation where that has digits of acquireTime which were cut from the record. */
export function termOfRecord({ holder, acquireTime, term }: ElectionRecord): string {
  const own = termOf(holder, acquireTime);
  const acquired = partsOf(acquireTime ?? '');
  const whole = term?.slice(holder.length + 1) ?? '';
  const isSame = term === `${holder}@${whole}` && isCut(acquired, whole, acquired.fraction.length);
  return isSame ? term : own;
}

/** The holder that a value of {@link termAnnotation} names. */
export function holderOfTerm(term: string): string {
  return term.replace(/@[^@]*$/, '');
}

/** Annotations that a write sets beside the record; null removes one. */
export type Annotations = Readonly<Record<string, string | null>>;

/** The body of a PUT that writes this record over the Lease that was seen; everything else in it stays as it is. */
export function withRecord(
  lease: RawLease,
  sent: SentRecord,
  leaseDurationSeconds: number,
  changes: Annotations = {},
): RawLease {
  const metadata = objectOf(lease['metadata']);
  const annotations = objectOf(metadata['annotations']);
  const { [termAnnotation]: term, [durationAnnotation]: duration, ...others } = annotations;
  const own = sent.holder === '' ? {} : annotationsOf(sent, leaseDurationSeconds);
  return {
    ...lease,
    metadata: { ...metadata, annotations: withChanges({ ...others, ...own }, changes) },
    spec: { ...objectOf(lease['spec']), ...specOf(sent, leaseDurationSeconds) },
  };
}

/** The body of a POST that creates the Lease with this record. */
export function newLease(
  name: string,
  sent: SentRecord,
  leaseDurationSeconds: number,
  changes: Annotations = {},
): RawLease {
  const annotations = withChanges(annotationsOf(sent, leaseDurationSeconds), changes);
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, annotations },
    spec: specOf(sent, leaseDurationSeconds),
  };
}

/** Who is to lead by the word of another controller (KEP-4355); empty: nobody in particular. */
export function preferredHolderOf(lease: RawLease): string {
  return stringOrNull(objectOf(lease['spec'])['preferredHolder']) ?? '';
}

/** The Lease with these annotations, and all else as it is. */
export function withAnnotations(lease: RawLease, changes: Annotations): RawLease {
  const metadata = objectOf(lease['metadata']);
  const annotations = withChanges(objectOf(metadata['annotations']), changes);
  return { ...lease, metadata: { ...metadata, annotations } };
}

/** What an annotation says; undefined: it is not there. */
export function annotationOf(lease: RawLease, name: string): JsonValue | undefined {
  return objectOf(objectOf(lease['metadata'])['annotations'])[name];
}

/** The JSON object that an annotation says; one without fields where it says anything else. */
export function annotationObject(lease: RawLease, name: string): JsonObject {
  const text = annotationOf(lease, name);
  return objectOf(typeof text === 'string' ? (parseObject(text) ?? undefined) : undefined);
}

function withChanges(annotations: JsonObject, changes: Annotations): JsonObject {
  const kept = Object.entries(annotations).filter(([name]) => !(name in changes));
  const set = Object.entries(changes).filter(([, value]) => value !== null);
  return Object.fromEntries([...kept, ...set]);
}

function annotationsOf(sent: SentRecord, leaseDurationSeconds: number): JsonObject {
  return {
    [termAnnotation]: termOf(sent.holder, sent.acquireTime),
    [durationAnnotation]: String(leaseDurationSeconds),
  };
}

function specOf(sent: SentRecord, leaseDurationSeconds: number): JsonObject {
  return {
    holderIdentity: sent.holder,
    leaseDurationSeconds,
    acquireTime: sent.acquireTime,
    renewTime: sent.renewTime,
    leaseTransitions: sent.transitions,
  };
}

/** A time up to its seconds, and the digits that follow, without zeros at the end. */
interface TimeParts {
  readonly seconds: string;
  readonly fraction: string;
}

export function partsOf(time: string): TimeParts {
  const [, seconds = '', fraction = ''] = /^(.*:\d\d)(?:\.(\d*?)0*)?Z$/.exec(time) ?? [];
  return { seconds, fraction };
}

/** Whether this is what is left of a time when no more than so many digits of its fraction are kept. */
export function isCut({ seconds, fraction }: TimeParts, whole: string, digits: number): boolean {
  const from = partsOf(whole);
  const kept = from.fraction.slice(0, digits).replace(/0*$/, '');
  return seconds !== '' && seconds === from.seconds && fraction === kept;
}

/** A holder that is no string still holds: it is shown as its JSON. */
function readHolder(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function durationMs(seconds: JsonValue | undefined): number | null {
  return isPositive(seconds) ? Math.min(seconds, largestInteger) * 1000 : null;
}

function isPositive(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && value > 0;
}

function stringOrNull(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
