/**
 * What a standby knows of the Lease, and the one question that matters: from when on may it be taken?
 *
 * Remote times are never compared with local ones: a wait starts when *we saw* the record change. `Date` and renewTime,
 * both the server's side of things, only decide whether a holder counts as seen alive, so that `--wait` may give up; and one
 * renewTime against another, whether an older event shows a renewal that the server has forgotten.
 */
import {
  type KnownHolders,
  type SeenHolder,
  doubtOf,
  doubtsAfter,
  doubtsOfAbsence,
  isBefore,
  isOlder,
  namedHolder,
  namedTermAfter,
} from './doubts.ts';
import type { Instant } from './event.ts';
import type { RawLease } from './lease.ts';
import {
  type SentRecord,
  compareResourceVersions,
  type ElectionRecord,
  fingerprintOf,
  isNewer,
  isNewerThan,
  readRecord,
  resourceVersionOf,
  termOfRecord,
} from './record.ts';
import { isWrite } from './sent-record.ts';
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
  /** When the record was last seen to change, or a renewal of it was told of that the server has forgotten (boot clock). */
  readonly sinceMs: number;
  /** A renewal was seen by us, or is fresh by the server's own clock. */
  readonly isHolderAlive: boolean;
  readonly isReleased: boolean;
}

export interface ObservedLease extends KnownHolders {
  readonly current: Observation;
}

export const nothingObserved: ObservedLease = {
  current: { id: 'nothing' },
  lastHolder: null,
  doubts: [],
  namedTerm: null,
  holdersInOlderStates: [],
};

/** Whether the record says that its last holder gave it back (design section 3, "Standby"). */
function isReleased(record: ElectionRecord, namedTerm: string | null): boolean {
  if (record.holder !== '') return false;
  if (record.term === null) return true;
  // Whoever emptied it was not the leader-run whose term it names, and that one may lead on, unless the annotation had named that
  // beside another holder: a client-go keeps the annotation of the leader-run before it.
  return record.term === namedTerm;
}

/** Whether the record, or that there is none, was first seen later than at this instant (boot clock). */
export function isSeenSince({ current }: ObservedLease, sinceMs: number): boolean {
  return current.id !== 'nothing' && current.sinceMs > sinceMs;
}

/**
 * Who was seen since this write of ours was sent, or was heard of in older states: that is not what it is written over. If the server has gone back in
 * time, that one may lead there, and ours may stand over its record.
 */
function othersSince(own: SentRecord, before: ObservedLease): readonly SeenHolder[] {
  const { lastHolder, holdersInOlderStates } = before;
  return isSeenSince(before, own.sentAtMs) && lastHolder !== null
    ? [lastHolder, ...holdersInOlderStates]
    : holdersInOlderStates;
}

/** What a candidate sees the Lease with. */
export interface Observer {
  readonly at: Instant;
  readonly leaseDurationMs: number;
  /** The server's clock, ms; null: it does not say. */
  readonly serverTimeMs: number | null;
  /** Our own writes of which nothing is left, or never was anything, that could lead. */
  readonly former: readonly SentRecord[];
}

