/**
 * What the supervisor's events mean in each state. An event that cannot come in a state is a bug and throws.
 */
import type { CommandEvent, Ending } from './event.ts';
import { outcomeOfLoss } from './ending.ts';
import { finishLosing } from './losing.ts';
import { releaseTerm } from './begin-release.ts';
import type { Outcome, Report } from './report.ts';
import { abandonCandidacy } from './giving-up.ts';
import {
  InternalError,
  type Leading,
  type LiveCommand,
  type Losing,
  type Standby,
  type State,
  type SteppingDown,
} from './state.ts';
import { finishSteppingDown, noteEnding, stepDown } from './stepping-down.ts';
import { expiry, isLive, pidOf } from './term.ts';
import type { Turn } from './turn.ts';

export function onCommand(state: State, event: CommandEvent, turn: Turn): State {
  switch (state.id) {
    case 'standby':
      if (event.id === 'ready') return { ...state, command: { id: 'ready' } };
      // Without guard or gate there will never be a command.
      if (event.id === 'failed' || event.id === 'unguarded')
        return abandonCandidacy(state, failure(event.message), turn);
      // A warm command.
      if (event.id === 'ended' && state.command.id === 'ready')
        return endedUnpromoted(state, event.ending, turn);
      break;
    case 'leading':
      return onLeadersCommand(state, event, turn);
    case 'stepping-down':
    case 'losing':
      return onStoppingCommand(state, event, turn);
    case 'releasing':
    case 'ended':
      // No command lives any more; a gate that was cancelled may still say so.
      return state;
  }
  throw new InternalError(`${event.id} while ${state.id}`);
}

function onLeadersCommand(leading: Leading, event: CommandEvent, turn: Turn): State {
  const { command } = leading;
  switch (event.id) {
    case 'ready':
      return { ...leading, command: { id: 'ready' } };
    case 'failed':
      return releaseTerm(leading, failure(event.message), turn);
    case 'started':
      turn.report({ id: 'command-started', pid: event.pid });
      return { ...leading, command: { id: 'running', pid: event.pid } };
    case 'too-late':
      turn.report({ id: 'lost', loss: expiry(leading, turn) });
      return releaseTerm(leading, outcomeOfLoss(leading.candidate), turn);
    case 'unguarded':
      if (!isLive(command)) return releaseTerm(leading, failure(event.message), turn);
      return stopUnguarded({ ...leading, command }, event.message, turn);
    case 'ended':
      if (isLive(command)) return ended({ ...leading, command }, event.ending, turn);
      if (command.id !== 'ready') break;
      turn.report({ id: 'command-ended', pid: 0, ending: event.ending });
      return releaseTerm(leading, { id: 'command', ending: event.ending }, turn);
    case 'lingering':
      // The guard has killed it, as leader-run stood still; the renewal that was sent before that has landed all the same.
      if (!isLive(command)) break;
      turn.report({ id: 'tree-lingering', pids: event.pids, keepsRenewing: true });
      return leading;
    case 'left-behind':
    case 'gone':
      break;
  }
  throw new InternalError(`${event.id} while leading with the command ${command.id}`);
}

function onStoppingCommand(state: SteppingDown | Losing, event: CommandEvent, turn: Turn): State {
  switch (event.id) {
    case 'started':
      return { ...state, command: { id: 'running', pid: event.pid } };
    case 'ended':
      turn.report({ id: 'command-ended', pid: pidOf(state.command), ending: event.ending });
      return noteEnding(state, event.ending, turn);
    case 'left-behind':
      turn.report(stoppingRest(state, event));
      return state;
    case 'lingering': {
      const keepsRenewing = state.id === 'stepping-down';
      turn.report({ id: 'tree-lingering', pids: event.pids, keepsRenewing });
      return state;
    }
    case 'too-late':
    case 'failed':
    case 'gone':
      return state.id === 'losing' ? finishLosing(state, turn) : finishSteppingDown(state, turn);
    case 'unguarded':
      // It is being stopped already.
      return state;
    case 'ready':
      throw new InternalError(`${event.id} while ${state.id}`);
  }
}

function stoppingRest(
  state: SteppingDown | Losing,
  { processes, ranForMs }: Extract<CommandEvent, { id: 'left-behind' }>,
): Report {
  const { command } = state;
  const isOwnEnd = state.id === 'stepping-down' && state.cause.id === 'own-end';
  const hasSucceeded =
    command.id === 'ended' && command.ending.id === 'exited' && command.ending.code === 0;
  return {
    id: 'stopping-remaining',
    processes,
    ranForMs: isOwnEnd && hasSucceeded ? ranForMs : null,
  };
}

/** A warm command that does not wait to be promoted gives its own status. */
function endedUnpromoted(standby: Standby, ending: Ending, turn: Turn): State {
  turn.report({ id: 'command-ended', pid: 0, ending });
  return abandonCandidacy(standby, { id: 'command', ending }, turn);
}

/** The command has ended by itself; whatever it left behind is stopped before the lease is released. */
function ended(
  leading: Leading & { readonly command: LiveCommand },
  ending: Ending,
  turn: Turn,
): SteppingDown {
  const pid = pidOf(leading.command);
  turn.report({ id: 'command-ended', pid, ending });
  turn.emit({ id: 'stop-tree' });
  const command = { id: 'ended', pid, ending } as const;
  return stepDown({ ...leading, command }, { id: 'own-end' }, null, turn);
}

/** The guard is lost: without it the command could outlive the lease, so it is stopped while all is still well. */
function stopUnguarded(
  leading: Leading & { readonly command: LiveCommand },
  message: string,
  turn: Turn,
): SteppingDown {
  return stepDown(leading, { id: 'unguarded', message }, { id: 'configured' }, turn);
}

function failure(message: string): Outcome {
  return { id: 'failed', why: { reason: 'command', message } };
}
