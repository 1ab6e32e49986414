/**
 * A voluntary stop: the command is stopped with all the grace it was promised, and the lease is renewed as long as anything
 * of its tree is seen, however long that takes. The release comes after.
 */
import type { Ending } from './event.ts';
import { lose } from './losing.ts';
import { releaseTerm } from './releasing.ts';
import { advanceRenewal, renewalDeadlineMs } from './renewing.ts';
import type { KillReason, Outcome } from './report.ts';
import type { Leading, LiveCommand, Losing, State, StepDownCause, SteppingDown } from './state.ts';
import { believedUntilMs, expiry, killWhenDue, pidOf } from './term.ts';
import type { Turn } from './turn.ts';

/** Begins the stop. `forwardAs` is what the command is sent now (null: it has had it, or gets nothing). */
export function stepDown(
  leading: Leading & { readonly command: LiveCommand },
  cause: StepDownCause,
  forwardAs: NodeJS.Signals | null,
  turn: Turn,
): SteppingDown {
  const { command, candidate } = leading;
  if (forwardAs !== null) turn.emit({ id: 'signal-command', signal: forwardAs });
  if (cause.id !== 'own-end') {
    turn.report({
      id: 'stopping-command',
      reason: cause,
      pid: pidOf(command),
      killsInMs: candidate.gracePeriodMs,
    });
  }
  return {
    ...leading,
    id: 'stepping-down',
    command,
    cause,
    stopAtMs: turn.nowMs,
    killAtMs: turn.nowMs + candidate.gracePeriodMs,
  };
}

/** What the passing of time alone brings about: loss, the kill after the grace, renewals. */
export function advanceSteppingDown(state: SteppingDown, turn: Turn): State {
  if (turn.nowMs >= believedUntilMs(state)) return lose(state, expiry(state, turn), turn);
  return advanceRenewal(killWhenDue(state, killReasonOf(state), turn), turn);
}

export function steppingDownDeadlineMs(state: SteppingDown): number {
  return Math.min(believedUntilMs(state), renewalDeadlineMs(state), state.killAtMs ?? Infinity);
}

/** The command itself has ended; what it left behind has to stop too, within the same grace. */
export function noteEnding<S extends SteppingDown | Losing>(
  state: S,
  ending: Ending,
  turn: Turn,
): S {
  if (state.killAtMs !== null) turn.emit({ id: 'stop-tree' });
  return { ...state, command: { id: 'ended', pid: pidOf(state.command), ending } };
}

/** The whole tree is gone: release, and end with what the stop was for. */
export function finishSteppingDown(state: SteppingDown, turn: Turn): State {
  return releaseTerm(state, outcomeOf(state), turn);
}

function outcomeOf({ cause, command }: SteppingDown): Outcome {
  if (cause.id === 'unguarded') return { id: 'lost' };
  if (command.id === 'ended') return { id: 'command', ending: command.ending };
  // Gone without an ending: the gate did not start the command any more.
  return cause.id === 'signal' ? { id: 'interrupted', signal: cause.signal } : { id: 'lost' };
}

function killReasonOf({ command, cause }: SteppingDown): KillReason {
  return command.id === 'ended' || cause.id === 'own-end' ? { id: 'remaining' } : cause;
}
