/**
 * Renewing the lease, while leading and all through a voluntary stop: one attempt at a time, each with its own time-out,
 * and every doubt resolved by the record itself.
 */
import type { Answer, Failure, RawLease } from './lease.ts';
import { type RecordClass, classifyRecord, isOvertaken, isToldAgain } from './classify-record.ts';
import { lose, loseByOlder, loseByOlderEvent } from './losing.ts';
import { restoredAnnotations } from './once.ts';
import { type SentRecord, compareResourceVersions, isNewer, resourceVersionOf } from './record.ts';
import { isStoredWhole, showsUnstored } from './sent-record.ts';
import {
  conflictOfRead,
  freshStreak,
  isSameFailure,
  longestBeforeMs,
  outdatedRead,
  pauseAfter,
  streakOf,
  unstoredRead,
  withoutFailures,
} from './retrying.ts';
import { attemptTimeoutMs, killDeadlineMs } from './settings.ts';
import type { State, Tenure, Writing } from './state.ts';
import { type Tenured, believedUntilMs, withOlder, withoutOlder } from './term.ts';
import { echoAfter } from './transfer.ts';
import type { Turn } from './turn.ts';
import {
  abandon,
  composeRecord,
  startReading,
  startWriting,
  whyUnconfirmed,
  withUnanswered,
} from './writing.ts';

/** The next instant at which {@link advanceRenewal} has something to do. */
export function renewalDeadlineMs({ requestState }: Tenured): number {
  return requestState.id === 'idle' ? requestState.nextAtMs : requestState.expiresAtMs;
}

/** Gives up the attempt whose time is over, and begins the one that is due. */
export function advanceRenewal<S extends Tenured>(state: S, turn: Turn): S {
  const { requestState, candidate } = state;
  if (requestState.id === 'idle')
    return turn.nowMs >= requestState.nextAtMs ? renewNow(state, turn) : state;
  if (turn.nowMs < requestState.expiresAtMs) return state;
  abandon(requestState, turn);
  if (isConfirmed(state)) return scheduleNext(state);
  return retryAfterFailure(state, turn.timeout(attemptTimeoutMs(candidate)), turn);
}

/** Sends a renewal unless a request is under way. */
export function renewNow<S extends Tenured>(state: S, turn: Turn): S {
  const { requestState, tenure, candidate } = state;
  if (requestState.id !== 'idle') return state;
  const { term, lease, confirmed, unanswered } = tenure;
  const sent = composeRecord(
    {
      holder: candidate.identity,
      acquireTime: term.acquireTime,
      // Created again it counts from zero, as client-go's would.
      transitions: lease === null ? 0 : confirmed.transitions,
      leaseDurationMs: candidate.leaseDurationMs,
      earlier: [confirmed, ...unanswered],
    },
    turn,
  );
  const changes = lease === null ? restoredAnnotations(state) : {};
  return { ...state, ...startWriting(state, requestState, lease, sent, turn, changes) };
}

export function onRenewalAnswer(state: Tenured, answer: Answer, turn: Turn): State {
  const { requestState } = state;
  if (isConfirmed(state)) return scheduleNext(state);
  if (answer.id === 'failed') return retryAfterFailure(state, answer.failure, turn);
  if (requestState.id === 'writing') {
    if (answer.id === 'lease') return onWritten(state, requestState, answer.lease, turn);
    // Another's write came between, or this one came twice, or the Lease is gone: only the stored record can tell.
    return { ...withPendingWrite(state), ...startReading(state, requestState, turn) };
  }
  if (answer.id === 'conflict') return retryAfterFailure(state, conflictOfRead, turn);
  if (answer.id === 'not-found') return recreate(state, turn);
  const { tenure } = state;
  if (showsUnstored(answer.lease, tenure.unanswered))
    return retryAfterFailure(state, unstoredRead, turn);
  if (requestState.id === 'reading' && isOvertaken(tenure, requestState, answer.lease)) {
    const lease = isNewer(answer.lease, tenure.lease) ? answer.lease : tenure.lease;
    return writeAgain({ ...state, tenure: { ...tenure, lease } }, turn);
  }
  return act(state, classifyRecord(tenure, answer.lease, null), answer.lease, turn);
}

function onWritten(state: Tenured, requestState: Writing, lease: RawLease, turn: Turn): State {
  const { tenure } = state;
  const failure = whyUnconfirmed(requestState, lease);
  if (failure !== null) return retryAfterFailure(state, failure, turn);
  const isOlder = classifyRecord(tenure, lease, requestState.sent).id === 'older';
  if (isOlder) return loseByOlder(state, lease, turn);
  const confirmed = confirm(state, requestState.sent, lease, turn);
  const unheardVersion = resourceVersionOf(lease);
  return { ...confirmed, tenure: { ...confirmed.tenure, unheardVersion } };
}

