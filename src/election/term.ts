/** What the states of a term have in common: until when it is believed in, how it is lost, the command that lives, and its kill. */
import type { RawLease } from './lease.ts';
import { addOlder } from './observed-lease.ts';
import { readRecord, resourceVersionOf } from './record.ts';
import { isOfTerm } from './sent-record.ts';
import type { KillReason, Loss } from './report.ts';
import type { Leading, LiveCommand, Losing, OlderEvent, SteppingDown, Tenure } from './state.ts';
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

/** The loss by a state that is older than what is known. */
export function lossByOlder(tenure: Tenure, lease: RawLease): Loss {
  return lossByOlderEvent(tenure, olderEventOf(tenure, lease));
}

export function lossByOlderEvent(
  { newestVersion }: Tenure,
  { holder, version }: Pick<OlderEvent, 'holder' | 'version'>,
): Loss {
  return { id: 'went-back', holder, shownVersion: version, newestVersion };
}

function olderEventOf(
  { confirmed }: Tenure,
  lease: RawLease,
): Pick<OlderEvent, 'holder' | 'version'> {
  const record = readRecord(lease);
  // Where it is our own, there is no other holder to name.
  const holder = isOfTerm(record, confirmed) ? '' : record.holder;
  return { holder, version: resourceVersionOf(lease) };
}

/** An event tells of an older state: it is late, or the server has gone back in time. */
export function withOlder(tenure: Tenure, lease: RawLease, { nowMs }: Turn): Tenure {
  const observed = addOlder(tenure.observed, lease);
  return { ...tenure, observed, olderEvent: { ...olderEventOf(tenure, lease), seenAtMs: nowMs } };
}

/** What was told of older states was late. */
export function withoutOlder(tenure: Tenure): Tenure {
  const observed = { ...tenure.observed, holdersInOlderStates: [] };
  return { ...tenure, olderEvent: null, observed };
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
