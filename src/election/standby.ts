/**
 * Standby: what answers, watch events and time mean to a candidate that waits. When it polls and takes the lease is decided in
 * `acquiring.ts`, which attempts have won or lost in `attempts.ts`, what it does in a crowd in `contention.ts`, and when it gives up in `giving-up.ts`.
 */
import {
  acquire,
  acquireAtMs,
  idle,
  idleUnlessWriting,
  nextActionAtMs,
  poll,
} from './acquiring.ts';
import {
  failureIn,
  hasLostAttempt,
  isStoredAttempt,
  observerOf,
  unansweredAfter,
  unansweredWithPending,
  wonUnanswered,
} from './attempts.ts';
import { backOffAfterLostRace, jitterAfterLostRace, jitterAfterSeenRace } from './contention.ts';
import { abandonCandidacy, endAsDone, giveUp, giveUpAtMs, isFatal } from './giving-up.ts';
import { win } from './leading.ts';
import { mayHaveMissedRuns, needOf } from './once.ts';
import type { Answer, Failure, RawLease } from './lease.ts';
import {
  type PresentLease,
  hasMovedOn,
  holderOf,
  noteOlderEvent,
  observe,
  observeAbsence,
} from './observed-lease.ts';
import { type SentRecord, fingerprintOf, isNewer, resourceVersionOf } from './record.ts';
import { isStoredWrite, showsUnstored } from './sent-record.ts';
import { freshStreak, isSameFailure, pauseAfter, withoutFailures } from './retrying.ts';
import { attemptTimeoutMs } from './settings.ts';
import {
  reportAbsence,
  reportBound,
  reportDoubt,
  reportHolder,
  reportOlderEvent,
} from './sightings.ts';
import { isLateForEntry, nominate, nominatesAtMs, nominationDueMs } from './successor.ts';
import type { Standby, State } from './state.ts';
import type { Turn } from './turn.ts';
import { watchFrom } from './watching.ts';
import { abandon, withUnanswered } from './writing.ts';

/** What the passing of time alone brings about. */
export function advanceStandby(standby: Standby, turn: Turn): State {
  const { requestState } = standby;
  if (requestState.id !== 'idle' && turn.nowMs >= requestState.expiresAtMs) {
    abandon(requestState, turn);
    const failure = turn.timeout(attemptTimeoutMs(standby.candidate));
    return advanceStandby(retryAfterFailure(standby, failure, turn), turn);
  }
  if (turn.nowMs >= giveUpAtMs(standby)) return giveUp(standby, turn);
  if (turn.nowMs < nextActionAtMs(standby)) return standby;
  if (turn.nowMs < acquireAtMs(standby)) return nominateOrPoll(standby, turn);
  return acquireIfNeeded(standby, turn);
}

function nominateOrPoll(standby: Standby, turn: Turn): State {
  const { current } = standby.observed;
  const isDue = current.id === 'present' && turn.nowMs >= nominationDueMs(standby);
  return isDue ? nominate(standby, current, turn) : poll(standby, turn);
}

function acquireIfNeeded(standby: Standby, turn: Turn): State {
  const need = needOf(standby, turn);
  switch (need.id) {
    case 'needed':
      return acquire(standby, turn);
    case 'done':
      return endAsDone(standby, need.run, turn);
    case 'unknown':
      return abandonCandidacy(standby, { id: 'failed', why: { reason: need.why } }, turn);
  }
}

/** The next instant at which {@link advanceStandby} has something to do. */
export function standbyDeadlineMs(standby: Standby): number {
  const { requestState } = standby;
  const requestMs = requestState.id === 'idle' ? nextActionAtMs(standby) : requestState.expiresAtMs;
  return Math.min(requestMs, giveUpAtMs(standby));
}

