/**
 * Composing and sending the one request that may be under way.
 */
import type { Failure, LeaseRequest, RawLease } from './lease.ts';
import { microTime, parseTimeMs } from './time.ts';
import {
  type SentRecord,
  type Annotations,
  type ElectionRecord,
  isNewerThan,
  newLease,
  readRecord,
  resourceVersionOf,
  withRecord,
} from './record.ts';
import { holderIn } from './observed-lease.ts';
import { isStoredWhole } from './sent-record.ts';
import { attemptTimeoutMs } from './settings.ts';
import { countRound, streakOf } from './retrying.ts';
import type { RequestState, Reading, State, FailureStreak, Writing } from './state.ts';
import type { Turn } from './turn.ts';

/** What a new write keeps of the ones before it. */
export interface WriteBasis {
  readonly holder: string;
  /** null: a new term begins, or the lease is released: now. */
  readonly acquireTime: string | null;
  readonly transitions: number;
  readonly leaseDurationMs: number;
  /** Our writes before this one, and what it is written over if that names us: renewTime has to differ from theirs by a whole second. */
  readonly earlier: readonly Pick<ElectionRecord, 'renewTime'>[];
}

/**
 * A record unlike any other. client-go compares renewTime by whole seconds, so that a second write within a second, or
 * after the clock was set back, goes one second past the one before.
 */
export function composeRecord(
  basis: WriteBasis,
  turn: Turn,
): Omit<SentRecord, 'overVersion' | 'overTerm'> {
  const { wallMs, random, bootMs } = turn.at;
  const earlierMs = basis.earlier.map(({ renewTime }) => parseTimeMs(renewTime ?? '') ?? 0);
  const renewMs = Math.max(wallMs, ...earlierMs.map((ms) => ms + 1000));
  return {
    holder: basis.holder,
    acquireTime: basis.acquireTime ?? microTime(renewMs, (random * 1000) % 1),
    renewTime: microTime(renewMs, random),
    transitions: basis.transitions,
    leaseDurationMs: basis.leaseDurationMs,
    sentAtMs: bootMs,
  };
}

/** Sends a GET, or another request of which no more is expected than that its answer shows the Lease. */
export function startReading(
  state: State,
  before: RequestState,
  turn: Turn,
  body: LeaseRequest = { id: 'get' },
): { requests: number; requestState: Reading } {
  const request = state.requests + 1;
  const timeoutMs = attemptTimeoutMs(state.candidate);
  turn.send(request, body, timeoutMs);
  const expiresAtMs = turn.nowMs + timeoutMs;
  const isEntry = body.id !== 'get';
  const refusedVersion = before.id === 'writing' ? before.sent.overVersion : null;
  return {
    requests: request,
    requestState: {
      id: 'reading',
      request,
      expiresAtMs,
      isEntry,
      refusedVersion,
      ...streakOf(before),
    },
  };
}

/** Sends a PUT over `lease`, or a POST where there is none; `changes` are annotations that are written along with the record. */
export function startWriting(
  state: State,
  streak: FailureStreak,
  lease: RawLease | null,
  composed: Omit<SentRecord, 'overVersion' | 'overTerm'>,
  turn: Turn,
  changes: Annotations = {},
): { requests: number; requestState: Writing } {
  const request = state.requests + 1;
  const { candidate } = state;
  const over =
    lease === null
      ? { overVersion: null, overTerm: null }
      : {
          overVersion: resourceVersionOf(lease),
          overTerm: holderIn(lease, readRecord(lease)).term,
        };
  const sent = { ...composed, ...over };
  const timeoutMs = attemptTimeoutMs(candidate);
  const seconds = sent.leaseDurationMs / 1000;
  turn.send(
    request,
    lease === null
      ? { id: 'create', body: newLease(candidate.leaseName, sent, seconds, changes) }
      : { id: 'update', body: withRecord(lease, sent, seconds, changes) },
    timeoutMs,
  );
  const expiresAtMs = turn.nowMs + timeoutMs;
  return {
    requests: request,
    requestState: {
      id: 'writing',
      request,
      expiresAtMs,
      ...countRound(streak, candidate, turn),
      sent,
    },
  };
}

/**
 * Whether the Lease in the answer to a write shows that it was stored: this record, as a version newer than the one written
 * over; null: it does. A webhook may have put the Lease back, and a proxy may answer with another one.
 */
export function whyUnconfirmed(
  { sent }: Writing,
  answer: RawLease,
  hasAnnotations = true,
): Failure | null {
  if (hasAnnotations && isStoredWhole(answer, sent)) return null;
  const { holder } = readRecord(answer);
  const resourceVersion = resourceVersionOf(answer);
  const isStored = isNewerThan(answer, sent.overVersion);
  return { reason: 'unconfirmed', holder, resourceVersion, isStored };
}

/** Whether this answer is the one that is waited for; all others are of abandoned requests. */
export function isAnswerTo(
  requestState: RequestState,
  request: number,
): requestState is Reading | Writing {
  return requestState.id !== 'idle' && requestState.request === request;
}

/** Gives the request under way up, if there is one. */
export function abandon(requestState: RequestState, turn: Turn): void {
  if (requestState.id !== 'idle') turn.emit({ id: 'abandon', request: requestState.request });
}

/** The writes that may have landed without our knowing, the newest last: one of them at most has, and it may be the first. */
export function withUnanswered(
  unanswered: readonly SentRecord[],
  requestState: RequestState,
): readonly SentRecord[] {
  if (requestState.id !== 'writing' || unanswered.includes(requestState.sent)) return unanswered;
  return [...unanswered, requestState.sent];
}
