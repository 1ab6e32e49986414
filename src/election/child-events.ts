/**
 * What the supervisor's news mean in each state. News that cannot come in a state are a bug and throw.
 */
import type { ElectionEvent, Ending } from './event.ts';
import { isLive } from './leading.ts';
import { expiry, finishLosing } from './losing.ts';
import { beginRelease } from './releasing.ts';
import type { Outcome, Report } from './report.ts';
import { withdraw } from './standby.ts';
import {
  InternalError,
  type Leading,
  type LiveChild,
  type Losing,
  type State,
  type SteppingDown,
} from './state.ts';
import { finishSteppingDown, noteEnding, pidOf, stepDown } from './stepping-down.ts';
import type { Turn } from './turn.ts';

type ChildEvent = Extract<ElectionEvent, { id: `child-${string}` }>;

export function onChild(state: State, event: ChildEvent, turn: Turn): State {
  switch (state.id) {
    case 'standby':
      if (event.id === 'child-ready') return { ...state, child: { id: 'ready' } };
      // Without guard or gate there will never be a child.
      if (event.id === 'child-failed' || event.id === 'child-unguarded')
        return withdraw(state, failure(event.message), turn);
      break;
    case 'leading':
      return onLeadersChild(state, event, turn);
    case 'stepping-down':
    case 'losing':
      return onStoppingChild(state, event, turn);
    case 'releasing':
    case 'ended':
      // No child lives any more; a gate that was dismissed may still say so.
      return state;
  }
  throw new InternalError(`${event.id} while ${state.id}`);
}

function onLeadersChild(leading: Leading, event: ChildEvent, turn: Turn): State {
  const { child } = leading;
  switch (event.id) {
    case 'child-ready':
      return { ...leading, child: { id: 'ready' } };
    case 'child-failed':
      return beginRelease(leading, failure(event.message), turn);
    case 'child-started':
      turn.say({ id: 'child-started', pid: event.pid });
      return { ...leading, child: { id: 'running', pid: event.pid } };
    case 'child-refused':
      turn.say({ id: 'lost', loss: expiry(leading, turn) });
      return beginRelease(leading, { id: 'lost' }, turn);
    case 'child-unguarded':
      if (!isLive(child)) return beginRelease(leading, failure(event.message), turn);
      return stopUnguarded({ ...leading, child }, event.message, turn);
    case 'child-ended':
      if (isLive(child)) return ended({ ...leading, child }, event.ending, turn);
      break;
    case 'child-left-behind':
    case 'child-lingering':
    case 'child-gone':
      break;
  }
  throw new InternalError(`${event.id} while leading with the child ${child.id}`);
}

function onStoppingChild(state: SteppingDown | Losing, event: ChildEvent, turn: Turn): State {
  switch (event.id) {
    case 'child-started':
      return { ...state, child: { id: 'running', pid: event.pid } };
    case 'child-ended':
      turn.say({ id: 'child-ended', pid: pidOf(state.child), ending: event.ending });
      return noteEnding(state, event.ending, turn);
    case 'child-left-behind':
      turn.say(stoppingRest(state, event));
      return state;
    case 'child-lingering': {
      const keepsRenewing = state.id === 'stepping-down';
      turn.say({ id: 'child-lingering', pids: event.pids, keepsRenewing });
      return state;
    }
    case 'child-refused':
    case 'child-failed':
    case 'child-gone':
      return state.id === 'losing' ? finishLosing(state, turn) : finishSteppingDown(state, turn);
    case 'child-unguarded':
      // It is being stopped already.
      return state;
    case 'child-ready':
      throw new InternalError(`${event.id} while ${state.id}`);
  }
}

function stoppingRest(
  state: SteppingDown | Losing,
  { processes, ranForMs }: Extract<ChildEvent, { id: 'child-left-behind' }>,
): Report {
  const { child } = state;
  const isOwnEnd = state.id === 'stepping-down' && state.cause.id === 'own-end';
  const hasSucceeded =
    child.id === 'ended' && child.ending.id === 'exited' && child.ending.code === 0;
  return {
    id: 'stopping-rest',
    processes,
    ranForMs: isOwnEnd && hasSucceeded ? ranForMs : null,
  };
}

/** The command has ended by itself; whatever it left behind is stopped before the lease is released. */
function ended(
  leading: Leading & { readonly child: LiveChild },
  ending: Ending,
  turn: Turn,
): SteppingDown {
  const pid = pidOf(leading.child);
  turn.say({ id: 'child-ended', pid, ending });
  turn.do({ id: 'stop-child', whom: 'tree' });
  const child = { id: 'ended', pid, ending } as const;
  return stepDown({ ...leading, child }, { id: 'own-end' }, null, turn);
}

/** The guard is lost: without it the child could outlive the lease, so it is stopped while all is still well. */
function stopUnguarded(
  leading: Leading & { readonly child: LiveChild },
  message: string,
  turn: Turn,
): SteppingDown {
  turn.do({ id: 'stop-child', whom: 'command' });
  return stepDown(leading, { id: 'unguarded', loss: { id: 'unguarded', message } }, null, turn);
}

function failure(message: string): Outcome {
  return { id: 'failed', why: { reason: 'child', message } };
}
