/**
 * Contention: a crowd of candidates that all see the lease become free at the same instant would all write at once. Who has lost a race
 * waits a random time, which grows by each loss and shrinks by each race that few were in. And which attempts have lost, and which may yet land.
 */
import { type ObservedLease, freeAtMs } from './observed-lease.ts';
import type { RawLease } from './lease.ts';
import { type SentRecord, isNewer, isNewerThan } from './record.ts';
import type { Standby } from './state.ts';
import { isNext, leftToAnotherUntilMs } from './transfer.ts';
import type { Turn } from './turn.ts';
import { withUnanswered } from './writing.ts';

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
  const isTaken = current.id === 'present' && current.record.holder !== '';
  if (!wasFree || !isTaken) return contentionJitterMs;
  // While the lease is left to who is meant, there is no race.
  const beganAtMs = Math.max(
    before.sinceMs,
    leftToAnotherUntilMs(standby.observed, candidate.identity),
  );
  const tookMs = turn.nowMs - beganAtMs;
  return tookMs > slowRaceMs + contentionJitterMs / 2 ? contentionJitterMs / 2 : contentionJitterMs;
}

/**
 * Something newer than what the write under way is written over was seen, and not this write: it cannot land any more, unless the
 * server goes back in time, and then the holder that was seen may lead.
 */
export function hasLostAttempt({ requestState, observed: { current } }: Standby): boolean {
  return (
    requestState.id === 'writing' &&
    current.id === 'present' &&
    isNewerThan(current.lease, requestState.sent.overVersion)
  );
}

/** The attempts that may yet land, the one under way among them. What makes that one lost makes those before it lost. */
export function unansweredWithPending(standby: Standby): readonly SentRecord[] {
  const { unanswered, requestState } = standby;
  return hasLostAttempt(standby) ? [] : withUnanswered(unanswered, requestState);
}

/** Each attempt names the version that it is written over: when the Lease has moved on without it, it cannot land any more. */
export function unansweredAfter(
  { observed, unanswered }: Standby,
  lease: RawLease,
): readonly SentRecord[] {
  const { current } = observed;
  return current.id === 'present' && !isNewer(lease, current.lease) ? unanswered : [];
}