/** The watch tells of the Lease: what is not newer than what we know is late and means nothing. */
export function onRenewalEvent(
  before: Tenured,
  lease: RawLease,
  isDeleted: boolean,
  turn: Turn,
): State {
  const state = noteEcho(before, lease, turn);
  const { tenure, requestState } = state;
  const order = compareResourceVersions(resourceVersionOf(lease), tenure.newestVersion);
  // Versions that cannot be compared might be late as well: the next write will find out.
  if (order === null || order <= 0) return isDeleted ? state : noteOlderEvent(state, lease, turn);
  const inFlight = requestState.id === 'writing' ? requestState.sent : null;
  if (isDeleted) return requestState.id === 'idle' ? recreate(state, turn) : state;
  const recordClass = classifyRecord(tenure, lease, inFlight);
  if (recordClass.id === 'landed') {
    // Our own event may come before our own answer, and cancels nothing; the answer may even be lost.
    if (requestState.id === 'writing')
      return applyConfirmation(state, recordClass.sent, lease, turn);
    abandon(requestState, turn);
    return confirm(state, recordClass.sent, lease, turn);
  }
  if (recordClass.id === 'unchanged') return withLease(state, lease);
  // With a request under way only what ends the term matters; the request itself will show the rest.
  const endsTerm = recordClass.id === 'foreign' || recordClass.id === 'older';
  if (requestState.id !== 'idle' && !endsTerm) return state;
  return act(state, recordClass, lease, turn);
}

/** How long it took until the watch told of our last write, so that a release knows how long its successor may take. */
function noteEcho(state: Tenured, lease: RawLease, turn: Turn): Tenured {
  const { tenure, requestState } = state;
  const isLanding = requestState.id === 'writing' && isStoredWhole(lease, requestState.sent);
  const isHeard = resourceVersionOf(lease) === tenure.unheardVersion;
  if (!isLanding && !isHeard) return state;
  const sent = isLanding ? requestState.sent : tenure.confirmed;
  const echoMs = echoAfter(tenure.echoMs, turn.nowMs - sent.sentAtMs);
  return { ...state, tenure: { ...tenure, echoMs, unheardVersion: null } };
}

/** What the stored record means for us. */
function act(state: Tenured, recordClass: RecordClass, lease: RawLease, turn: Turn): State {
  switch (recordClass.id) {
    case 'landed':
      return confirm(state, recordClass.sent, lease, turn);
    case 'unchanged':
      return writeAgain(withLease(state, lease), turn);
    case 'cleared':
      reportRestoring(state, 'cleared', turn);
      return writeAgain(withLease(state, lease), turn);
    case 'foreign':
      return lose(state, { id: 'deposed', holder: recordClass.holder }, turn, lease);
    case 'older':
      return loseByOlder(state, lease, turn);
    case 'outdated':
      return onOutdated(state, lease, turn);
  }
}

/**
 * A read shows an outdated record of this term. An old cache has answered, and a write over that version conflicts; or the
 * server has gone back in time, and the write brings the record back before it expires for a standby that saw nothing newer.
 */
function onOutdated(state: Tenured, lease: RawLease, turn: Turn): State {
  const { tenure } = state;
  if (tenure.olderEvent !== null) return loseByOlderEvent(state, tenure.olderEvent, turn);
  // Where the Lease has vanished meanwhile, someone else may have held it.
  const base = tenure.lease === null ? null : lease;
  return retryAfterFailure({ ...state, tenure: { ...tenure, lease: base } }, outdatedRead, turn);
}

/**
 * An event tells of an older state. If that is not of this term it is late, unless it is proof by itself, or a renewal has found the Lease missing, or what
 * the next one finds agrees. If the record that is known is told once more after it, it was late.
 */
function noteOlderEvent(state: Tenured, lease: RawLease, turn: Turn): State {
  const { tenure } = state;
  const inFlight = state.requestState.id === 'writing' ? state.requestState.sent : null;
  const recordClass = classifyRecord(tenure, lease, inFlight);
  // By the version that was the newest when the Lease was found to be missing.
  if (recordClass.id === 'foreign' && tenure.lease === null)
    return act(state, recordClass, lease, turn);
  if (recordClass.id !== 'older')
    return isToldAgain(tenure, lease) ? { ...state, tenure: withoutOlder(tenure) } : state;
  if (recordClass.isProof || tenure.lease === null) return loseByOlder(state, lease, turn);
  return { ...state, tenure: withOlder(tenure, lease, turn) };
}

