/**
 * Contention: a crowd of candidates that all see the lease become free at the same instant would all write at once. Who has lost a race
 * waits a random time, which grows by each loss and shrinks by each race that few were in.
 */
import { type ObservedLease, freeAtMs, isHeld } from './observed-lease.ts';
import type { Standby } from './state.ts';
import { isNext, leftToAnotherUntilMs } from './transfer.ts';
import type { Turn } from './turn.ts';

/** A candidate that lost a race leaves a free lease to the others for up to this long, ms; four times that after each further one. */
const firstJitterMs = 4;
const largestJitterMs = 1024;

/** A race slower than half the jitter + this, ms, had few in it: halve the jitter. */
const slowRaceMs = 20;

/** A race was lost: the pause before the next write on a free lease grows. */
export function jitterAfterLostRace(standby: Standby): number {
  return Math.min(largestJitterMs, Math.max(firstJitterMs, 4 * standby.contentionJitterMs));
}

/** A candidate that lost a race leaves the lease to the others for a moment once it is free. */
export function backOffAfterLostRace(
  { candidate, contentionJitterMs }: Standby,
  observed: ObservedLease,
  turn: Turn,
): Pick<Standby, 'observed' | 'backOffUntilMs'> {
  const freeMs = Math.max(
    turn.nowMs,
    freeAtMs(observed, candidate.leaseDurationMs),
    leftToAnotherUntilMs(observed, candidate.identity),
  );
  const jitterMs = isNext(observed, candidate.identity) ? 0 : contentionJitterMs;
  return { observed, backOffUntilMs: freeMs + turn.at.random * jitterMs };
}

/** Each race shows how long the jitter should be: no one knows how many candidates stand by. */
export function jitterAfterSeenRace(
  standby: Standby,
  { current }: ObservedLease,
  turn: Turn,
): number {
  const { contentionJitterMs, candidate } = standby;
  const before = standby.observed.current;
  const wasFree = before.id === 'present' && before.isReleased;
  const isTaken = current.id === 'present' && isHeld(current);
  if (!wasFree || !isTaken) return contentionJitterMs;
  // While the lease is left to who is meant, there is no race.
  const beganAtMs = Math.max(
    before.sinceMs,
    leftToAnotherUntilMs(standby.observed, candidate.identity),
  );
  const tookMs = turn.nowMs - beganAtMs;
  return tookMs > slowRaceMs + contentionJitterMs / 2 ? contentionJitterMs / 2 : contentionJitterMs;
}
