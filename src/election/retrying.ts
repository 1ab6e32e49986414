/**
 * After a failed attempt: how long the next one waits, and whether the failure is news.
 */
import type { Failure } from './lease.ts';
import type { Call, Candidate, Idle } from './state.ts';
import type { Turn } from './turn.ts';

/** The pause after the first failure is at least this, ms; each further one doubles it. */
const firstBackOffMs = 50;

/** Doubled more often than this it would be no number any more. */
const mostDoublings = 16;

/** The pause after a failure. What the server asks for (Retry-After) is granted up to `mostAskedMs`. */
export function pauseAfter(
  call: Call,
  failure: Failure,
  { retryPeriodMs }: Candidate,
  mostAskedMs: number,
  turn: Turn,
): Idle {
  const failures = call.failures + 1;
  const askedMs = failure.reason === 'status' ? (failure.retryAfterMs ?? 0) : 0;
  const pauseMs = Math.max(
    backOffMs(failures, retryPeriodMs, turn.at.random),
    Math.min(askedMs, mostAskedMs),
  );
  return { id: 'idle', nextAtMs: turn.nowMs + pauseMs, failures, failure };
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
