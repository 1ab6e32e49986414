/** What the states of a term have in common: until when it is believed in, how it is lost, the command that lives, and its kill. */
import type { RawLease } from './lease.ts';
import { addOlder, nothingObserved } from './observed-lease.ts';
import { readRecord, resourceVersionOf } from './record.ts';
import type { KillReason, Loss } from './report.ts';
import type { Leading, LiveCommand, Losing, SteppingDown, Tenure } from './state.ts';
import type { Turn } from './turn.ts';

/** The states in which the lease is renewed. */
export type Tenured = Leading | SteppingDown;

/** t+R: from then on leadership is not believed in any more. */
export function believedUntilMs({ tenure, candidate }: Tenured): number {
  return tenure.confirmed.sentAtMs + candidate.renewDeadlineMs;
}

/** The loss by time, with what is known of its cause. */
export function expiry({ tenure, requestState }: Tenured, turn: Turn): Loss {
  return {
    id: 'expired',
    sinceRenewalMs: turn.nowMs - tenure.confirmed.sentAtMs,
    lastFailure: requestState.failure,
    jump: turn.jump,
  };
}

/** The loss by a state that is older than what is known, and held by this one, or by no one. */
export function lossByOlder(
  { newestVersion }: Tenure,
  lease: RawLease,
  holder = readRecord(lease).holder,
): Loss {
  return { id: 'went-back', holder, shownVersion: resourceVersionOf(lease), newestVersion };
}

/** An event tells of an older state: it is late, or the server has gone back in time. */
export function withOlder(tenure: Tenure, lease: RawLease, { nowMs }: Turn): Tenure {
  const observed = addOlder(tenure.observed, lease);
  return { ...tenure, observed, olderEvent: { lease, seenAtMs: nowMs } };
}

/** What was told of older states was late. */
export function withoutOlder(tenure: Tenure): Tenure {
  return { ...tenure, olderEvent: null, observed: nothingObserved };
}

/** Whether the command got "go". */
export function isLive(command: Leading['command']): command is LiveCommand {
  return command.id !== 'preparing' && command.id !== 'ready';
}

export function pidOf(command: LiveCommand): number {
  return command.id === 'starting' ? 0 : command.pid;
}

/** SIGKILL to the whole tree once its grace is over. */
export function killWhenDue<S extends SteppingDown | Losing>(
  state: S,
  reason: KillReason,
  turn: Turn,
): S {
  const { killAtMs, command, stopAtMs } = state;
  if (killAtMs === null || turn.nowMs < killAtMs) return state;
  turn.emit({ id: 'kill-tree' });
  const afterMs = turn.nowMs - stopAtMs;
  turn.report({ id: 'killing-tree', reason, pid: pidOf(command), afterMs });
  return { ...state, killAtMs: null };
}