/** The Lease was deleted: we create it again, unless someone was seen in a state that the server has gone back to. */
function recreate(state: Tenured, turn: Turn): State {
  const { tenure } = state;
  if (tenure.olderEvent !== null) return loseByOlderEvent(state, tenure.olderEvent, turn);
  reportRestoring(state, 'deleted', turn);
  return writeAgain({ ...state, tenure: { ...tenure, lease: null } }, turn);
}

/** Once in a row of rounds: they may be many. */
function reportRestoring({ requestState }: Tenured, what: 'cleared' | 'deleted', turn: Turn): void {
  if (turn.nowMs >= requestState.writableAtMs) turn.report({ id: 'restoring', what });
}

/** Our record has to be written before its time: at once, unless that has been so too often. */
function writeAgain<S extends Tenured>(state: S, turn: Turn): S {
  const nextAtMs = Math.max(turn.nowMs, state.requestState.writableAtMs);
  const idle: S = {
    ...state,
    requestState: { id: 'idle', nextAtMs, ...streakOf(state.requestState) },
  };
  return turn.nowMs >= nextAtMs ? renewNow(idle, turn) : idle;
}

/** A record of ours is stored, and no request is under way any more. */
function confirm<S extends Tenured>(state: S, sent: SentRecord, lease: RawLease, turn: Turn): S {
  return scheduleNext(applyConfirmation(state, sent, lease, turn));
}

/** The next renewal is due a retry period after the last one was sent. */
function scheduleNext<S extends Tenured>(state: S): S {
  const nextAtMs = state.tenure.confirmed.sentAtMs + state.candidate.retryPeriodMs;
  return {
    ...state,
    requestState: { id: 'idle', nextAtMs, ...withoutFailures(state.requestState) },
  };
}

/** A record of ours is stored: the term lasts from when it was sent. What is under way goes on. */
function applyConfirmation<S extends Tenured>(
  state: S,
  sent: SentRecord,
  lease: RawLease,
  turn: Turn,
): S {
  const { candidate, requestState, tenure } = state;
  const known = withVersion(tenure, lease);
  if (sent === tenure.confirmed) return { ...state, tenure: known };
  if (requestState.failures > 0) {
    const sinceRenewalMs = turn.nowMs - tenure.confirmed.sentAtMs;
    turn.report({ id: 'renewed', sinceRenewalMs });
  }
  // Something that undoes each of our writes leaves none of them a retry period: those are rounds that lead to nothing.
  const isOnTime = sent.sentAtMs >= tenure.confirmed.sentAtMs + candidate.retryPeriodMs;
  const wasLate = sent.sentAtMs > (tenure.olderEvent?.seenAtMs ?? Infinity);
  turn.emit({ id: 'extend-guard', killAtMs: killDeadlineMs(candidate, sent.sentAtMs) });
  return {
    ...state,
    tenure: { ...(wasLate ? withoutOlder(known) : known), confirmed: sent, unanswered: [] },
    requestState: { ...requestState, ...(isOnTime ? freshStreak : withoutFailures(requestState)) },
  };
}

/** Whether the write under way is known to be stored, so that its answer tells nothing new. */
function isConfirmed({ requestState, tenure }: Tenured): boolean {
  return requestState.id === 'writing' && requestState.sent === tenure.confirmed;
}

/** The write under way may have landed although its answer does not say so (a proxy sent it twice, the answer was lost). */
function withPendingWrite<S extends Tenured>(state: S): S {
  const { requestState, tenure } = state;
  const unanswered = withUnanswered(tenure.unanswered, requestState);
  return { ...state, tenure: { ...tenure, unanswered } };
}

function retryAfterFailure<S extends Tenured>(state: S, failure: Failure, turn: Turn): S {
  const { requestState, candidate, tenure } = state;
  if (!isSameFailure(requestState.failure, failure)) {
    turn.report({
      id: 'renewal-failed',
      failure,
      sinceRenewalMs: turn.nowMs - tenure.confirmed.sentAtMs,
      stopsInMs: believedUntilMs(state) - turn.nowMs,
    });
  }
  const ownMs = longestBeforeMs(believedUntilMs(state), failure, candidate, turn);
  const longest = { ownMs, askedMs: candidate.retryPeriodMs };
  return {
    ...withPendingWrite(state),
    requestState: pauseAfter(requestState, failure, longest, turn),
  };
}

function withLease<S extends Tenured>(state: S, lease: RawLease): S {
  return { ...state, tenure: withVersion(state.tenure, lease) };
}

function withVersion(tenure: Tenure, lease: RawLease): Tenure {
  return { ...tenure, lease, newestVersion: resourceVersionOf(lease) };
}
