/** The end of a candidacy, and small facts shared by the states. */
import type { Failure } from './lease.ts';
import type { Outcome } from './report.ts';
import type { Ended, State } from './state.ts';
import { type Turn } from './turn.ts';

/** The last step: nothing is under way, no child lives. */
export function end(state: State, outcome: Outcome, turn: Turn): Ended {
  turn.do({ id: 'finish', outcome });
  const { candidate, requests, watch } = state;
  return { id: 'ended', candidate, requests, watch, outcome };
}

/** Whether a failure is the same as the one before, so that it need not be said again. */
export function isSameFailure(before: Failure | null, now: Failure): boolean {
  if (before?.reason !== now.reason) return false;
  if (before.reason === 'status' && now.reason === 'status') return before.status === now.status;
  if (before.reason === 'network' && now.reason === 'network') return before.code === now.code;
  return true;
}
