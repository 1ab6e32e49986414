/**
 * Releasing: the tree is gone, or there never was one. The record is given back only if it is still the one that we wrote. Every write
 * names the version that we know. After a restore that may be another's: once an older state or another was heard of, a read comes first.
 */
import { end } from './ending.ts';
import type { Answer, Failure, RawLease } from './lease.ts';
import { addOlder, addAnother } from './observed-lease.ts';
import { type Fate, fateIn, releaseAnnotations, reportRun } from './once.ts';
import {
  type SentRecord,
  compareResourceVersions,
  isNewer,
  readRecord,
  resourceVersionOf,
} from './record.ts';
import { isOfTerm, isStoredWrite, isWrite, showsUnstored } from './sent-record.ts';
import { conflictOfRead, outdatedRead, pauseAfter, streakOf, unstoredRead } from './retrying.ts';
import { attemptTimeoutMs, releaseTimeoutMs } from './settings.ts';
import type { Releasing, State } from './state.ts';
import { releaseTo } from './transfer.ts';
import type { Turn } from './turn.ts';
import {
  abandon,
  composeRecord,
  startReading,
  startWriting,
  whyUnconfirmed,
  withUnanswered,
} from './writing.ts';

/** What the passing of time alone brings about. */
export function advanceReleasing(state: Releasing, turn: Turn): State {
  const { requestState } = state;
  if (turn.nowMs >= state.deadlineMs) return giveUp(state, turn);
  if (requestState.id === 'idle')
    return turn.nowMs >= requestState.nextAtMs ? proceed(state, turn) : state;
  if (turn.nowMs < requestState.expiresAtMs) return state;
  abandon(requestState, turn);
  return retryAfterFailure(state, turn.timeout(attemptTimeoutMs(state.candidate)), turn);
}

export function releasingDeadlineMs({ requestState, deadlineMs }: Releasing): number {
  return Math.min(
    deadlineMs,
    requestState.id === 'idle' ? requestState.nextAtMs : requestState.expiresAtMs,
  );
}

export function onReleasingAnswer(state: Releasing, answer: Answer, turn: Turn): State {
  const { requestState } = state;
  if (answer.id === 'failed') return retryAfterFailure(state, answer.failure, turn);
  if (requestState.id !== 'writing') {
    if (answer.id === 'conflict') return retryAfterFailure(state, conflictOfRead, turn);
    return answer.id === 'lease'
      ? judgeStored(state, answer.lease, turn)
      : endAs('not-ours', state, turn);
  }
  const isRelease = requestState.sent.holder === '';
  switch (answer.id) {
    case 'lease': {
      const failure = whyUnconfirmed(requestState, answer.lease);
      if (failure !== null) return retryAfterFailure(state, failure, turn);
      if (isRelease) return finish(state, answer.lease, turn);
      if (!canStillBeOurs(state, answer.lease)) return refuse(state, answer.lease, turn);
      return onJoined(state, answer.lease, requestState.sent, turn);
    }
    case 'not-found':
      return endAs('not-ours', state, turn);
    case 'conflict':
      return read(withPendingWrite(state), turn);
  }
}

/** The request under way will show whether the record is ours. What is told meanwhile says what it has to show for that, and whom the next candidacy waits for. */
export function onReleasingEvent(
  state: Releasing,
  lease: RawLease,
  isDeleted: boolean,
  turn: Turn,
): Releasing {
  if (isDeleted) return state;
  const { newestVersion, written } = state;
  const version = resourceVersionOf(lease);
  if (newestVersion !== null && (compareResourceVersions(version, newestVersion) ?? 0) <= 0)
    return withOlderSeen(state, lease);
  const record = readRecord(lease);
  const isOurs =
    newestVersion === null
      ? isOfOurTerm(state, lease)
      : written.some((sent) => isWrite(record, sent));
  return record.holder === '' || isOurs ? state : withAnother(state, lease, turn);
}

function withAnother(state: Releasing, lease: RawLease, turn: Turn): Releasing {
  const { observed: before, newestVersion, candidate } = state;
  const observed = addAnother(before, lease, newestVersion, candidate, turn.at);
  return { ...state, lease: null, observed };
}

