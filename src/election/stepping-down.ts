/**
 * A voluntary stop: the command is stopped with all the grace it was promised, and the lease is renewed as long as anything
 * of its tree is seen, however long that takes. The release comes after.
 */
import type { Ending } from './event.ts';
import { outcomeOfLoss } from './ending.ts';
import { lose } from './losing.ts';
import { releaseTerm } from './begin-release.ts';
import { advanceRenewal, renewalDeadlineMs } from './renewing.ts';
import type { KillReason, Outcome } from './report.ts';
import type {
  Candidate,
  Leading,
  LiveCommand,
  Losing,
  Rejoin,
  State,
  StepDownCause,
  SteppingDown,
  StopCommand,
} from './state.ts';
import { believedUntilMs, expiry, killWhenDue, pidOf } from './term.ts';
import type { Turn } from './turn.ts';

/** The label may keep the stop signal back for this long, ms, or for half of the grace if that is shorter. */
const longestWithdrawalMs = 1_000;

/** Begins the stop. `stop` is what the command is sent (null: it has had it, or gets nothing). */
export function stepDown(
  leading: Leading & { readonly command: LiveCommand },
  cause: StepDownCause,
  stop: StopCommand | null,
  turn: Turn,
): SteppingDown {
  const { command, candidate } = leading;
  const { hasPodLabel = false, gracePeriodMs } = candidate;
  const waits = hasPodLabel && stop !== null && cause.id !== 'unguarded';
  const withdrawalMs = Math.min(longestWithdrawalMs, gracePeriodMs / 2);
  if (hasPodLabel) turn.emit({ id: 'withdraw-label' });
  if (!waits && stop !== null) emitStop(stop, turn);
  if (cause.id !== 'own-end') {
    turn.report({
      id: 'stopping-command',
      reason: cause,
      pid: pidOf(command),
      killsInMs: gracePeriodMs,
    });
  }
  return {
    ...leading,
    id: 'stepping-down',
    command,
    cause,
    stopAtMs: turn.nowMs,
    killAtMs: turn.nowMs + gracePeriodMs,
    pendingStop: waits ? { stop, untilMs: turn.nowMs + withdrawalMs } : null,
  };
}

/** What the passing of time alone brings about: loss, the stop signal, the kill after the grace, renewals. */
export function advanceSteppingDown(state: SteppingDown, turn: Turn): State {
  if (turn.nowMs >= believedUntilMs(state)) return lose(state, expiry(state, turn), turn);
  const { pendingStop } = state;
  const isDue = pendingStop !== null && turn.nowMs >= pendingStop.untilMs;
  const told = isDue ? sendPendingStop(state, turn) : state;
  return advanceRenewal(killWhenDue(told, killReasonOf(told), turn), turn);
}

export function steppingDownDeadlineMs(state: SteppingDown): number {
  const stopMs = state.pendingStop?.untilMs ?? Infinity;
  return Math.min(
    believedUntilMs(state),
    renewalDeadlineMs(state),
    stopMs,
    state.killAtMs ?? Infinity,
  );
}

/** The label is gone, or waited for long enough, or someone asks once more: the command is stopped now. */
export function sendPendingStop(state: SteppingDown, turn: Turn): SteppingDown {
  if (state.pendingStop === null) return state;
  emitStop(state.pendingStop.stop, turn);
  return { ...state, pendingStop: null };
}

/** A signal asks for the stop that is under way: it is what leader-run ends with. */
export function stopAgain(
  state: SteppingDown,
  signal: NodeJS.Signals,
  forwardAs: NodeJS.Signals | null,
  turn: Turn,
): SteppingDown {
  const told = sendPendingStop(state, turn);
  if (forwardAs !== null) turn.emit({ id: 'signal-command', signal: forwardAs });
  const { cause, candidate } = told;
  const mayRejoin = candidate.rejoins === true && cause.id !== 'own-end';
  return mayRejoin && cause.id !== 'signal' ? { ...told, cause: { id: 'signal', signal } } : told;
}

function emitStop(stop: StopCommand, turn: Turn): void {
  turn.emit(
    stop.id === 'signal' ? { id: 'signal-command', signal: stop.signal } : { id: 'stop-command' },
  );
}

/** The command itself has ended; what it left behind has to stop too, within the same grace. */
export function noteEnding<S extends SteppingDown | Losing>(
  state: S,
  ending: Ending,
  turn: Turn,
): S {
  if (state.killAtMs !== null) turn.emit({ id: 'stop-tree' });
  const command = { id: 'ended', pid: pidOf(state.command), ending } as const;
  return state.id === 'stepping-down'
    ? { ...state, command, pendingStop: null }
    : { ...state, command };
}

/** The whole tree is gone: release, and end with what the stop was for. */
export function finishSteppingDown(state: SteppingDown, turn: Turn): State {
  const { cause } = state;
  const handsTo = cause.id === 'transfer' ? cause.to : null;
  return releaseTerm(state, outcomeOf(state), turn, handsTo);
}

function outcomeOf({ cause, command, candidate }: SteppingDown): Outcome | Rejoin {
  const ending = command.id === 'ended' ? command.ending : null;
  switch (cause.id) {
    case 'unguarded':
      return outcomeOfLoss(candidate);
    case 'transfer':
    case 'max-term':
      return outcomeOfOwn(candidate, ending);
    case 'signal':
      // Gone without an ending: the gate did not start the command any more.
      return ending === null
        ? { id: 'interrupted', signal: cause.signal }
        : { id: 'command', ending };
    case 'own-end':
      return ending === null ? { id: 'lost' } : { id: 'command', ending };
  }
}

/** After a stop for which nobody asked leader-run itself; it leaves the lease to others for a while if it goes on. */
export function outcomeOfOwn(
  { rejoins = false, retryPeriodMs }: Candidate,
  ending: Ending | null,
): Outcome | Rejoin {
  if (rejoins) return { id: 'rejoin', staysOutMs: 2 * retryPeriodMs };
  return ending === null ? { id: 'interrupted', signal: 'SIGTERM' } : { id: 'command', ending };
}

function killReasonOf({ command, cause }: SteppingDown): KillReason {
  return command.id === 'ended' || cause.id === 'own-end' ? { id: 'remaining' } : cause;
}
