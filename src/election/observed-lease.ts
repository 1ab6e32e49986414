/**
 * What a standby knows of the Lease, and the one question that matters: from when on may it be taken?
 *
 * Remote times are never compared with local ones: a wait starts when *we saw* the record change. `Date` and renewTime,
 * both the server's side of things, only decide whether a holder counts as seen alive, so that `--wait` may give up.
 */
import type { Instant } from './event.ts';
import type { RawLease } from './lease.ts';
import {
  type ElectionRecord,
  type SentRecord,
  compareResourceVersions,
  fingerprintOf,
  holderOfTerm,
  isWrite,
  readRecord,
  resourceVersionOf,
  termOfRecord,
} from './record.ts';
import { parseTimeMs } from './time.ts';

export type Observation =
  | { readonly id: 'nothing' }
  /** There is no Lease of this name, as first seen at `sinceMs` (boot clock). */
  | { readonly id: 'absent'; readonly sinceMs: number }
  | PresentLease;

export interface PresentLease {
  readonly id: 'present';
  readonly lease: RawLease;
  readonly record: ElectionRecord;
  readonly fingerprint: string;
  /** When the record was last seen to change (boot clock). */
  readonly sinceMs: number;
  /** When the Lease was last seen (boot clock), perhaps with other labels. */
  readonly seenAtMs: number;
  /** A renewal was seen by us, or is fresh by the server's own clock. */
  readonly isHolderAlive: boolean;
  readonly isReleased: boolean;
}

/** The last holder that we saw and that has not released: a cleared or deleted record may still be its own. */
export interface LastHolder {
  readonly holder: string;
  readonly term: string;
  /** The term that its record named in our annotation: its own, or one before it where the holder is no leader-run. */
  readonly namedTerm: string | null;
  readonly transitions: number;
  readonly leaseDurationMs: number;
  /** The resourceVersion by which it was last seen. */
  readonly resourceVersion: string;
}

/**
 * An older state was shown than one in which someone held the lease: the server has gone back in time, or the answer is a late one.
 * Or another has taken a lease that had only been cleared, as a client-go does at once.
 */
export interface Doubt {
  /** Who may still lead, and renewed perhaps until the older or the cleared state was first seen. */
  readonly lastHolder: LastHolder;
  readonly sinceMs: number;
  /** The longest of all that may still lead. */
  readonly leaseDurationMs: number;
}

export interface ObservedLease {
  readonly current: Observation;
  readonly lastHolder: LastHolder | null;
  readonly doubt: Doubt | null;
}

export const nothingObserved: ObservedLease = {
  current: { id: 'nothing' },
  lastHolder: null,
  doubt: null,
};

/** Whether the record says that its last holder gave it back (design section 3, "Standby"). */
function isReleased(
  lease: RawLease,
  record: ElectionRecord,
  lastHolder: LastHolder | null,
): boolean {
  if (record.holder !== '') return false;
  if (lastHolder !== null && isOfEarlierTerm(lease, record, lastHolder)) return false;
  if (record.term === null) return true;
  // Whoever emptied it was not the leader-run whose term it names, and that one may lead on. Only a term that the last
  // holder's own record had named before is over: a client-go keeps the annotation of the leader-run before it.
  return lastHolder?.namedTerm === record.term && lastHolder.term !== record.term;
}

/**
 * A release has the count of its term. A lower one that is newer than what was seen of the holder was made on a server that had
 * gone back in time, by a leader before that holder. (An older one is a reason for doubt, see below.)
 */
function isOfEarlierTerm(
  lease: RawLease,
  { transitions }: ElectionRecord,
  lastHolder: LastHolder,
): boolean {
  return transitions < lastHolder.transitions && !isOlder(lease, lastHolder);
}

/** A Lease was seen: as before, or changed. `former`: writes of which nothing is left that could lead. */
export function observe(
  before: ObservedLease,
  lease: RawLease,
  serverTimeMs: number | null,
  at: Instant,
  former: readonly SentRecord[] = [],
): ObservedLease & { readonly current: PresentLease } {
  const record = readRecord(lease);
  const fingerprint = fingerprintOf(lease);
  const { current } = before;
  const doubt = doubtAfter(before, lease, record, at);
  const isNewDoubt = doubt !== null && doubt !== before.doubt;
  // What is older than what was seen says nothing of how long that has been so.
  const isUnchanged =
    current.id === 'present' && current.fingerprint === fingerprint && !isNewDoubt;
  // A write that happened while we watched shows that its holder is alive.
  const isSeenAlive = isUnchanged ? current.isHolderAlive : current.id !== 'nothing';
  const isHolderAlive = record.holder !== '' && (isSeenAlive || isFresh(record, serverTimeMs));
  const wasReleased = isUnchanged && current.isReleased;
  const isFormer = former.some((sent) => isWrite(record, sent));
  const isNowReleased = wasReleased || isFormer || isReleased(lease, record, before.lastHolder);
  return {
    current: {
      id: 'present',
      lease,
      record,
      fingerprint,
      sinceMs: isUnchanged ? current.sinceMs : at.bootMs,
      seenAtMs: at.bootMs,
      isHolderAlive,
      isReleased: isNowReleased,
    },
    lastHolder: isNowReleased ? null : lastHolderAfter(before.lastHolder, lease, record),
    doubt,
  };
}