/**
 * Outdated, or the server has gone back in time, and then the version that we know may become another's: a read comes before the next
 * write, and the next candidacy knows of who may lead.
 */
function withOlderSeen(state: Releasing, lease: RawLease): Releasing {
  if (isOfOurTerm(state, lease)) return state;
  const observed = addOlder(state.observed, lease);
  return { ...state, lease: null, wasOlderSeen: true, observed };
}

function proceed(state: Releasing, turn: Turn): State {
  const { lease, requestState } = state;
  if (lease === null) return read(state, turn);
  const sent = composeRecord(
    {
      holder: '',
      acquireTime: null,
      transitions: state.transitions,
      // As client-go's: the next candidate need not wait.
      leaseDurationMs: 1000,
      earlier: [...state.written, ...state.released],
    },
    turn,
  );
  const changes = {
    ...releaseTo(state, lease),
    ...releaseAnnotations(state.remembering, state.candidate.identity, lease),
  };
  return { ...state, ...startWriting(state, requestState, lease, sent, turn, changes) };
}

/** The release is written, unless too many writes have led to nothing. */
function writeAgain(state: Releasing, turn: Turn): State {
  const { requestState } = state;
  const nextAtMs = Math.max(turn.nowMs, requestState.writableAtMs);
  return advanceReleasing(
    { ...state, requestState: { id: 'idle', nextAtMs, ...streakOf(requestState) } },
    turn,
  );
}

function read(state: Releasing, turn: Turn): Releasing {
  return { ...state, ...startReading(state, state.requestState, turn) };
}

function judgeStored(state: Releasing, lease: RawLease, turn: Turn): State {
  if (showsUnstored(lease, [...state.written, ...state.released]))
    return retryAfterFailure({ ...state, lease: null }, unstoredRead, turn);
  const isNews = isNewsOf(state, lease);
  const canBeOurs = canStillBeOurs(state, lease);
  if (isNews) {
    if (state.released.some((sent) => isStoredWrite(lease, sent)))
      return finish(state, lease, turn);
    if (!canBeOurs) return refuse(state, lease, turn);
    const own = state.written.find((sent) => isStoredWrite(lease, sent));
    if (own !== undefined) return writeAgain(withOwn(state, lease, own), turn);
  }
  if (isOutdated(state, lease)) {
    // Beside an older state, or another that was heard of, or where the Lease had vanished, it may be another's by now; where no write of ours is
    // known to be stored, it is: the next read may tell.
    const isUnsure = state.newestVersion === null || state.mode === 'after-candidacy';
    const mayBeOthers = isUnsure || state.wasOlderSeen || !canBeOurs;
    const next = mayBeOthers ? { ...state, lease: null } : withOwn(state, lease, readRecord(lease));
    return retryAfterFailure(next, outdatedRead, turn);
  }
  // Emptied by someone else, it is left to expire: a client-go that led after us keeps our annotation.
  if (isNews) return refuse(state, lease, turn);
  return retryAfterFailure(withOlderSeen(state, lease), outdatedRead, turn);
}

/**
 * Once another was heard of, nothing that is shown is ours: the server has gone back in time. But where no version was known then, what is
 * newer than it can be: it may have been told late.
 */
function canStillBeOurs(
  { observed: { current }, newestVersion }: Releasing,
  lease: RawLease,
): boolean {
  if (current.id === 'nothing') return true;
  return newestVersion === null && current.id === 'present' && isNewer(lease, current.lease);
}

/** The write that was joined is stored. After an older state its version may be another's by now; a candidacy is told late of what it wrote over. */
function onJoined(state: Releasing, lease: RawLease, sent: SentRecord, turn: Turn): State {
  const { mode, wasOlderSeen } = state;
  if (mode === 'after-candidacy' || !wasOlderSeen)
    return writeAgain(withOwn(state, lease, sent), turn);
  return read({ ...state, lease: null, newestVersion: resourceVersionOf(lease) }, turn);
}

