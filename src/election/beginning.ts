/** How a candidacy begins, and begins again after a term (`--on-lost rejoin`). */
import { nothingObserved } from './observed-lease.ts';
import type { SentRecord } from './record.ts';
import { freshStreak } from './retrying.ts';
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

/** A candidate of the same identity that has forgotten what it knew, as one that was started again would have. */
export function rejoin(state: State, { staysOutMs }: Rejoin, turn: Turn): Standby {
  const { candidate, requests, watch } = state;
  turn.emit({ id: 'prepare-command' });
  turn.report({ id: 'rejoining', staysOutMs });
  return {
    ...initialStandby(candidate, turn.nowMs),
    requests,
    watch,
    hasContact: true,
    staysOutUntilMs: turn.nowMs + staysOutMs,
    former: writesOf(state),
  };
}

/** The writes that the stored record may show; none after another was seen: whoever shows ours then has gone back in time. */
function writesOf(state: State): readonly SentRecord[] {
  return state.id === 'releasing' ? state.written : [];
}
