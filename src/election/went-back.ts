/** States that are older than what a leader knows: late, or the server has gone back in time. */
import { classifyRecord, isToldAgain } from './classify-record.ts';
import type { RawLease } from './lease.ts';
import { lose } from './losing.ts';
import { noteOlderState, nothingObserved } from './observed-lease.ts';
import type { State } from './state.ts';
import { type Tenured, wentBack } from './term.ts';
import type { Turn } from './turn.ts';

/** What was seen in older states was late. */
export const nothingOlder = { older: null, observed: nothingObserved } as const;

/**
 * An older record that is not of this term is late, unless a renewal has found the Lease missing, or what the next one finds agrees. If
 * the record that is known is told once more after it, it was late.
 */
export function noteOlder(state: Tenured, lease: RawLease, turn: Turn): State {
  const { tenure } = state;
  const recordClass = classifyRecord(tenure, lease, null);
  if (recordClass.id !== 'older') {
    return isToldAgain(tenure, lease)
      ? { ...state, tenure: { ...tenure, ...nothingOlder } }
      : state;
  }
  const loss = wentBack(tenure, recordClass.holder, lease);
  if (tenure.lease === null) return lose(state, loss, turn, lease);
  const observed = noteOlderState(tenure.observed, lease);
  return {
    ...state,
    tenure: { ...tenure, observed, older: { lease, loss, seenAtMs: turn.nowMs } },
  };
}
