/** Begins the release: of a term's lease, or of what a candidacy may have won. */
import { rememberingOf, rememberingOfCandidacy } from './once.ts';
import type { SeenHolder } from './doubts.ts';
import { isSeenSince, nothingObserved } from './observed-lease.ts';
import { type SentRecord, compareResourceVersions, resourceVersionOf } from './record.ts';
import { advanceReleasing } from './releasing.ts';
import type { Outcome } from './report.ts';
import { freshStreak } from './retrying.ts';
import { longestRecordingMs, ownLeaseDurationMs, releaseTimeoutMs } from './settings.ts';
import type {
  Leading,
  Losing,
  Rejoin,
  Releasing,
  RequestState,
  Standby,
  State,
  SteppingDown,
} from './state.ts';
import { headStartOf } from './transfer.ts';
import type { Turn } from './turn.ts';
import { withUnanswered } from './writing.ts';

/** After a term: a request in flight is joined first. */
export function releaseTerm(
  state: Leading | SteppingDown | Losing,
  outcome: Outcome | Rejoin,
  turn: Turn,
  handsTo: string | null = null,
): State {
  const { candidate, requests, watch, tenure } = state;
  const remembering = rememberingOf(state, outcome);
  const wasOlderSeen = tenure.olderEvent !== null;
  const requestState: RequestState =
    state.id === 'losing' ? idleAt(turn.nowMs) : state.requestState;
  const releasing: Releasing = {
    id: 'releasing',
    candidate,
    requests,
    watch,
    requestState: requestState.id === 'idle' ? idleAt(turn.nowMs) : requestState,
    written: withUnanswered([tenure.confirmed, ...tenure.unanswered], requestState),
    // Where the Lease has vanished, someone else may have held it: no version is a late one.
    newestVersion: tenure.lease === null ? null : tenure.newestVersion,
    observed: tenure.observed,
    released: [],
    lease: wasOlderSeen ? null : tenure.lease,
    wasOlderSeen,
    transitions: tenure.confirmed.transitions,
    remembering,
    deadlineMs:
      turn.nowMs + (remembering?.id === 'success' ? recordingMs(state, turn) : releaseTimeoutMs),
    mode: 'after-term',
    handsTo,
    headStartMs: headStartOf(handsTo, tenure.echoMs),
    outcome,
  };
  return advanceReleasing(releasing, turn);
}

/** A candidacy ends while writes of its own may yet turn out to have won: if one has, it is given back. */
export function releaseCandidacy(
  standby: Standby,
  written: readonly SentRecord[],
  outcome: Outcome,
  turn: Turn,
): State {
  const { candidate, requests, watch, requestState } = standby;
  const { current } = standby.observed;
  const releasing: Releasing = {
    id: 'releasing',
    candidate,
    requests,
    watch,
    requestState: requestState.id === 'writing' ? requestState : idleAt(turn.nowMs),
    written,
    newestVersion:
      current.id === 'present' ? newestOf(resourceVersionOf(current.lease), written) : null,
    observed: isAnotherKnown(standby, written, turn) ? standby.observed : nothingObserved,
    released: [],
    lease: null,
    wasOlderSeen: false,
    transitions: 0,
    remembering: rememberingOfCandidacy(standby),
    deadlineMs: turn.nowMs + releaseTimeoutMs,
    mode: 'after-candidacy',
    handsTo: null,
    headStartMs: headStartOf(null, 0),
    outcome,
  };
  return advanceReleasing(releasing, turn);
}

/** A success is worth more patience: until the lease expires nobody can run the job again. */
function recordingMs({ candidate, tenure }: Leading | SteppingDown | Losing, turn: Turn): number {
  const leftMs =
    tenure.confirmed.sentAtMs + ownLeaseDurationMs(candidate.leaseDurationMs) - turn.nowMs;
  return Math.min(Math.max(releaseTimeoutMs, leftMs), longestRecordingMs);
}

/** None of them is stored by an older version than one that it was sent over. An old cache may have shown that. */
function newestOf(shown: string, written: readonly SentRecord[]): string {
  const versions = written.map(({ overVersion }) => overVersion ?? shown);
  return versions.reduce((a, b) => ((compareResourceVersions(a, b) ?? 0) < 0 ? b : a), shown);
}

/**
 * Whether another may lead that is not from before these attempts. Then what shows them may be an old cache, and that version be another's by now.
 */
function isAnotherKnown(
  { observed }: Standby,
  written: readonly SentRecord[],
  { nowMs }: Turn,
): boolean {
  const { current, lastHolder, doubts } = observed;
  const doubted = doubts.filter(({ untilMs }) => nowMs < untilMs).map(({ by }) => by);
  const isSeen = written.some(({ sentAtMs }) => isSeenSince(observed, sentAtMs));
  // The Lease was missing for as long as that holder could lead when one of them was sent.
  const isOver =
    current.id === 'absent' && written.some(({ sentAtMs }) => sentAtMs > current.sinceMs);
  const seen = isSeen && !isOver && lastHolder !== null ? [lastHolder] : [];
  const others = [...doubted, ...seen];
  const isBefore = (holder: SeenHolder) =>
    written.some((sent) => isWrittenOver(sent, holder)) ||
    written.every((sent) => isFromBefore(sent, holder));
  const before = others.filter(isBefore).map(({ term }) => term);
  return others.some(({ term }) => !before.includes(term));
}

/** By its version alone it may be another's: the server may have gone back to before that. */
function isWrittenOver(sent: SentRecord, { resourceVersion, term }: SeenHolder): boolean {
  return sent.overVersion === resourceVersion && sent.overTerm === term;
}

function isFromBefore(sent: SentRecord, { resourceVersion, transitions }: SeenHolder): boolean {
  const order = compareResourceVersions(resourceVersion, sent.overVersion ?? '');
  return order !== null && order < 0 && transitions < sent.transitions;
}

function idleAt(nextAtMs: number): Extract<RequestState, { id: 'idle' }> {
  return { id: 'idle', nextAtMs, ...freshStreak };
}
