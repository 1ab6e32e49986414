/** When a standby polls the Lease, when it takes it, and by which write. */
import { freeAtMs } from './observed-lease.ts';
import { largestInteger } from './record.ts';
import { startAnnotations } from './once.ts';
import { withoutFailures } from './retrying.ts';
import { jitterFactor } from './settings.ts';
import type { Standby } from './state.ts';
import { leftToAnotherUntilMs, transferAnnotations } from './transfer.ts';
import type { Turn } from './turn.ts';
import { composeRecord, startReading, startWriting } from './writing.ts';

/** The instant from which on the lease may be taken and is not left to others. */
export function acquireAtMs(standby: Standby): number {
  const { observed, candidate, backOffUntilMs, staysOutUntilMs, call } = standby;
  const freeMs = freeAtMs(observed, candidate.leaseDurationMs);
  const leftUntilMs = leftToAnotherUntilMs(observed, candidate.identity);
  return Math.max(freeMs, backOffUntilMs, staysOutUntilMs, leftUntilMs, call.writableAtMs);
}

/** After a failure the pause counts, else whatever comes first; but once the lease is free a look would only be in the way. */
export function nextActionAtMs(standby: Standby): number {
  const { call, observed, candidate } = standby;
  if (call.id !== 'idle') return Infinity;
  if (call.failures > 0) return call.nextAtMs;
  const takeMs = acquireAtMs(standby);
  const lookMs = pollAtMs(standby, call.nextAtMs);
  const isFreeByThen = lookMs >= freeAtMs(observed, candidate.leaseDurationMs);
  return isFreeByThen && takeMs < Infinity ? takeMs : Math.min(lookMs, takeMs);
}

/** With a watch a look is due only when the holder has been silent for too long; else at each retry period. */
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
  return { ...standby, ...startReading(standby, standby.call, turn) };
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
      earlier: standby.unanswered,
    },
    turn,
  );
  const changes = { ...transferAnnotations(null), ...startAnnotations(standby, lease, turn) };
  return { ...standby, ...startWriting(standby, standby.call, lease, sent, turn, changes) };
}

/** No request under way; the next look comes after client-go's jitter, unless the watch makes it superfluous. */
export function idle(standby: Standby, turn: Turn): Standby {
  const pauseMs = standby.candidate.retryPeriodMs * (1 + jitterFactor * turn.at.random);
  const nextAtMs = turn.nowMs + pauseMs;
  return { ...standby, call: { id: 'idle', nextAtMs, ...withoutFailures(standby.call) } };
}

/** What was asked, or told by the watch, is known now: a look under way is no longer needed. */
export function idleUnlessWriting(standby: Standby, turn: Turn): Standby {
  return standby.call.id === 'writing' ? standby : idle(standby, turn);
}