/** A Lease was seen: as before, or changed. */
export function observe(
  before: ObservedLease,
  lease: RawLease,
  { at, leaseDurationMs, serverTimeMs, former }: Observer,
): ObservedLease & { readonly current: PresentLease } {
  const record = readRecord(lease);
  const fingerprint = fingerprintOf(lease);
  const { current, lastHolder, namedTerm } = before;
  const mayHaveGoneBack =
    current.id === 'nothing' ||
    (current.id === 'present' && isOlder(lease, versionOf(current.lease)));
  const own = former.find((sent) => isWrite(record, sent));
  const others = own === undefined ? [] : othersSince(own, before);
  // The Lease was missing for as long as that holder could lead when this was sent.
  const isOver = own !== undefined && current.id === 'absent' && !isSeenSince(before, own.sentAtMs);
  const known = { ...before, lastHolder: isOver ? null : lastHolder, mayHaveGoneBack };
  const doubts = [
    ...doubtsAfter(known, lease, record, leaseDurationMs, at.bootMs),
    ...others.map((each) => doubtOf(each, leaseDurationMs, at.bootMs)),
  ];
  const isDoubtNew = doubts.some((doubt) => !before.doubts.includes(doubt));
  // An older state than the one seen does not tell how long it has lasted.
  const isUnchanged =
    current.id === 'present' && current.fingerprint === fingerprint && !isDoubtNew;
  const wasReleased = isUnchanged && current.isReleased;
  const isNowReleased = wasReleased || own !== undefined || isReleased(record, namedTerm);
  // A write that happened while we watched shows that its holder is alive.
  const isSeenAlive = isUnchanged ? current.isHolderAlive : current.id !== 'nothing';
  const isHolderAlive =
    isHeld({ record, isReleased: isNowReleased }) && (isSeenAlive || isFresh(record, serverTimeMs));
  return {
    current: {
      id: 'present',
      lease,
      record,
      fingerprint,
      sinceMs: isUnchanged ? current.sinceMs : at.bootMs,
      isHolderAlive,
      isReleased: isNowReleased,
    },
    lastHolder: isNowReleased ? null : holderIn(lease, record, lastHolder),
    doubts,
    namedTerm: namedTermAfter(record, isNowReleased, doubts),
    holdersInOlderStates: [],
  };
}

/** The Lease was seen to be missing. */
export function observeAbsence(
  before: ObservedLease,
  { at, leaseDurationMs }: Pick<Observer, 'at' | 'leaseDurationMs'>,
): ObservedLease {
  if (before.current.id === 'absent') return before;
  const doubts = doubtsOfAbsence(before, leaseDurationMs, at.bootMs);
  return {
    ...before,
    current: { id: 'absent', sinceMs: at.bootMs },
    doubts,
    holdersInOlderStates: [],
  };
}

/**
 * A term that is over, or on its way there, was shown another's record, perhaps late: the next candidacy of the process knows of it. `newestVersion`: that
 * the term knows of.
 */
export function addAnother(
  before: ObservedLease,
  lease: RawLease,
  newestVersion: string | null,
  { leaseDurationMs }: Pick<Observer, 'leaseDurationMs'>,
  at: Instant,
): ObservedLease {
  const { current, holdersInOlderStates } = before;
  const known = current.id === 'present' ? current.lease : null;
  if (!isNewer(lease, known) || !isNewerThan(lease, newestVersion)) return addOlder(before, lease);
  const observer = { at, leaseDurationMs, serverTimeMs: null, former: [] };
  const observed = observe({ ...before, holdersInOlderStates: [] }, lease, observer);
  const others = holdersInOlderStates.filter(({ term }) => term !== observed.lastHolder?.term);
  return { ...observed, holdersInOlderStates: others };
}

/** The same of an older state: late, or the server has gone back in time, and then this one may lead whatever it shows from now on. */
export function addOlder<Known extends ObservedLease>(before: Known, lease: RawLease): Known {
  const record = readRecord(lease);
  const { lastHolder, holdersInOlderStates } = before;
  const holder = holderIn(lease, record);
  if (isReleased(record, null) || holder.term === lastHolder?.term) return before;
  const others = holdersInOlderStates.filter(({ term }) => term !== holder.term);
  return { ...before, holdersInOlderStates: [...others, holder] };
}

/** Whether anyone else may lead by this record. */
export function isHeld({
  record,
  isReleased,
}: Pick<PresentLease, 'record' | 'isReleased'>): boolean {
  return record.holder !== '' && !isReleased;
}

/** Another candidate has taken or renewed the lease since: our own attempts are rounds of another race. */
export function hasMovedOn(
  { current: before }: ObservedLease,
  { current }: { readonly current: PresentLease },
): boolean {
  const isSame = before.id === 'present' && before.fingerprint === current.fingerprint;
  return isHeld(current) && !isSame;
}