export function onStandbyAnswer(standby: Standby, answer: Answer, turn: Turn): State {
  const { requestState } = standby;
  if (answer.id === 'failed') return refusedOrFailed(standby, answer.failure, turn);
  const failure = failureIn(standby, answer);
  if (failure !== null) return retryAfterFailure(standby, failure, turn);
  const greeted = { ...recovered(standby, turn), ...toldTime(standby, answer, turn) };
  if (requestState.id === 'reading' && isLateForEntry(standby, requestState, answer))
    return idle(greeted, turn);
  if (answer.id === 'lease' && hasLostAttempt(standby)) {
    const unanswered = withUnanswered(greeted.unanswered, requestState);
    return seeLease(
      { ...idle(greeted, turn), unanswered },
      answer.lease,
      answer.serverTimeMs,
      turn,
    );
  }
  if (requestState.id === 'writing')
    return onAcquireAnswer(greeted, requestState.sent, answer, turn);
  switch (answer.id) {
    case 'lease':
      return seeLease(idle(greeted, turn), answer.lease, answer.serverTimeMs, turn);
    case 'not-found':
      return seeAbsence(greeted, turn);
    // It was not to be the successor on that version any more: the watch tells of the one that is stored.
    case 'conflict':
      return { ...idle(greeted, turn), nominatedIn: null };
  }
}

/** The watch tells of the Lease. It may be late, and it may tell of our own write before its answer comes, if that ever does. */
export function onStandbyEvent(
  standby: Standby,
  lease: RawLease,
  isDeleted: boolean,
  turn: Turn,
): State {
  const { current } = standby.observed;
  if (current.id === 'present' && !isNewer(lease, current.lease))
    return isDeleted ? standby : hearOlder(standby, current, lease, turn);
  const { requestState } = standby;
  const isOwn =
    requestState.id === 'writing' && isStoredAttempt(standby.candidate, lease, requestState.sent);
  if (isOwn && !hasLostAttempt(standby)) {
    return isDeleted ? standby : { ...win(standby, requestState.sent, lease, turn), requestState };
  }
  // Whatever was under way as a read may have been its entry as the successor, which this write was before.
  const isLost = requestState.id === 'reading' && current.id === 'present';
  const isOvertakenRead = isLost && fingerprintOf(lease) !== current.fingerprint;
  // Stored, and yet no win: the server may have gone back in time, or a webhook has changed it.
  const isStored = requestState.id === 'writing' && isStoredWrite(lease, requestState.sent);
  const seen = {
    ...standby,
    nominatedIn: isOvertakenRead ? null : standby.nominatedIn,
    unanswered: isStored ? withUnanswered(standby.unanswered, requestState) : standby.unanswered,
  };
  const next = isDeleted ? seeAbsence(seen, turn) : seeLease(seen, lease, null, turn);
  if (next.id !== 'standby' && next.id !== 'leading') return next;
  // While someone leads, an entry is left to its answer: to give it up would close the connection that is kept warm.
  const isEntry = requestState.id === 'reading' && requestState.isEntry;
  if (isEntry && next.id === 'standby' && holderOf(next.observed) !== null)
    return { ...next, requestState };
  // The event answers a read. If a write that was given up has won after all, the one under way would only delay the renewals.
  if (requestState.id === 'reading' || next.id === 'leading') abandon(requestState, turn);
  return next;
}

function hearOlder(standby: Standby, current: PresentLease, lease: RawLease, turn: Turn): Standby {
  // By that a proxy shows no more than what it was sent.
  if (showsUnstored(lease, unansweredWithPending(standby))) return standby;
  const observed = noteOlderEvent(
    { ...standby.observed, current },
    lease,
    observerOf(standby, turn),
  );
  reportOlderEvent(standby, observed, lease, turn);
  return { ...standby, observed };
}

function onAcquireAnswer(
  standby: Standby,
  sent: SentRecord,
  answer: Exclude<Answer, { id: 'failed' }>,
  turn: Turn,
): State {
  // A proxy may have sent it twice, so that it has lost against itself.
  const unanswered = unansweredWithPending(standby);
  switch (answer.id) {
    case 'lease':
      return win(standby, sent, answer.lease, turn);
    case 'not-found':
      return poll({ ...idle(standby, turn), unanswered }, turn);
    case 'conflict': {
      const contentionJitterMs = jitterAfterLostRace(standby);
      const loser = idle({ ...standby, contentionJitterMs, unanswered }, turn);
      const isDeleted = loser.observed.current.id === 'absent' && sent.overVersion !== null;
      // What was seen meanwhile is why: it decides at once, and the lease is free again if only a label has changed.
      if (hasLostAttempt(standby) || isDeleted)
        return { ...loser, ...backOffAfterLostRace(loser, loser.observed, turn) };
      if (standby.watch.id !== 'open') return poll(loser, turn);
      // The watch will tell who won: a crowd of losers need not all ask. Should it not, a read comes before the next attempt.
      return { ...loser, backOffUntilMs: Infinity };
    }
  }
}