/** Ends where the last holder is seen to hold the lease by a version that is not older. */
function doubtAfter(
  before: ObservedLease,
  lease: RawLease,
  record: ElectionRecord,
  at: Instant,
): Doubt | null {
  const { lastHolder, doubt } = before;
  // Shown again, since when it has been so is known.
  const isKnown = doubt !== null && doubt.lastHolder === lastHolder;
  if (isKnown && isOlder(lease, doubt.lastHolder) && !isOlderThanBefore(before, lease))
    return doubt;
  const sinceMs = doubtSinceMs(before, lease, record, at);
  if (lastHolder !== null && sinceMs !== null) {
    const leaseDurationMs = Math.max(lastHolder.leaseDurationMs, doubt?.leaseDurationMs ?? 0);
    return { lastHolder, sinceMs, leaseDurationMs };
  }
  if (doubt === null || isOlder(lease, doubt.lastHolder)) return doubt;
  return termOfRecord(record) === doubt.lastHolder.term ? null : doubt;
}

/** null: nothing is shown by which the last holder may be another than it seems. */
function doubtSinceMs(
  { current, lastHolder }: ObservedLease,
  lease: RawLease,
  record: ElectionRecord,
  at: Instant,
): number | null {
  if (lastHolder === null) return null;
  if (isOlder(lease, lastHolder)) return at.bootMs;
  if (current.id !== 'present' || current.record.holder !== '') return null;
  const isAnother = record.holder !== '' && termOfRecord(record) !== lastHolder.term;
  return isAnother ? current.sinceMs : null;
}

/** The server has gone back once more. */
function isOlderThanBefore({ current }: ObservedLease, lease: RawLease): boolean {
  return (
    current.id !== 'present' ||
    isOlder(lease, { resourceVersion: resourceVersionOf(current.lease) })
  );
}

export function isOlder(
  lease: RawLease,
  { resourceVersion }: Pick<LastHolder, 'resourceVersion'>,
): boolean {
  const order = compareResourceVersions(resourceVersionOf(lease), resourceVersion);
  return order !== null && order < 0;
}

/** The Lease was seen to be missing. */
export function observeAbsence(before: ObservedLease, at: Instant): ObservedLease {
  if (before.current.id === 'absent') return before;
  return { ...before, current: { id: 'absent', sinceMs: at.bootMs } };
}

/** The boot-clock instant from which on the Lease may be taken; `-Infinity`: at once, `Infinity`: not known yet. */
export function freeAtMs(observed: ObservedLease, leaseDurationMs: number): number {
  return Math.max(
    freeByRecordAtMs(observed, leaseDurationMs),
    doubtOverAtMs(observed, leaseDurationMs),
  );
}

/** Whoever was seen to hold the lease before the server went back in time has its whole lease to find that out. */
function doubtOverAtMs({ doubt }: ObservedLease, leaseDurationMs: number): number {
  if (doubt === null) return -Infinity;
  return doubt.sinceMs + Math.max(leaseDurationMs, doubt.leaseDurationMs);
}

function freeByRecordAtMs({ current, lastHolder }: ObservedLease, leaseDurationMs: number): number {
  switch (current.id) {
    case 'nothing':
      return Infinity;
    case 'absent':
      if (lastHolder === null) return -Infinity;
      return current.sinceMs + Math.max(leaseDurationMs, lastHolder.leaseDurationMs);
    case 'present': {
      if (current.isReleased) return -Infinity;
      const recordMs = current.record.leaseDurationMs ?? 0;
      return current.sinceMs + Math.max(leaseDurationMs, recordMs, clearedMs(current, lastHolder));
    }
  }
}

/** A cleared record carries a duration of its own, not the one of the holder, which may still be there. */
function clearedMs({ record }: PresentLease, lastHolder: LastHolder | null): number {
  if (record.holder !== '') return 0;
  return Math.max(lastHolder?.leaseDurationMs ?? 0, record.termDurationMs ?? 0);
}

/** The holder that has to be waited for, by name; null: none. */
export function holderOf({ current, lastHolder }: ObservedLease): string | null {
  if (current.id === 'nothing') return null;
  if (current.id === 'absent') return lastHolder?.holder ?? null;
  if (current.isReleased) return null;
  const { holder, term } = current.record;
  if (holder !== '') return holder;
  // Emptied by someone else: whose it was is what our annotation says.
  return term === null ? (lastHolder?.holder ?? null) : holderOfTerm(term);
}

function lastHolderAfter(
  before: LastHolder | null,
  lease: RawLease,
  record: ElectionRecord,
): LastHolder | null {
  if (record.holder === '') return before;
  return {
    holder: record.holder,
    term: termOfRecord(record),
    namedTerm: record.term,
    transitions: record.transitions,
    leaseDurationMs: record.leaseDurationMs ?? 0,
    resourceVersion: resourceVersionOf(lease),
  };
}

/**
 * Renewed less than its own duration ago, both by the server's clock; its Date header is cut to whole seconds. What is not
 * known is NaN, and neither more nor less than anything.
 */
function isFresh(record: ElectionRecord, serverTimeMs: number | null): boolean {
  const ageMs = (serverTimeMs ?? NaN) - (parseTimeMs(record.renewTime ?? '') ?? NaN);
  return ageMs > -1000 && ageMs < (record.leaseDurationMs ?? NaN);
}
