/**
 * The one place where a leader decides whether a stored record is its own.
 *
 * "Ours" needs holder, acquireTime, renewTime and leaseTransitions of a record that we sent: another process may lead
 * under our identity, and an old write of ours may land late.
 */
import type { RawLease } from './lease.ts';
import {
  type ElectionRecord,
  type SentRecord,
  compareResourceVersions,
  fingerprintOf,
  readRecord,
  resourceVersionOf,
} from './record.ts';
import { isStoredWhole, isOfTerm, isStoredWrite, isWrite } from './sent-record.ts';
import type { Reading, Tenure } from './state.ts';

export type RecordClass =
  /** A write whose answer never came has landed: it is the renewal, from its own send time on. */
  | { readonly id: 'landed'; readonly sent: SentRecord }
  /** Our last confirmed record, perhaps with other labels; or one of ours that someone made ask others to wait for less. */
  | { readonly id: 'unchanged' }
  /** Emptied by someone else. */
  | { readonly id: 'cleared' }
  | { readonly id: 'foreign'; readonly holder: string }
  /** Not newer than what we know to have been stored, or not stored at all, and of this term: of no account. */
  | { readonly id: 'outdated' }
  /**
   * Not newer than what we know to have been stored, and not of this term; or newer, free, and from before this term; or created by us though nothing
   * had been deleted: whoever reads it sees that the server has gone back in time. `isProof`: so does an event that tells of it. It is what we have
   * created, or another holds the lease in it by a version after the one that won this term.
   */
  | { readonly id: 'older'; readonly isProof: boolean };

export function classifyRecord(
  tenure: Tenure,
  lease: RawLease,
  inFlight: SentRecord | null,
): RecordClass {
  const order = compareResourceVersions(resourceVersionOf(lease), tenure.newestVersion);
  // The version that we know counts again where the watch said that the Lease was deleted, and it was not.
  const isCurrent = order === null || order > 0 || (order === 0 && tenure.lease === null);
  const record = readRecord(lease);
  const own = inFlight === null ? tenure.unanswered : [...tenure.unanswered, inFlight];
  const sent = own.find((candidate) => isStoredWrite(lease, candidate));
  // Our create got a version that is not newer: the Lease was not deleted, the server went back, and may have forgotten another holder.
  if (sent?.overVersion === null && (order ?? 1) <= 0) return { id: 'older', isProof: true };
  if (!isCurrent) {
    if (isOfTerm(record, tenure.confirmed) || isToldAgain(tenure, lease)) return { id: 'outdated' };
    const began = compareResourceVersions(resourceVersionOf(lease), tenure.term.fencingToken) ?? 0;
    return { id: 'older', isProof: record.holder !== '' && began > 0 };
  }
  if (sent !== undefined)
    return isStoredWhole(lease, sent) ? { id: 'landed', sent } : { id: 'unchanged' };
  if (isWrite(record, tenure.confirmed)) return { id: 'unchanged' };
  if (record.holder !== '') return { id: 'foreign', holder: record.holder };
  return isCleared(record, tenure.confirmed)
    ? { id: 'cleared' }
    : { id: 'older', isProof: order !== null };
}

/**
 * Whether a Lease that no one holds is our record, cleared: it has our annotation, or at least our transitions. Any other is from before this term, and
 * edits have made it newer since the server has gone back to it.
 */
function isCleared(record: ElectionRecord, confirmed: SentRecord): boolean {
  return isOfTerm(record, confirmed) || record.transitions >= confirmed.transitions;
}

/** Whether it is the newest state that we know. A server that went back in time may give its version to another. */
export function isToldAgain({ newestVersion, lease: known }: Tenure, lease: RawLease): boolean {
  const order = compareResourceVersions(resourceVersionOf(lease), newestVersion);
  return order === 0 && known !== null && fingerprintOf(lease) === fingerprintOf(known);
}

/**
 * Whether a read that followed a refused write shows our record as it became why: the watch has told of this version since, or of one
 * after it. So it is neither old nor a sign that the server has gone back.
 */
export function isOvertaken(
  { confirmed, unanswered, newestVersion }: Tenure,
  { refusedVersion }: Reading,
  lease: RawLease,
): boolean {
  if (refusedVersion === null) return false;
  const version = resourceVersionOf(lease);
  const isSince = (compareResourceVersions(version, refusedVersion) ?? 0) > 0;
  const isTold = (compareResourceVersions(version, newestVersion) ?? 1) <= 0;
  const record = readRecord(lease);
  return isSince && isTold && [confirmed, ...unanswered].some((sent) => isWrite(record, sent));
}
