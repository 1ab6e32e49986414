/** When a candidacy ends without leadership: `--wait` is over, nothing can come of it, or a signal asks for its end. */
import { idle } from './acquiring.ts';
import { hasLostAttempt, unansweredWithPending } from './attempts.ts';
import { end } from './ending.ts';
import type { Failure } from './lease.ts';
import { freeAtMs, holderOf } from './observed-lease.ts';
import { releaseCandidacy } from './begin-release.ts';
import type { Outcome } from './report.ts';
import type { Run } from './runs.ts';
import type { Standby, State } from './state.ts';
import type { Turn } from './turn.ts';
import { abandon } from './writing.ts';

/** A signal, or a command that cannot be started, ends the candidacy. */
export function abandonCandidacy(standby: Standby, outcome: Outcome, turn: Turn): State {
  const { requestState } = standby;
  const isJoined = requestState.id === 'writing' && !hasLostAttempt(standby);
  if (!isJoined) abandon(requestState, turn);
  const unanswered = unansweredWithPending(standby);
  if (unanswered.length === 0) return end(standby, outcome, turn);
  return releaseCandidacy(isJoined ? standby : idle(standby, turn), unanswered, outcome, turn);
}

/** What was to be run once was: whether someone leads does not matter then. */
export function endAsDone(standby: Standby, run: Run, turn: Turn): State {
  turn.report({ id: 'done', run });
  return abandonCandidacy(standby, { id: 'done' }, turn);
}

/** When to end with "not acquired"; never on a holder that was not seen alive (design section 3, "Dead holders"). */
export function giveUpAtMs(standby: Standby): number {
  const { candidate, observed, requestState, beganAtMs } = standby;
  const waitOverMs = beganAtMs + candidate.waitMs;
  if (requestState.id === 'writing') return Infinity;
  const { current } = observed;
  // `--try` gets its one read, however long that takes.
  if (current.id === 'nothing')
    return requestState.failures > 0 || candidate.waitMs > 0 ? waitOverMs : Infinity;
  if (current.id === 'present' && current.isHolderAlive) return waitOverMs;
  if (requestState.failures > 0) {
    return Math.max(waitOverMs, freeAtMs(observed, candidate.leaseDurationMs));
  }
  return Infinity;
}

export function giveUp(standby: Standby, turn: Turn): State {
  const { observed, requestState } = standby;
  const waitedMs = turn.nowMs - standby.beganAtMs;
  const { current } = observed;
  const isHeld = current.id === 'present' && current.isHolderAlive;
  // No one else is known to lead: a cron job must not take an outage, or missing rights, for "done by another".
  const why = requestState.failure ?? (current.id === 'nothing' ? turn.timeout(waitedMs) : null);
  if (!isHeld && why !== null) {
    return abandonCandidacy(standby, { id: 'failed', why }, turn);
  }
  const holder = holderOf(observed);
  turn.report({ id: 'not-acquired', holder, waitedMs });
  return abandonCandidacy(standby, { id: 'not-acquired' }, turn);
}

export function isFatal(failure: Failure, { hasContact, requestState }: Standby): boolean {
  switch (failure.reason) {
    case 'certificate':
    case 'credentials':
    case 'unauthorized':
      return !hasContact;
    case 'forbidden':
    case 'rejected':
      return !hasContact || requestState.id === 'writing';
    case 'no-namespace':
      return true;
    case 'timeout':
    case 'awaiting-credentials':
    case 'network':
    case 'status':
    case 'unconfirmed':
    case 'malformed':
      return false;
  }
}
