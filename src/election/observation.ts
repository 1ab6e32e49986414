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
  fingerprintOf,
  readRecord,
  resourceVersionOf,
  termOf,
} from './record.ts';
import { parseTimeMs } from './time.ts';

export type Observation =
  | { readonly id: 'nothing' }
  /** There is no Lease of this name, as first seen at `sinceMs` (boot clock). */
  | { readonly id: 'absent'; readonly sinceMs: number }
  | {
      readonly id: 'present';
      readonly lease: RawLease;
      readonly record: ElectionRecord;
      readonly resourceVersion: string;
      readonly fingerprint: string;
      /** When the record was last seen to change (boot clock). */
      readonly sinceMs: number;
      /** A renewal was seen by us, or is fresh by the server's own clock. */
      readonly isHolderAlive: boolean;
    };

/** The last holder that we saw and that has not released: a blanked or deleted record may still be its own. */
export interface Predecessor {
  readonly holder: string;
  readonly term: string;
  readonly leaseDurationMs: number;
}

export interface Sight {
  readonly seen: Observation;
  readonly predecessor: Predecessor | null;
}

/** Whether the record says that its last holder gave it back (design section 3, "Standby"). */
export function isReleased(record: ElectionRecord, predecessor: Predecessor | null): boolean {
  if (record.holder !== '') return false;
  if (record.term === null) return true;
  // Our annotation on an empty record: whoever emptied it was not the leader-run whose term it names.
  return predecessor !== null && record.term !== predecessor.term;
}

/** A Lease was seen: as before, or changed. */
export function observe(
  before: Sight,
  lease: RawLease,
  serverTimeMs: number | null,
  at: Instant,
): Sight {
  const record = readRecord(lease);
  const fingerprint = fingerprintOf(lease);
  const { seen } = before;
  const isUnchanged = seen.id === 'present' && seen.fingerprint === fingerprint;
  // A write that happened while we looked was made by somebody alive.
  const isSeenAlive = isUnchanged ? seen.isHolderAlive : seen.id !== 'nothing';
  const isHolderAlive = record.holder !== '' && (isSeenAlive || isFresh(record, serverTimeMs));
  return {
    seen: {
      id: 'present',
      lease,
      record,
      resourceVersion: resourceVersionOf(lease),
      fingerprint,
      sinceMs: isUnchanged ? seen.sinceMs : at.bootMs,
      isHolderAlive,
    },
    predecessor: predecessorAfter(before.predecessor, record),
  };
}

/** The Lease was seen to be missing. */
export function observeAbsence(before: Sight, at: Instant): Sight {
  if (before.seen.id === 'absent') return before;
  return { seen: { id: 'absent', sinceMs: at.bootMs }, predecessor: before.predecessor };
}

/** The boot-clock instant from which on the Lease may be taken; `-Infinity`: at once, `Infinity`: not known yet. */
export function freeAtMs({ seen, predecessor }: Sight, ownLeaseDurationMs: number): number {
  switch (seen.id) {
    case 'nothing':
      return Infinity;
    case 'absent':
      if (predecessor === null) return -Infinity;
      return seen.sinceMs + Math.max(ownLeaseDurationMs, predecessor.leaseDurationMs);
    case 'present': {
      if (isReleased(seen.record, predecessor)) return -Infinity;
      const recordMs = seen.record.leaseDurationMs ?? 0;
      // A blanked record carries the blank's duration, not that of the holder who may still be there.
      const blankedMs = seen.record.holder === '' ? (predecessor?.leaseDurationMs ?? 0) : 0;
      return seen.sinceMs + Math.max(ownLeaseDurationMs, recordMs, blankedMs);
    }
  }
}

/** Who has to be waited for, by name; null: nobody. */
export function holderOf({ seen, predecessor }: Sight): string | null {
  if (seen.id === 'nothing') return null;
  if (seen.id === 'present' && seen.record.holder !== '') return seen.record.holder;
  return predecessor?.holder ?? null;
}

function predecessorAfter(before: Predecessor | null, record: ElectionRecord): Predecessor | null {
  if (record.holder !== '') {
    return {
      holder: record.holder,
      term: termOf(record.holder, record.acquireTime),
      leaseDurationMs: record.leaseDurationMs ?? 0,
    };
  }
  return isReleased(record, before) ? null : before;
}

/** Renewed less than its own duration ago, both by the server's clock; its Date header is cut to whole seconds. */
function isFresh(record: ElectionRecord, serverTimeMs: number | null): boolean {
  const renewMs = record.renewTime === null ? null : parseTimeMs(record.renewTime);
  if (renewMs === null || serverTimeMs === null || record.leaseDurationMs === null) return false;
  const ageMs = serverTimeMs - renewMs;
  return ageMs > -1000 && ageMs < record.leaseDurationMs;
}
