/**
 * Who else may still lead, whatever the Lease shows now: the server has gone back in time, someone has created the Lease again, or
 * another holds a lease that its last holder has not released.
 *
 * A doubt begins when such a state is first seen, because that holder may have renewed until then. It lasts for the whole duration
 * of that holder, and at least for our own. Nothing but that holder itself ends it earlier.
 */
import type { RawLease } from './lease.ts';
import {
  type ElectionRecord,
  compareResourceVersions,
  holderOfTerm,
  resourceVersionOf,
  termOfRecord,
} from './record.ts';

/** A holder as it was last seen. */
export interface SeenHolder {
  readonly holder: string;
  readonly term: string;
  readonly transitions: number;
  readonly leaseDurationMs: number;
  /** The resourceVersion by which it was last seen. */
  readonly resourceVersion: string;
}

export interface Doubt {
  readonly by: SeenHolder;
  /** The boot-clock instant from which on that holder leads no more. */
  readonly untilMs: number;
}

/** The holders that bear on the doubts when the Lease is seen next. */
export interface KnownHolders {
  /** The last one that we know of and that has not released: a cleared or deleted record may still be its own. */
  readonly lastHolder: SeenHolder | null;
  readonly doubts: readonly Doubt[];
  /**
   * The term that our annotation named when the lease was last seen, beside another holder or free: for that it has been in doubt, once. Null
   * where the lease was free while it still was: it may have put itself back since, and have lost the lease again.
   */
  readonly namedTerm: string | null;
  /** Of states that were older than what was known. Those were late, unless the server is found to have gone back in time. */
  readonly holdersInOlderStates: readonly SeenHolder[];
}

/** There is no Lease, although there was one. Whoever an older state showed may have created it before the server went back once more. */
export function doubtsOfAbsence(
  { doubts, holdersInOlderStates }: KnownHolders,
  leaseDurationMs: number,
  nowMs: number,
): readonly Doubt[] {
  return [...doubts, ...holdersInOlderStates.map((each) => doubtOf(each, leaseDurationMs, nowMs))];
}

/**
 * The doubts that are left, and the new ones, when this Lease is seen after `lastHolder`.
 * `mayHaveGoneBack`: it is an older state than was known, or nobody can tell.
 */
export function doubtsAfter(
  before: KnownHolders & { readonly mayHaveGoneBack: boolean },
  lease: RawLease,
  record: ElectionRecord,
  leaseDurationMs: number,
  nowMs: number,
): readonly Doubt[] {
  const { lastHolder, doubts, namedTerm, holdersInOlderStates, mayHaveGoneBack } = before;
  const kept = doubts.filter(
    (doubt) => nowMs < doubt.untilMs && !isHeldAgain(lease, record, doubt.by),
  );
  const doubtful: SeenHolder[] = [];
  if (lastHolder !== null && isBefore(lease, record, lastHolder)) doubtful.push(lastHolder);
  const mayStillLead = (holder: SeenHolder) =>
    mayHaveGoneBack ? !isHeldAgain(lease, record, holder) : isBefore(lease, record, holder);
  doubtful.push(...holdersInOlderStates.filter(mayStillLead));
  if (record.holder !== '' && namesAnother(record) && record.term !== namedTerm)
    doubtful.push(namedHolder(lease, record, lastHolder));
  if (doubtful.length === 0 && kept.length === doubts.length) return doubts;
  return [...kept, ...doubtful.map((each) => doubtOf(each, leaseDurationMs, nowMs))];
}

export function doubtOf(by: SeenHolder, leaseDurationMs: number, nowMs: number): Doubt {
  return { by, untilMs: nowMs + Math.max(leaseDurationMs, by.leaseDurationMs) };
}

/** Whether the annotation names a term that is not that of the record. */
function namesAnother(record: ElectionRecord): boolean {
  return record.term !== null && record.term !== termOfRecord(record);
}

/** {@link KnownHolders.namedTerm} once this record was seen. */
export function namedTermAfter(
  record: ElectionRecord,
  isReleased: boolean,
  doubts: readonly Doubt[],
): string | null {
  const isDoubted = doubts.some(({ by }) => by.term === record.term);
  const isKnown = record.holder === '' ? isReleased && !isDoubted : namesAnother(record);
  return isKnown ? record.term : null;
}

/** The leader-run whose term the annotation names, where the record does not show that it holds the lease. */
export function namedHolder(
  lease: RawLease,
  { term: named, transitions, termDurationMs }: ElectionRecord,
  lastHolder: SeenHolder | null,
): SeenHolder {
  const term = named ?? '';
  const knownMs = lastHolder?.term === term ? lastHolder.leaseDurationMs : 0;
  return {
    holder: holderOfTerm(term),
    term,
    transitions,
    leaseDurationMs: Math.max(termDurationMs ?? 0, knownMs),
    resourceVersion: resourceVersionOf(lease),
  };
}

export function isOlder(
  lease: RawLease,
  { resourceVersion }: Pick<SeenHolder, 'resourceVersion'>,
): boolean {
  const order = compareResourceVersions(resourceVersionOf(lease), resourceVersion);
  return order !== null && order < 0;
}

/**
 * Whether this state comes before the one in which that holder was seen: by its version, or by the count of transitions. That
 * grows with each change of holder, and a release leaves it as it is; writes by others after a restore make only the version newer.
 */
export function isBefore(lease: RawLease, record: ElectionRecord, lastHolder: SeenHolder): boolean {
  if (isOlder(lease, lastHolder)) return true;
  if (isHeldAgain(lease, record, lastHolder)) return false;
  const isChange = record.holder !== '' && record.holder !== lastHolder.holder;
  return record.transitions < lastHolder.transitions + (isChange ? 1 : 0);
}

/** It holds the lease, by a version that is not older: an old cache had answered, or it has put itself back. */
function isHeldAgain(lease: RawLease, record: ElectionRecord, lastHolder: SeenHolder): boolean {
  if (record.holder === '' || isOlder(lease, lastHolder)) return false;
  return termOfRecord(record) === lastHolder.term;
}