/** An event tells a standby of a state that is no newer than the one that it knows. */
export function noteOlderEvent<Known extends ObservedLease & { readonly current: PresentLease }>(
  observed: Known,
  lease: RawLease,
  { at, leaseDurationMs, former }: Omit<Observer, 'serverTimeMs'>,
): Known {
  const { current, doubts, holdersInOlderStates } = observed;
  const isSame =
    !isOlder(lease, versionOf(current.lease)) && fingerprintOf(lease) === current.fingerprint;
  // What was told once more after an older event was all that there is: that was late.
  if (isSame) return { ...observed, holdersInOlderStates: [] };
  const record = readRecord(lease);
  const isOver = isReleased(record, null) || former.some((sent) => isWrite(record, sent));
  if (!isOver) {
    const holder = holderIn(lease, record);
    // Its newest renewal, which the server has forgotten: it may lead until that has expired.
    if (holder.term === observed.lastHolder?.term && isRenewedAfter(record, current.record))
      return { ...observed, current: { ...current, sinceMs: at.bootMs } };
    const noted = addOlder(observed, lease);
    // By the very version that is known, another record is not late; and edits make the state newer that the server has gone back to.
    const order = compareResourceVersions(
      resourceVersionOf(lease),
      resourceVersionOf(current.lease),
    );
    const isAnother = order === 0 && !isSameClaim(record, current.record);
    const hasGoneBack = isAnother || isBefore(current.lease, current.record, holder);
    if (record.holder === '' || !hasGoneBack) return noted;
    const others = doubts.filter(({ by }) => by.term !== holder.term);
    return { ...noted, doubts: [...others, doubtOf(holder, leaseDurationMs, at.bootMs)] };
  }
  return {
    ...observed,
    holdersInOlderStates: holdersInOlderStates.filter((holder) => isBefore(lease, record, holder)),
  };
}

function versionOf(lease: RawLease): { readonly resourceVersion: string } {
  return { resourceVersion: resourceVersionOf(lease) };
}

/** The boot-clock instant from which on the Lease may be taken; `-Infinity`: at once, `Infinity`: not known yet. */
export function freeAtMs(observed: ObservedLease, leaseDurationMs: number): number {
  const doubtedMs = observed.doubts.map(({ untilMs }) => untilMs);
  return Math.max(freeByRecordAtMs(observed, leaseDurationMs), ...doubtedMs);
}

function freeByRecordAtMs({ current, lastHolder }: ObservedLease, leaseDurationMs: number): number {
  if (current.id === 'nothing') return Infinity;
  if (lastHolder === null) return -Infinity;
  return current.sinceMs + Math.max(leaseDurationMs, lastHolder.leaseDurationMs);
}

/** The holder that has to be waited for, by name; null: none. */
export function holderOf({ lastHolder }: ObservedLease): string | null {
  return lastHolder?.holder ?? null;
}

/** Who holds the lease; where the record was cleared by someone else, whoever our annotation names. */
export function holderIn(
  lease: RawLease,
  record: ElectionRecord,
  before: SeenHolder | null = null,
): SeenHolder {
  if (record.holder === '') return namedHolder(lease, record, before);
  return {
    holder: record.holder,
    term: termOfRecord(record),
    transitions: record.transitions,
    leaseDurationMs: record.leaseDurationMs ?? 0,
    resourceVersion: resourceVersionOf(lease),
  };
}

/** API servers of two versions give one record in two forms. */
function isSameClaim(one: ElectionRecord, other: ElectionRecord): boolean {
  const isSameTime = parseTimeMs(one.renewTime ?? '') === parseTimeMs(other.renewTime ?? '');
  return isSameTime && one.holder === other.holder && one.transitions === other.transitions;
}

function isRenewedAfter(one: ElectionRecord, other: ElectionRecord): boolean {
  return (parseTimeMs(one.renewTime ?? '') ?? NaN) > (parseTimeMs(other.renewTime ?? '') ?? NaN);
}

/**
 * Renewed less than its own duration ago, both by the server's clock; its Date header is cut to whole seconds. What is not
 * known is NaN, and neither more nor less than anything.
 */
function isFresh(record: ElectionRecord, serverTimeMs: number | null): boolean {
  const ageMs = (serverTimeMs ?? NaN) - (parseTimeMs(record.renewTime ?? '') ?? NaN);
  return ageMs > -1000 && ageMs < (record.leaseDurationMs ?? NaN);
}
