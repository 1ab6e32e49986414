/** The last step of every candidacy, or the first of the next one. */
import { rejoin } from './beginning.ts';
import type { Outcome } from './report.ts';
import type { Candidate, Rejoin, State } from './state.ts';
import type { Turn } from './turn.ts';

/** Ends the candidacy: nothing is under way any more, and no command lives. */
export function end(state: State, outcome: Outcome | Rejoin, turn: Turn): State {
  if (outcome.id === 'rejoin') return rejoin(state, outcome, turn);
  turn.emit({ id: 'finish', outcome });
  const { candidate, requests, watch } = state;
  return { id: 'ended', candidate, requests, watch, outcome };
}

/** What becomes of a candidate that has lost its lease. */
export function outcomeOfLoss({ rejoins = false }: Candidate): Outcome | Rejoin {
  return rejoins ? { id: 'rejoin', staysOutMs: 0 } : { id: 'lost' };
}
