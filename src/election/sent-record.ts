/** A write of ours, and whether what is shown is it, or of its term. */
import type { RawLease } from './lease.ts';
import {
  type ElectionRecord,
  type SentRecord,
  isCut,
  isNewerThan,
  partsOf,
  readRecord,
  termOf,
  termOfRecord,
} from './record.ts';

/**
 * Whether the record is this very write of ours. Times that an admission webhook has cut count if both are cut alike, and
 * only beside our annotation, which has all digits of acquireTime (a release has none): random digits stay part of what is compared.
 */
export function isWrite(record: ElectionRecord, sent: SentRecord): boolean {
  if (record.holder !== sent.holder || record.transitions !== sent.transitions) return false;
  if (record.acquireTime === sent.acquireTime && record.renewTime === sent.renewTime) return true;
  const acquired = partsOf(record.acquireTime ?? '');
  const renewed = partsOf(record.renewTime ?? '');
  const digits = Math.max(acquired.fraction.length, renewed.fraction.length);
  const term = sent.holder === '' ? null : termOf(sent.holder, sent.acquireTime);
  return (
    record.term === term &&
    isCut(acquired, sent.acquireTime, digits) &&
    isCut(renewed, sent.renewTime, digits)
  );
}

/** Whether the Lease shows this write of ours by a newer version than it was written over. By that one, a proxy has only shown what it was sent. */
export function isStoredWrite(lease: RawLease, sent: SentRecord): boolean {
  return isWrite(readRecord(lease), sent) && isNewerThan(lease, sent.overVersion);
}

/** Whether it is what a proxy was sent, and not what is stored: one of these writes, by no newer version than it was written over. */
export function showsUnstored(lease: RawLease, writes: readonly SentRecord[]): boolean {
  const record = readRecord(lease);
  return writes.some((sent) => isWrite(record, sent) && !isNewerThan(lease, sent.overVersion));
}

/** Whether it is stored and makes others wait for as long as it asked them to. */
export function isStoredWhole(lease: RawLease, sent: SentRecord): boolean {
  return (
    isStoredWrite(lease, sent) && (readRecord(lease).leaseDurationMs ?? 0) >= sent.leaseDurationMs
  );
}

/**
 * Whether the record is of the term in which this was sent, whichever of its writes it is, or what someone has left of that who cleared it. A
 * client-go that takes the lease keeps our annotation, and counts one transition more.
 */
export function isOfTerm(
  record: ElectionRecord,
  { holder, acquireTime, transitions }: SentRecord,
): boolean {
  if (record.holder === '')
    return record.term === termOf(holder, acquireTime) && record.transitions <= transitions;
  return record.holder === holder && termOfRecord(record) === termOf(holder, acquireTime);
}
