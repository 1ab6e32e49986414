/**
 * A voluntary stop: the child is stopped with all the grace it was promised, and the lease is renewed as long as anything
 * of its tree is seen, however long that takes. The release comes after.
 */
import type { Ending } from './event.ts';
import { expiry, lose } from './losing.ts';
import { beginRelease } from './releasing.ts';
import { advanceRenewal, believedUntilMs, renewalDeadlineMs } from './renewing.ts';
import type { Outcome, StopReason } from './report.ts';
import type { Leading, LiveChild, Losing, State, StepDownCause, SteppingDown } from './state.ts';
import type { Turn } from './turn.ts';

/** Begins the stop. `forwardAs` is what the child is sent now (null: it has had it, or gets nothing). */
export function stepDown(
  leading: Leading & { readonly child: LiveChild },
  cause: StepDownCause,
  forwardAs: NodeJS.Signals | null,
  turn: Turn,
): SteppingDown {
  const { child, candidate } = leading;
  if (forwardAs !== null) turn.do({ id: 'signal-child', signal: forwardAs });
  if (cause.id !== 'own-end') {
    turn.say({
      id: 'stopping-child',
      reason: reasonOf(cause),
      pid: pidOf(child),
      killsInMs: candidate.gracePeriodMs,
    });
  }
  return {
    ...leading,
    id: 'stepping-down',
    child,
    cause,
    stopAtMs: turn.nowMs,
    killAtMs: turn.nowMs + candidate.gracePeriodMs,
  };
}

/** What the passing of time alone brings about: loss, the kill after the grace, renewals. */
export function advanceSteppingDown(state: SteppingDown, turn: Turn): State {
  if (turn.nowMs >= believedUntilMs(state)) return lose(state, expiry(state, turn), turn);
  return advanceRenewal(killWhenDue(state, turn), turn);
}

export function steppingDownDeadlineMs(state: SteppingDown): number {
  return Math.min(believedUntilMs(state), renewalDeadlineMs(state), state.killAtMs ?? Infinity);
}

/** The command itself has ended; what it left behind is told to stop too, within the same grace. */
export function noteEnding<S extends SteppingDown | Losing>(
  state: S,
  ending: Ending,
  turn: Turn,
): S {
  if (state.killAtMs !== null) turn.do({ id: 'stop-child', whom: 'tree' });
  return { ...state, child: { id: 'ended', pid: pidOf(state.child), ending } };
}

/** The whole tree is gone: release, and end with what the stop was for. */
export function finishSteppingDown(state: SteppingDown, turn: Turn): State {
  return beginRelease(state, outcomeOf(state), turn);
}

export function pidOf(child: LiveChild): number {
  return child.id === 'starting' ? 0 : child.pid;
}

function outcomeOf({ cause, child }: SteppingDown): Outcome {
  if (cause.id === 'unguarded') return { id: 'lost' };
  if (child.id === 'ended') return { id: 'child', ending: child.ending };
  // Gone without an ending: the gate did not start the command any more.
  return cause.id === 'signal' ? { id: 'interrupted', signal: cause.signal } : { id: 'lost' };
}

function killWhenDue(state: SteppingDown, turn: Turn): SteppingDown {
  const { killAtMs, child, cause, stopAtMs } = state;
  if (killAtMs === null || turn.nowMs < killAtMs) return state;
  turn.do({ id: 'kill-child' });
  turn.say({
    id: 'killing-child',
    reason: child.id === 'ended' || cause.id === 'own-end' ? { id: 'rest' } : reasonOf(cause),
    pid: pidOf(child),
    afterMs: turn.nowMs - stopAtMs,
  });
  return { ...state, killAtMs: null };
}

function reasonOf(cause: Exclude<StepDownCause, { id: 'own-end' }>): StopReason {
  return cause.id === 'signal' ? cause : { id: 'lost', loss: cause.loss };
}
