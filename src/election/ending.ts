/** The last step of every candidacy. */
import type { Outcome } from './report.ts';
import type { Ended, State } from './state.ts';
import type { Turn } from './turn.ts';

/** Ends the candidacy: nothing is under way any more, and no command lives. */
export function end(state: State, outcome: Outcome, turn: Turn): Ended {
  turn.emit({ id: 'finish', outcome });
  const { candidate, requests, watch } = state;
  return { id: 'ended', candidate, requests, watch, outcome };
}
