/**
 * The designated successor. One of the standbys, after a random delay, enters itself in an annotation of the Lease; the release names
 * it as the one that is meant to lead next, as after a transfer. So a crowd does not race for a lease that is given back. It
 * changes who takes a free lease and when, never whether it is free.
 */
import type { Answer, RawLease } from './lease.ts';
import type { ObservedLease, PresentLease } from './observed-lease.ts';
import { annotationObject, isNewer, readRecord, termOfRecord, withAnnotations } from './record.ts';
import type { Reading, Standby } from './state.ts';
import type { Turn } from './turn.ts';
import { startReading } from './writing.ts';

/** `{"to","term"}`: who is to lead after that term. */
export const successorAnnotation = 'leader-run/successor';

/** In retry periods: the larger a crowd, the sooner somebody does; all others have heard of it before they would. */
const successorSpread = 5;

/** Whoever has entered itself as the successor of the term that the Lease shows; null: nobody. */
export function successorIn(lease: RawLease): string | null {
  const { to, term } = annotationObject(lease, successorAnnotation);
  return typeof to === 'string' && typeof term === 'string' && term === readRecord(lease).term
    ? to
    : null;
}

/** When this standby enters itself, should nobody have done so before; `Infinity`: not in this state of the Lease. */
export function nominatesAtMs(
  standby: Standby,
  { current, lastHolder }: ObservedLease & { readonly current: PresentLease },
  turn: Turn,
): number {
  const { candidate, observed } = standby;
  const { record, lease } = current;
  // Only a leader-run says at its release who comes next.
  const isLed = record.holder !== '' && record.term === termOfRecord(record);
  if (candidate.nominates !== true || !isLed || successorIn(lease) !== null) return Infinity;
  // Once in a term: a webhook may take it out again, and a policy may refuse it each time.
  if (standby.nominatedIn === record.term) return Infinity;
  const isSameTerm = observed.lastHolder?.term === lastHolder?.term;
  if (isSameTerm && standby.nominatesAtMs < Infinity) return standby.nominatesAtMs;
  return turn.nowMs + successorSpread * candidate.retryPeriodMs * turn.at.random;
}

/** When it is due, provided that it could take the lease at once: it watches, its command is ready, and nothing keeps it back. */
export function nominationDueMs(standby: Standby): number {
  const { requestState, watch, command, staysOutUntilMs } = standby;
  const isReady = requestState.id === 'idle' && requestState.failures === 0;
  if (!isReady || watch.id !== 'open' || command.id !== 'ready') return Infinity;
  return Math.max(standby.nominatesAtMs, staysOutUntilMs);
}

/**
 * Enters itself. The state treats this write as a read: its answer shows the Lease, as that of a read does, and nothing else depends
 * on it. So it is retried, given up and overtaken as reads are.
 */
export function nominate(standby: Standby, { lease, record }: PresentLease, turn: Turn): Standby {
  const successor = JSON.stringify({ to: standby.candidate.identity, term: record.term });
  const body = withAnnotations(lease, { [successorAnnotation]: successor });
  const update = { id: 'update', body } as const;
  return {
    ...standby,
    nominatesAtMs: Infinity,
    nominatedIn: record.term,
    ...startReading(standby, standby.requestState, turn, update),
  };
}

/** Whether the watch has told of something newer than this answer to an entry. */
export function isLateForEntry(
  { observed: { current } }: Standby,
  { isEntry }: Reading,
  answer: Answer,
): boolean {
  if (!isEntry || current.id === 'nothing' || answer.id === 'conflict') return false;
  return (
    answer.id !== 'lease' || (current.id === 'present' && !isNewer(answer.lease, current.lease))
  );
}