function seeLease(
  standby: Standby,
  lease: RawLease,
  serverTimeMs: number | null,
  turn: Turn,
): State {
  const won = wonUnanswered(standby, lease, turn);
  if (won !== undefined) return win(standby, won, lease, turn);
  const observer = { ...observerOf(standby, turn), serverTimeMs };
  const observed = observe(standby.observed, lease, observer);
  const hasMissed = { mayHaveMissedRuns: mayHaveMissedRuns(standby, lease) };
  const unanswered = unansweredAfter(standby, lease);
  const need = needOf({ ...standby, ...hasMissed, observed }, turn);
  if (need.id === 'done') return endAsDone({ ...standby, observed, unanswered }, need.run, turn);
  reportHolder(standby, holderOf(observed), turn);
  reportDoubt(standby, observed, turn);
  reportBound(standby, observed, turn);
  const contentionJitterMs = jitterAfterSeenRace(standby, observed, turn);
  const watch = observed.current.isReleased
    ? standby.watch
    : watchFrom(standby, resourceVersionOf(lease), turn);
  const next = hasMovedOn(standby.observed, observed) ? withFreshStreak(standby) : standby;
  return {
    ...(isOnlyLabelled(standby, observed.current) ? standby : idleUnlessWriting(next, turn)),
    ...backOffAfterLostRace({ ...standby, contentionJitterMs }, observed, turn),
    ...hasMissed,
    contentionJitterMs,
    watch,
    unanswered,
    nominatesAtMs: nominatesAtMs(standby, observed, turn),
  };
}

function seeAbsence(standby: Standby, turn: Turn): State {
  const { leaseDurationMs } = standby.candidate;
  const observed = observeAbsence(standby.observed, { at: turn.at, leaseDurationMs });
  reportAbsence(standby, observed, turn);
  const watch = observed.lastHolder === null ? standby.watch : watchFrom(standby, null, turn);
  return {
    ...idleUnlessWriting(standby, turn),
    ...backOffAfterLostRace(standby, observed, turn),
    watch,
    nominatesAtMs: Infinity,
  };
}

/** While requests fail, a label that the watch tells of is no answer: their pauses go on. */
function isOnlyLabelled({ requestState, observed }: Standby, seen: PresentLease): boolean {
  const { current } = observed;
  const isSame = current.id === 'present' && current.fingerprint === seen.fingerprint;
  return isSame && requestState.id === 'idle' && requestState.failures > 0;
}

function withFreshStreak(standby: Standby): Standby {
  return { ...standby, requestState: { ...standby.requestState, ...freshStreak } };
}

/** A refusal that trying again cannot mend is fatal as long as nothing has ever worked. */
function refusedOrFailed(standby: Standby, failure: Failure, turn: Turn): State {
  if (isFatal(failure, standby)) {
    const idleStandby = {
      ...standby,
      requestState: { ...standby.requestState, id: 'idle', nextAtMs: turn.nowMs } as const,
    };
    return abandonCandidacy(idleStandby, { id: 'failed', why: failure }, turn);
  }
  return retryAfterFailure(standby, failure, turn);
}

function retryAfterFailure(standby: Standby, failure: Failure, turn: Turn): Standby {
  const { requestState } = standby;
  const { retryPeriodMs: ownMs, leaseDurationMs: askedMs } = standby.candidate;
  if (!isSameFailure(requestState.failure, failure)) turn.report({ id: 'api-failed', failure });
  return {
    ...standby,
    unanswered: unansweredWithPending(standby),
    requestState: pauseAfter(requestState, failure, { ownMs, askedMs }, turn),
  };
}

function toldTime(
  { serverAheadMs }: Standby,
  answer: Answer,
  turn: Turn,
): Pick<Standby, 'serverAheadMs'> {
  const serverMs = 'serverTimeMs' in answer ? (answer.serverTimeMs ?? null) : null;
  return { serverAheadMs: serverMs === null ? serverAheadMs : serverMs - turn.nowMs };
}

function recovered(standby: Standby, turn: Turn): Standby {
  if (standby.requestState.failures > 0) turn.report({ id: 'api-recovered' });
  return {
    ...standby,
    hasContact: true,
    requestState: { ...standby.requestState, ...withoutFailures(standby.requestState) },
  };
}
