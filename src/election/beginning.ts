/** How a candidacy begins, and begins again after a term (`--on-lost rejoin`). */
import { type ObservedLease, holderOf, nothingObserved } from './observed-lease.ts';
import type { SentRecord } from './record.ts';
import { freshStreak } from './retrying.ts';
import { reportHolder } from './sightings.ts';
import type { Candidate, Rejoin, Standby, State } from './state.ts';
import type { Turn } from './turn.ts';

/** Before anything has happened. */
export function initialStandby(candidate: Candidate, nowMs: number): Standby {
  return {
    id: 'standby',
    candidate,
    requests: 0,
    watch: { id: 'closed' },
    requestState: { id: 'idle', nextAtMs: nowMs, ...freshStreak },
    command: { id: 'preparing' },
    observed: nothingObserved,
    unanswered: [],
    beganAtMs: nowMs,
    hasContact: false,
    serverAheadMs: null,
    mayHaveMissedRuns: false,
    contentionJitterMs: 0,
    backOffUntilMs: -Infinity,
    staysOutUntilMs: -Infinity,
    former: [],
    nominatesAtMs: Infinity,
    nominatedIn: null,
  };
}

/** A candidate of the same identity that has forgotten what it knew, as one that was started again would have, but for the others that it saw. */
export function rejoin(state: State, { staysOutMs }: Rejoin, turn: Turn): Standby {
  const { candidate, requests, watch } = state;
  turn.emit({ id: 'prepare-command' });
  turn.report({ id: 'rejoining', staysOutMs });
  const initial = initialStandby(candidate, turn.nowMs);
  const observed = observedIn(state);
  const written = writesOf(state);
  const isWithdrawn = state.id === 'releasing' && state.remembering?.id === 'withdraw';
  reportHolder(initial, holderOf(observed), turn);
  return {
    ...initial,
    requests,
    watch,
    hasContact: true,
    staysOutUntilMs: turn.nowMs + staysOutMs,
    // A start that came to nothing is no run.
    ...(isWithdrawn ? { unanswered: written } : { former: written }),
    // A read comes first.
    observed: { ...observed, current: { id: 'nothing' } },
  };
}

function observedIn(state: State): ObservedLease {
  if ('tenure' in state) return state.tenure.observed;
  return state.id === 'releasing' ? state.observed : nothingObserved;
}

/** The writes that the stored record may show; none after another was seen: whoever shows ours then has gone back in time. */
function writesOf(state: State): readonly SentRecord[] {
  return state.id === 'releasing' && state.observed.lastHolder === null ? state.written : [];
}