/**
 * Whether a read decides. The version on which a write was just refused does not, nor does one before it. Where the version that we know is to be
 * read once more, that does; if it has another record of this term, the server has gone back in time.
 */
function isNewsOf({ lease: known, newestVersion }: Releasing, lease: RawLease): boolean {
  if (known !== null) return isNewer(lease, known);
  if (newestVersion === null) return true;
  return (compareResourceVersions(resourceVersionOf(lease), newestVersion) ?? 1) >= 0;
}

/**
 * A record of the term that ends by a version that is not newer, or, where none is known, by none of the writes that may be stored. As for its leader,
 * a write over it conflicts, or the server has gone back in time.
 */
function isOutdated(state: Releasing, lease: RawLease): boolean {
  const { newestVersion } = state;
  if (!isOfOurTerm(state, lease)) return false;
  if (newestVersion === null) return readRecord(lease).holder !== '';
  return (compareResourceVersions(resourceVersionOf(lease), newestVersion) ?? 1) <= 0;
}

function isOfOurTerm({ written }: Releasing, lease: RawLease): boolean {
  const record = readRecord(lease);
  return written.some((sent) => isOfTerm(record, sent));
}

function retryAfterFailure(state: Releasing, failure: Failure, turn: Turn): State {
  const { requestState, candidate } = state;
  // An attempt that was joined may have landed: a conflict over the version that is known will tell.
  // However long the server asks us to wait, there is no time for it.
  return {
    ...withPendingWrite(state),
    requestState: pauseAfter(
      requestState,
      failure,
      { ownMs: candidate.retryPeriodMs, askedMs: 0 },
      turn,
    ),
  };
}

/** A release under way may have landed although its answer does not say so. */
function withPendingWrite(state: Releasing): Releasing {
  const { requestState, released } = state;
  const isRelease = requestState.id === 'writing' && requestState.sent.holder === '';
  return isRelease ? { ...state, released: withUnanswered(released, requestState) } : state;
}

function finish(state: Releasing, lease: RawLease, turn: Turn): State {
  turn.report({ id: 'released' });
  // A webhook may have taken from it what it says of runs.
  const isRecorded = fateIn(lease, state.remembering) === 'recorded';
  return endAs(isRecorded ? 'recorded' : 'unconfirmed', state, turn);
}

/** Where the record is not released by us, what our run would have left in it is left nowhere. */
function endAs(fate: Fate, state: Releasing, turn: Turn): State {
  reportRun(state.remembering, fate, turn);
  return end(state, state.outcome, turn);
}

/** The record is not ours (any more): it is left alone. A candidate that never led has nothing to report of that. */
function refuse(state: Releasing, lease: RawLease, turn: Turn): State {
  if (state.mode === 'after-term') turn.report({ id: 'not-released', why: 'not-ours' });
  const next = isOfOurTerm(state, lease) ? state : withAnother(state, lease, turn);
  return endAs(fateIn(lease, state.remembering), next, turn);
}

function giveUp(state: Releasing, turn: Turn): State {
  const { requestState, candidate } = state;
  abandon(requestState, turn);
  const leftMs = requestState.id === 'idle' ? 0 : requestState.expiresAtMs - turn.nowMs;
  const timeout = turn.timeout(attemptTimeoutMs(candidate) - leftMs);
  turn.report({ id: 'not-released', why: requestState.failure ?? timeout });
  return endAs('unconfirmed', state, turn);
}

function withOwn(
  state: Releasing,
  lease: RawLease,
  { transitions }: Pick<SentRecord, 'transitions'>,
): Releasing {
  return { ...state, lease, transitions };
}

/** A signal asks leader-run to stop when it has no command any more: it does not come back to the election. */
export function stopReleasing(state: Releasing, signal: NodeJS.Signals, turn: Turn): Releasing {
  const deadlineMs = Math.min(state.deadlineMs, turn.nowMs + releaseTimeoutMs);
  const outcome =
    state.outcome.id === 'rejoin' ? ({ id: 'interrupted', signal } as const) : state.outcome;
  return { ...state, deadlineMs, outcome };
}
