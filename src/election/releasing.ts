/**
 * Releasing: the tree is gone, or there never was one. The record is given back only if it is still the one that we
 * wrote; every write here names the version that was judged, so that another's record cannot be hit.
 */
import { end } from './ending.ts';
import type { Answer, Failure, RawLease } from './lease.ts';
import {
  releaseAnnotations,
  rememberingOf,
  rememberingOfCandidacy,
  reportForgotten,
} from './once.ts';
import { type SentRecord, isNewer, isWrite, readRecord } from './record.ts';
import type { Outcome } from './report.ts';
import { freshStreak, pauseAfter, streakOf } from './retrying.ts';
import { attemptTimeoutMs, releaseTimeoutMs } from './settings.ts';
import type {
  RequestState,
  Leading,
  Losing,
  Rejoin,
  Releasing,
  Standby,
  State,
  SteppingDown,
} from './state.ts';
import { transferAnnotations } from './transfer.ts';
import type { Turn } from './turn.ts';
import {
  abandon,
  composeRecord,
  startReading,
  startWriting,
  whyUnconfirmed,
  withUnanswered,
} from './writing.ts';

/** Begins the release after a term: a request in flight is joined first. */
export function releaseTerm(
  state: Leading | SteppingDown | Losing,
  outcome: Outcome | Rejoin,
  turn: Turn,
  handsTo: string | null = null,
): State {
  const { candidate, requests, watch, tenure } = state;
  const call: RequestState = state.id === 'losing' ? idleAt(turn.nowMs) : state.call;
  const releasing: Releasing = {
    id: 'releasing',
    candidate,
    requests,
    watch,
    call: call.id === 'idle' ? idleAt(turn.nowMs) : call,
    written: withUnanswered([tenure.confirmed, ...tenure.unanswered], call),
    released: [],
    lease: tenure.lease,
    transitions: tenure.confirmed.transitions,
    remembering: rememberingOf(state, outcome),
    deadlineMs: turn.nowMs + releaseTimeoutMs,
    mode: 'after-term',
    handsTo,
    outcome,
  };
  return advanceReleasing(releasing, turn);
}

/** A candidacy ends while writes of its own may yet turn out to have won: if one has, it is given back. */
export function releaseCandidacy(
  standby: Standby,
  written: readonly SentRecord[],
  outcome: Outcome,
  turn: Turn,
): State {
  const { candidate, requests, watch, call } = standby;
  const releasing: Releasing = {
    id: 'releasing',
    candidate,
    requests,
    watch,
    call: call.id === 'writing' ? call : idleAt(turn.nowMs),
    written,
    released: [],
    lease: null,
    transitions: 0,
    remembering: rememberingOfCandidacy(standby),
    deadlineMs: turn.nowMs + releaseTimeoutMs,
    mode: 'after-candidacy',
    handsTo: null,
    outcome,
  };
  return advanceReleasing(releasing, turn);
}

/** What the passing of time alone brings about. */
export function advanceReleasing(state: Releasing, turn: Turn): State {
  const { call } = state;
  if (turn.nowMs >= state.deadlineMs) return giveUp(state, turn);
  if (call.id === 'idle') return turn.nowMs >= call.nextAtMs ? proceed(state, turn) : state;
  if (turn.nowMs < call.expiresAtMs) return state;
  abandon(call, turn);
  return retryAfterFailure(
    state,
    { reason: 'timeout', afterMs: attemptTimeoutMs(state.candidate) },
    turn,
  );
}

export function releasingDeadlineMs({ call, deadlineMs }: Releasing): number {
  return Math.min(deadlineMs, call.id === 'idle' ? call.nextAtMs : call.expiresAtMs);
}

export function onReleasingAnswer(state: Releasing, answer: Answer, turn: Turn): State {
  const { call } = state;
  if (answer.id === 'failed') return retryAfterFailure(state, answer.failure, turn);
  if (call.id !== 'writing') {
    return answer.id === 'lease'
      ? judgeStored(state, answer.lease, turn)
      : endUnreleased(state, turn);
  }
  const isRelease = call.sent.holder === '';
  switch (answer.id) {
    case 'lease': {
      const failure = whyUnconfirmed(call, answer.lease);
      if (failure !== null) return retryAfterFailure(state, failure, turn);
      if (isRelease) return finish(state, turn);
      return writeAgain(withOwn(state, answer.lease, call.sent), turn);
    }
    case 'not-found':
      return endUnreleased(state, turn);
    case 'conflict':
      return read(withPendingWrite(state), turn);
  }
}

