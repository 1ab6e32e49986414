/**
 * The whole election: `step(state, event, at)` gives the next state and what is to be done.
 *
 * Pure: no clock, no I/O, no randomness; the event's instant carries them. Time comes first in every turn, so that a late
 * event counts only after what its lateness has already decided: an answer cannot revive a leadership that is over. Only the
 * command's own end is taken before that, so that it gives its status also when it is learnt a little late; after a longer
 * stall the driver has sent the time as an event of its own by then.
 */
import type { Effect } from './effect.ts';
import type { ElectionEvent, Instant } from './event.ts';
import type { RawLease } from './lease.ts';
import { onCommand } from './command-events.ts';
import { checkStep } from './invariants.ts';
import { abandonCandidacy } from './giving-up.ts';
import { advanceLeading, leadingDeadlineMs, stopLeading } from './leading.ts';
import { advanceLosing, losingDeadlineMs, onLosingEvent, stopLosing } from './losing.ts';
import {
  advanceReleasing,
  onReleasingAnswer,
  onReleasingEvent,
  releasingDeadlineMs,
  stopReleasing,
} from './releasing.ts';
import { onRenewalAnswer, onRenewalEvent } from './renewing.ts';
import { advanceStandby, onStandbyAnswer, onStandbyEvent, standbyDeadlineMs } from './standby.ts';
import type { State } from './state.ts';
import {
  advanceSteppingDown,
  sendPendingStop,
  steppingDownDeadlineMs,
  stopAgain,
} from './stepping-down.ts';
import { Turn } from './turn.ts';
import { noteWatchEvent } from './watching.ts';
import { isAnswerTo } from './writing.ts';

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export function step(before: State, event: ElectionEvent, at: Instant): Step {
  const turn = new Turn(at, event.id === 'time' ? event.jump : null);
  const isEnding = event.id === 'command' && event.event.id === 'ended';
  const onTime = isEnding ? before : advance(before, turn);
  const state = advance(react(onTime, event, turn), turn);
  const { effects } = turn;
  checkStep({ before, event, after: state, effects, nowMs: turn.nowMs });
  return { state, effects };
}

/** The boot-clock instant at which {@link step} wants a `time` event at the latest; `Infinity`: none. */
export function nextDeadlineMs(state: State): number {
  switch (state.id) {
    case 'standby':
      return standbyDeadlineMs(state);
    case 'leading':
      return leadingDeadlineMs(state);
    case 'stepping-down':
      return steppingDownDeadlineMs(state);
    case 'losing':
      return losingDeadlineMs(state);
    case 'releasing':
      return releasingDeadlineMs(state);
    case 'ended':
      return Infinity;
  }
}

function advance(state: State, turn: Turn): State {
  switch (state.id) {
    case 'standby':
      return advanceStandby(state, turn);
    case 'leading':
      return advanceLeading(state, turn);
    case 'stepping-down':
      return advanceSteppingDown(state, turn);
    case 'losing':
      return advanceLosing(state, turn);
    case 'releasing':
      return advanceReleasing(state, turn);
    case 'ended':
      return state;
  }
}

function react(state: State, event: ElectionEvent, turn: Turn): State {
  switch (event.id) {
    case 'begin':
    case 'time':
      return state;
    case 'answer':
      return onAnswer(state, event, turn);
    case 'watch': {
      const next = noteWatchEvent(state, event.event, turn);
      if (event.event.id !== 'changed' && event.event.id !== 'deleted') return next;
      return onEvent(next, event.event.lease, event.event.id === 'deleted', turn);
    }
    case 'stop-requested':
      return onStopRequested(state, event, turn);
    case 'command':
      return onCommand(state, event.event, turn);
    case 'label-withdrawn':
      return state.id === 'stepping-down' ? sendPendingStop(state, turn) : state;
  }
}

/** Only the answer to the request that is under way counts: all others were given up. */
function onAnswer(
  state: State,
  { request, answer }: Extract<ElectionEvent, { id: 'answer' }>,
  turn: Turn,
): State {
  switch (state.id) {
    case 'standby':
      return isAnswerTo(state.requestState, request) ? onStandbyAnswer(state, answer, turn) : state;
    case 'leading':
    case 'stepping-down':
      return isAnswerTo(state.requestState, request) ? onRenewalAnswer(state, answer, turn) : state;
    case 'releasing':
      return isAnswerTo(state.requestState, request)
        ? onReleasingAnswer(state, answer, turn)
        : state;
    case 'losing':
    case 'ended':
      return state;
  }
}

function onEvent(state: State, lease: RawLease, isDeleted: boolean, turn: Turn): State {
  switch (state.id) {
    case 'standby':
      return onStandbyEvent(state, lease, isDeleted, turn);
    case 'leading':
    case 'stepping-down':
      return onRenewalEvent(state, lease, isDeleted, turn);
    case 'losing':
      return onLosingEvent(state, lease, isDeleted, turn);
    case 'releasing':
      return onReleasingEvent(state, lease, isDeleted, turn);
    case 'ended':
      return state;
  }
}

function onStopRequested(
  state: State,
  { signal, forwardAs }: Extract<ElectionEvent, { id: 'stop-requested' }>,
  turn: Turn,
): State {
  switch (state.id) {
    case 'standby':
      return abandonCandidacy(state, { id: 'interrupted', signal }, turn);
    case 'leading':
      return stopLeading(state, signal, forwardAs, turn);
    // Asked again: the command is asked again.
    case 'stepping-down':
      return stopAgain(state, signal, forwardAs, turn);
    case 'losing':
      return stopLosing(state, forwardAs, turn);
    case 'releasing':
      return stopReleasing(state, signal, turn);
    case 'ended':
      return state;
  }
}
