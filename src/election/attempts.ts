/** The attempts of a candidate to acquire the lease: which of them has won, which have lost, and which may have landed or may yet. */
import type { Answer, Failure, RawLease } from './lease.ts';
import { type Observer, freeAtMs, isSeenSince } from './observed-lease.ts';
import { isStartRecorded } from './once.ts';
import { type SentRecord, isNewerThan, readRecord } from './record.ts';
import { conflictOfRead, unstoredRead } from './retrying.ts';
import { isStoredWhole, isWrite, showsUnstored } from './sent-record.ts';
import type { Candidate, Standby } from './state.ts';
import type { Turn } from './turn.ts';
import { whyUnconfirmed, withUnanswered } from './writing.ts';

/** Of the attempts that may have landed no more than this many are remembered: while the API fails there is no end to them. */
const mostUnanswered = 64;

/**
 * The Lease was seen by a newer version than the write under way is written over: it cannot land any more, unless the server goes back in
 * time, and then the holder that was seen may lead; or it has landed, and does not win.
 */
export function hasLostAttempt({ requestState, observed: { current } }: Standby): boolean {
  return (
    requestState.id === 'writing' &&
    current.id === 'present' &&
    isNewerThan(current.lease, requestState.sent.overVersion)
  );
}

/** The attempts that may have landed, or may yet, the one under way among them. */
export function unansweredWithPending(standby: Standby): readonly SentRecord[] {
  const { unanswered, requestState } = standby;
  const all = hasLostAttempt(standby) ? unanswered : withUnanswered(unanswered, requestState);
  return all.slice(-mostUnanswered);
}

/**
 * The attempt whose answer has not come, and that has won all the same: this is the first that is seen of the Lease since it was sent. If anything
 * else was seen, or heard, an old cache or a server that has gone back in time may be behind that.
 */
export function wonUnanswered(
  standby: Standby,
  lease: RawLease,
  { nowMs }: Turn,
): SentRecord | undefined {
  const { observed, unanswered, candidate } = standby;
  // Before the Lease was seen for the first time it is not known to be free either.
  const isDoubtful = nowMs < freeAtMs(observed, candidate.leaseDurationMs);
  if (isDoubtful || observed.holdersInOlderStates.length > 0) return undefined;
  return unanswered.find(
    (sent) =>
      !isSeenSince(observed, sent.sentAtMs) &&
      nowMs < sent.sentAtMs + candidate.renewDeadlineMs / 2 &&
      isStoredAttempt(candidate, lease, sent),
  );
}

/** Whether the Lease shows this attempt with all that it relies on. */
export function isStoredAttempt(candidate: Candidate, lease: RawLease, sent: SentRecord): boolean {
  return isStoredWhole(lease, sent) && isStartRecorded(candidate, lease);
}

/**
 * What the Lease is seen with. Of an attempt that was given up nothing leads: what it has left may be taken by another, over the very version
 * that shows it.
 */
export function observerOf(standby: Standby, { at }: Turn): Omit<Observer, 'serverTimeMs'> {
  const { candidate, former, unanswered } = standby;
  return { at, leaseDurationMs: candidate.leaseDurationMs, former: [...former, ...unanswered] };
}

/** Each attempt names the version that it is written over: when the Lease has moved on without it, it cannot land any more. */
export function unansweredAfter({ unanswered }: Standby, lease: RawLease): readonly SentRecord[] {
  const record = readRecord(lease);
  return unanswered.filter(
    (sent) => isWrite(record, sent) || !isNewerThan(lease, sent.overVersion),
  );
}

/** Why this answer is none to what was asked; null: it is one. */
export function failureIn(
  { candidate, requestState, unanswered }: Standby,
  answer: Exclude<Answer, { id: 'failed' }>,
): Failure | null {
  if (requestState.id === 'writing' && answer.id === 'lease')
    return whyUnconfirmed(requestState, answer.lease, isStartRecorded(candidate, answer.lease));
  if (requestState.id !== 'reading') return null;
  if (answer.id === 'lease' && showsUnstored(answer.lease, unanswered)) return unstoredRead;
  return answer.id === 'conflict' && !requestState.isEntry ? conflictOfRead : null;
}
