/**
 * How long the next attempt waits, after one that failed and after writes that led to nothing although they were answered;
 * and whether a failure is a new one.
 */
import type { Failure } from './lease.ts';
import type { RequestState, Candidate, Idle, FailureStreak } from './state.ts';
import type { Turn } from './turn.ts';

/** The pause after the first failure is at least this, ms; each further one doubles it. */
const firstBackOffMs = 50;

/** Doubled more often than this it would be no number any more. */
const mostDoublings = 16;

/** So many writes may follow each other at once. */
const mostHastyRounds = 2;

/** Only a write conflicts: whatever answered this read has mixed up its answers, and the Lease may well be there. */
export const conflictOfRead: Failure = {
  reason: 'malformed',
  message: 'a read was answered with a conflict',
};

/** An old cache has answered, or the server has gone back in time. */
export const outdatedRead: Failure = {
  reason: 'malformed',
  message: 'the server showed an outdated record',
};

/** A proxy has answered with what it was sent. */
export const unstoredRead: Failure = {
  reason: 'malformed',
  message: 'a read showed a write that is not stored',
};

/** Before the first attempt, and after all went well. */
export const freshStreak: FailureStreak = {
  failures: 0,
  failure: null,
  rounds: 0,
  writableAtMs: -Infinity,
};

export function streakOf({
  failures,
  failure,
  rounds,
  writableAtMs,
}: FailureStreak): FailureStreak {
  return { failures, failure, rounds, writableAtMs };
}

/** The streak without its failures: the server answers. */
export function withoutFailures(streak: FailureStreak): FailureStreak {
  return { ...streakOf(streak), failures: 0, failure: null };
}

/**
 * One more write is sent. Whatever may come of it and call for another one at once (a conflict, a record that is gone or
 * emptied again): from the third in a row on they keep the pauses of failed attempts. This is the only place that counts,
 * so that no course of answers and events can make a loop without a pause.
 */
export function countRound(
  streak: FailureStreak,
  { retryPeriodMs }: Candidate,
  turn: Turn,
): FailureStreak {
  const rounds = streak.rounds + 1;
  const pauseMs = backOffMs(rounds - mostHastyRounds + 1, retryPeriodMs, turn.at.random);
  const writableAtMs = rounds < mostHastyRounds ? -Infinity : turn.nowMs + pauseMs;
  return { ...streakOf(streak), rounds, writableAtMs };
}

/** The longest pauses: of our own, and by what the server asks for (Retry-After). */
export interface LongestPauses {
  readonly ownMs: number;
  readonly askedMs: number;
}

/** After a time-out the longest pause is this share of what is left, and of a period at least, so that one that hangs leaves room for another. */
export const largestShare = 1 / 8;

/** The longest pause of a leader that has until then. What fails at once is asked ever less often; an attempt that hangs is a pause by itself. */
export function longestBeforeMs(
  deadlineMs: number,
  { reason }: Failure,
  { retryPeriodMs }: Candidate,
  turn: Turn,
): number {
  if (reason !== 'timeout' && reason !== 'awaiting-credentials') return retryPeriodMs;
  const shareMs = (deadlineMs - turn.nowMs) * largestShare;
  return Math.min(retryPeriodMs, Math.max(retryPeriodMs * largestShare, shareMs));
}

/** The pause after a failure. */
export function pauseAfter(
  requestState: RequestState,
  failure: Failure,
  longest: LongestPauses,
  turn: Turn,
): Idle {
  const failures = requestState.failures + 1;
  const askedMs = failure.reason === 'status' ? (failure.retryAfterMs ?? 0) : 0;
  const pauseMs = Math.max(
    backOffMs(failures, longest.ownMs, turn.at.random),
    Math.min(askedMs, longest.askedMs),
  );
  // The failed write has its own pause, and does not count as one that was answered. A failed read cuts no pause between writes short.
  const isWrite = requestState.id === 'writing';
  const rounds = isWrite ? requestState.rounds - 1 : requestState.rounds;
  const writableAtMs = isWrite ? -Infinity : requestState.writableAtMs;
  const nextAtMs = Math.max(turn.nowMs + pauseMs, writableAtMs);
  return { id: 'idle', nextAtMs, failures, failure, rounds, writableAtMs: nextAtMs };
}

/** Exponential up to `longestMs`, never less than half of it nor more than it, so that candidates drift apart. */
function backOffMs(failures: number, longestMs: number, random: number): number {
  const fullMs = Math.min(longestMs, firstBackOffMs * 2 ** Math.min(failures, mostDoublings));
  return fullMs * (0.5 + random / 2);
}

/** Whether a failure is the same as the one before, so that it need not be said again. */
export function isSameFailure(before: Failure | null, now: Failure): boolean {
  return before !== null && kindOf(before) === kindOf(now);
}

function kindOf(failure: Failure): string {
  if (failure.reason === 'status') return `status ${failure.status}`;
  return failure.reason === 'network' ? `network ${failure.code}` : failure.reason;
}
