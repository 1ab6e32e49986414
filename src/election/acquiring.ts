/** When a standby polls the Lease, when it takes it, and by which write. */
import { freeAtMs } from './observed-lease.ts';
import { type ElectionRecord, largestInteger } from './record.ts';
import { startAnnotations } from './once.ts';
import { withoutFailures } from './retrying.ts';
import { jitterFactor } from './settings.ts';
import type { Standby } from './state.ts';
import { nominationDueMs } from './successor.ts';
import { leftToAnotherUntilMs, noTransfer } from './transfer.ts';
import { parseTimeMs } from './time.ts';
import type { Turn } from './turn.ts';
import { composeRecord, startReading, startWriting } from './writing.ts';

/** The instant from which on the lease may be taken and is not left to others. */
export function acquireAtMs(standby: Standby): number {
  const { observed, candidate, backOffUntilMs, staysOutUntilMs, requestState } = standby;
  const freeMs = freeAtMs(observed, candidate.leaseDurationMs);
  const leftUntilMs = leftToAnotherUntilMs(observed, candidate.identity);
  return Math.max(freeMs, backOffUntilMs, staysOutUntilMs, leftUntilMs, requestState.writableAtMs);
}

/** After a failure the pause counts, otherwise whatever comes first; but once the lease is free a read would only be in the way. */
export function nextActionAtMs(standby: Standby): number {
  const { requestState, observed, candidate } = standby;
  if (requestState.id !== 'idle') return Infinity;
  if (requestState.failures > 0) return requestState.nextAtMs;
  const takeMs = acquireAtMs(standby);
  const readMs = Math.min(pollAtMs(standby, requestState.nextAtMs), nominationDueMs(standby));
  const isFreeByThen = readMs >= freeAtMs(observed, candidate.leaseDurationMs);
  return isFreeByThen && takeMs < Infinity ? takeMs : Math.min(readMs, takeMs);
}

/** With a watch a read is due only when the holder has been silent for too long; otherwise at each retry period. */
function pollAtMs({ watch, observed, candidate }: Standby, nextAtMs: number): number {
  const { current } = observed;
  // What is free and yet left to others has been taken by one of them, as far as we know. Who joins again has seen nothing yet.
  const isDoubtful = current.id === 'nothing' || (current.id === 'present' && current.isReleased);
  if (watch.id !== 'open' || isDoubtful) return nextAtMs;
  const recordMs = current.id === 'present' ? (current.record.leaseDurationMs ?? 0) : 0;
  const silenceMs = Math.max(2 * candidate.retryPeriodMs, recordMs / 2);
  return Math.max(nextAtMs, watch.lastEventAtMs + silenceMs);
}

export function poll(standby: Standby, turn: Turn): Standby {
  return { ...standby, ...startReading(standby, standby.requestState, turn) };
}

export function acquire(standby: Standby, turn: Turn): Standby {
  const { observed, candidate } = standby;
  const { current } = observed;
  const lease = current.id === 'present' ? current.lease : null;
  const record = current.id === 'present' ? current.record : null;
  const isChange = record !== null && record.holder !== candidate.identity;
  const sent = composeRecord(
    {
      holder: candidate.identity,
      acquireTime: null,
      transitions: Math.min((record?.transitions ?? 0) + (isChange ? 1 : 0), largestInteger),
      leaseDurationMs: candidate.leaseDurationMs,
      earlier: [
        ...standby.unanswered,
        ...(isChange || record === null ? [] : ifWithinASecond(record, turn)),
      ],
    },
    turn,
  );
  const changes = { ...noTransfer, ...startAnnotations(standby, lease, turn) };
  return { ...standby, ...startWriting(standby, standby.requestState, lease, sent, turn, changes) };
}

/**
 * A record under our identity that is taken over within a second of its renewTime, after a rejoin or as a clock went back: client-go, which
 * compares whole seconds, would not see that ours is another one. Any other differs as it is, and ours would run ahead of a clock that was set far back.
 */
function ifWithinASecond(record: ElectionRecord, turn: Turn): readonly ElectionRecord[] {
  const renewMs = parseTimeMs(record.renewTime ?? '') ?? Infinity;
  return Math.abs(renewMs - turn.at.wallMs) < 1000 ? [record] : [];
}

/** No request under way; the next read comes after client-go's jitter, unless the watch makes it superfluous. */
export function idle(standby: Standby, turn: Turn): Standby {
  const pauseMs = standby.candidate.retryPeriodMs * (1 + jitterFactor * turn.at.random);
  const nextAtMs = turn.nowMs + pauseMs;
  return {
    ...standby,
    requestState: { id: 'idle', nextAtMs, ...withoutFailures(standby.requestState) },
  };
}

/** The answer, or the event of the watch, is known now: a read under way is no longer needed. */
export function idleUnlessWriting(standby: Standby, turn: Turn): Standby {
  return standby.requestState.id === 'writing' ? standby : idle(standby, turn);
}