function proceed(state: Releasing, turn: Turn): State {
  const { lease, call } = state;
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
    ...transferAnnotations(state.handsTo),
    ...releaseAnnotations(state.remembering, state.candidate.identity, lease),
  };
  return { ...state, ...startWriting(state, call, lease, sent, turn, changes) };
}

/** The release is written, unless too many writes have led to nothing. */
function writeAgain(state: Releasing, turn: Turn): State {
  const { call } = state;
  const nextAtMs = Math.max(turn.nowMs, call.writableAtMs);
  return advanceReleasing({ ...state, call: { id: 'idle', nextAtMs, ...streakOf(call) } }, turn);
}

function read(state: Releasing, turn: Turn): Releasing {
  return { ...state, ...startReading(state, state.call, turn) };
}

function judgeStored(state: Releasing, lease: RawLease, turn: Turn): State {
  // The version on which a write was just refused, or one before it.
  if (!isNewer(lease, state.lease)) {
    return retryAfterFailure(
      state,
      { reason: 'malformed', message: 'the server showed an outdated record' },
      turn,
    );
  }
  const record = readRecord(lease);
  if (state.released.some((sent) => isWrite(record, sent))) return finish(state, turn);
  const own = state.written.find((sent) => isWrite(record, sent));
  // Emptied by somebody else, it is left to expire: a client-go that led after us keeps our annotation.
  if (own === undefined) return refuse(state, turn);
  return writeAgain(withOwn(state, lease, own), turn);
}

function retryAfterFailure(state: Releasing, failure: Failure, turn: Turn): State {
  const { call, candidate } = state;
  // An attempt that was joined may have landed: the known version is as good as any, a conflict will tell.
  // However long the server asks us to wait, there is no time for it.
  return { ...withPendingWrite(state), call: pauseAfter(call, failure, candidate, 0, turn) };
}

/** A release under way may have landed although its answer does not say so. */
function withPendingWrite(state: Releasing): Releasing {
  const { call, released } = state;
  const isRelease = call.id === 'writing' && call.sent.holder === '';
  return isRelease ? { ...state, released: withUnanswered(released, call) } : state;
}

function finish(state: Releasing, turn: Turn): State {
  turn.report({ id: 'released' });
  const { remembering } = state;
  if (remembering?.id === 'success') turn.report({ id: 'recorded', key: remembering.run.key });
  return end(state, state.outcome, turn);
}

/** The record is not released by us: what our run would have left in it is left nowhere. */
function endUnreleased(state: Releasing, turn: Turn): State {
  reportForgotten(state.remembering, turn);
  return end(state, state.outcome, turn);
}

/** The record is not ours (any more): it is left alone. Who never led has nothing to say of that. */
function refuse(state: Releasing, turn: Turn): State {
  if (state.mode === 'after-term') turn.report({ id: 'not-released', why: 'not-ours' });
  return endUnreleased(state, turn);
}

function giveUp(state: Releasing, turn: Turn): State {
  const { call } = state;
  abandon(call, turn);
  turn.report({
    id: 'not-released',
    why: call.failure ?? { reason: 'timeout', afterMs: releaseTimeoutMs },
  });
  return endUnreleased(state, turn);
}

function withOwn(state: Releasing, lease: RawLease, { transitions }: SentRecord): Releasing {
  return { ...state, lease, transitions };
}

/** A signal asks leader-run to stop when it has no command any more: it does not come back to the election. */
export function stopReleasing(state: Releasing, signal: NodeJS.Signals): Releasing {
  return state.outcome.id === 'rejoin'
    ? { ...state, outcome: { id: 'interrupted', signal } }
    : state;
}

function idleAt(nextAtMs: number): Extract<RequestState, { id: 'idle' }> {
  return { id: 'idle', nextAtMs, ...freshStreak };
}
