/**
 * Composing and sending the one request that may be under way.
 */
import type { RawLease } from './lease.ts';
import { microTime, parseTimeMs } from './time.ts';
import { type SentRecord, newLease, withRecord } from './record.ts';
import { attemptTimeoutMs } from './settings.ts';
import type { Call, Candidate, Reading, State, Streak, Writing } from './state.ts';
import type { Turn } from './turn.ts';

/** What a new write keeps of the ones before it. */
export interface WriteBasis {
  readonly holder: string;
  /** null: a new term begins, or the lease is released: now. */
  readonly acquireTime: string | null;
  readonly transitions: number;
  /** Our writes before this one: renewTime has to differ from theirs by a whole second. */
  readonly earlier: readonly SentRecord[];
}

/**
 * A record unlike any other. client-go compares renewTime by whole seconds, so that a second write within a second, or
 * after the clock was set back, goes one second past the one before.
 */
export function composeRecord(basis: WriteBasis, turn: Turn): SentRecord {
  const { wallMs, random, bootMs } = turn.at;
  const earlierMs = basis.earlier.map(({ renewTime }) => parseTimeMs(renewTime) ?? 0);
  const renewMs = Math.max(wallMs, ...earlierMs.map((ms) => ms + 1000));
  return {
    holder: basis.holder,
    acquireTime: basis.acquireTime ?? microTime(renewMs, (random * 1000) % 1),
    renewTime: microTime(renewMs, random),
    transitions: basis.transitions,
    sentAtMs: bootMs,
  };
}

/** Before the first attempt, and after one that went well. */
export const noFailures: Streak = { failures: 0, failure: null };

/** Sends a GET. */
export function startReading(
  state: State,
  { failures, failure }: Streak,
  turn: Turn,
): { requests: number; call: Reading } {
  const request = state.requests + 1;
  const timeoutMs = attemptTimeoutMs(state.candidate);
  turn.send(request, { id: 'get' }, timeoutMs);
  const expiresAtMs = turn.nowMs + timeoutMs;
  return {
    requests: request,
    call: { id: 'reading', request, expiresAtMs, failures, failure },
  };
}

/** Sends a PUT over `lease`, or a POST where there is none. */
export function startWriting(
  state: State,
  { failures, failure }: Streak,
  lease: RawLease | null,
  sent: SentRecord,
  turn: Turn,
): { requests: number; call: Writing } {
  const request = state.requests + 1;
  const { candidate } = state;
  const timeoutMs = attemptTimeoutMs(candidate);
  // A released lease says 1, as client-go's does: the next candidate need not wait.
  const seconds = sent.holder === '' ? 1 : leaseDurationSeconds(candidate);
  turn.send(
    request,
    lease === null
      ? { id: 'create', body: newLease(candidate.leaseName, sent, seconds) }
      : { id: 'update', body: withRecord(lease, sent, seconds) },
    timeoutMs,
  );
  const expiresAtMs = turn.nowMs + timeoutMs;
  return {
    requests: request,
    call: { id: 'writing', request, expiresAtMs, failures, failure, sent },
  };
}

/** Whether this answer is the one that is waited for; all others are of abandoned requests. */
export function isAnswerTo(call: Call, request: number): call is Reading | Writing {
  return call.id !== 'idle' && call.request === request;
}

/** Gives the request under way up, if there is one. */
export function abandon(call: Call, turn: Turn): void {
  if (call.id !== 'idle') turn.do({ id: 'abandon', request: call.request });
}

/** The writes that may have landed without our knowing, the newest last: one of them at most has, and it may be the first. */
export function withUnanswered(
  unanswered: readonly SentRecord[],
  call: Call,
): readonly SentRecord[] {
  return call.id === 'writing' ? [...unanswered, call.sent] : unanswered;
}

function leaseDurationSeconds(candidate: Candidate): number {
  return candidate.leaseDurationMs / 1000;
}
