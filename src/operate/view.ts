/**
 * What a state means to whoever operates the cluster, at an instant: made of the deadlines in it, never of a flag that someone
 * would have to reset.
 */
import { holderOf } from '../election/observed-lease.ts';
import { readRecord } from '../election/record.ts';
import { killDeadlineMs } from '../election/settings.ts';
import type { State } from '../election/state.ts';
import { believedUntilMs } from '../election/term.ts';

export interface View {
  /** Empty: no one, as far as it is known. */
  readonly holder: string;
  /** Leading now: confirmed within the renew deadline, and not stopping. */
  readonly isLeading: boolean;
  /** Since when the holder leads and when it renewed, as the record says. */
  readonly since: string | null;
  readonly renewed: string | null;
  /** Of this process's own term; null on a standby. */
  readonly fencingToken: string | null;
  /** Until the stop signal unless a renewal comes, ms; null: not leading. */
  readonly validForMs: number | null;
}

const noOne = { holder: '', since: null, renewed: null };

/** `nowMs`: on the boot clock. */
export function viewOf(state: State, nowMs: number): View {
  const nothing = { ...noOne, isLeading: false, fencingToken: null, validForMs: null };
  switch (state.id) {
    case 'standby':
      return { ...nothing, ...seenBy(state) };
    case 'leading':
    case 'stepping-down': {
      const { confirmed, term } = state.tenure;
      const validForMs = believedUntilMs(state) - nowMs;
      const isLeading = state.id === 'leading' && validForMs > 0;
      return {
        holder: state.candidate.identity,
        isLeading,
        since: term.acquireTime,
        renewed: confirmed.renewTime,
        fencingToken: term.fencingToken,
        validForMs: isLeading ? validForMs : null,
      };
    }
    case 'losing': {
      const { loss } = state;
      return { ...nothing, holder: loss.id === 'expired' ? '' : loss.holder };
    }
    case 'releasing':
    case 'ended':
      return nothing;
  }
}

function seenBy({ observed }: State & { id: 'standby' }) {
  const holder = holderOf(observed) ?? '';
  const { current } = observed;
  if (holder === '' || current.id !== 'present') return { ...noOne, holder };
  const { acquireTime, renewTime } = readRecord(current.lease);
  return { holder, since: acquireTime, renewed: renewTime };
}

/** By then the tree of this term must be gone; Infinity: there is no term. */
export function killDueMs(state: State): number {
  if (state.id !== 'leading' && state.id !== 'stepping-down' && state.id !== 'losing')
    return Infinity;
  return killDeadlineMs(state.candidate, state.tenure.confirmed.sentAtMs);
}

/** Whether the API server has shown the Lease, and this process is neither stopping nor past its deadline. */
export function isServing(state: State, nowMs: number): boolean {
  switch (state.id) {
    case 'standby':
      return state.hasContact;
    case 'leading':
      return believedUntilMs(state) > nowMs;
    case 'stepping-down':
    case 'losing':
    case 'releasing':
    case 'ended':
      return false;
  }
}
