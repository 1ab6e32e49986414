/**
 * Standby: looks at the Lease until it may be taken, takes it by one write on the very version that was judged, or gives
 * up as the settings and the user say.
 */
import type { Answer, Failure, RawLease } from './lease.ts';
import {
  type Sight,
  freeAtMs,
  type Present,
  holderOf,
  nothingSeen,
  observe,
  observeAbsence,
} from './observation.ts';
import { win } from './leading.ts';
import {
  type SentRecord,
  isNewer,
  isWholeWrite,
  largestInteger,
  readRecord,
  resourceVersionOf,
} from './record.ts';
import { beginWithdrawal } from './releasing.ts';
import type { Outcome } from './report.ts';
import { end } from './ending.ts';
import { freshStreak, isSameFailure, pauseAfter, withoutFailures } from './retrying.ts';
import { attemptTimeoutMs, jitterFactor } from './settings.ts';
import type { Candidate, Standby, State } from './state.ts';
import type { Turn } from './turn.ts';
import {
  abandon,
  composeRecord,
  startReading,
  startWriting,
  whyUnconfirmed,
  withUnanswered,
} from './writing.ts';
import { watchFrom } from './watching.ts';

/** A candidate that lost a race leaves a free lease to the others for up to this long, ms; four times that after each further one. */
const firstSpreadMs = 4;
const largestSpreadMs = 1024;
/** A race that took this much longer than half the spread, ms, had so few in it that half the spread will do. */
const slowRaceMs = 20;

/** Of the attempts that may have landed no more than this many are remembered: while the API fails there is no end to them. */
const mostUnanswered = 64;

/** Before anything has happened. */
export function initialStandby(candidate: Candidate, nowMs: number): Standby {
  return {
    id: 'standby',
    candidate,
    requests: 0,
    watch: { id: 'closed' },
    call: { id: 'idle', nextAtMs: nowMs, ...freshStreak },
    child: { id: 'preparing' },
    sight: nothingSeen,
    unanswered: [],
    beganAtMs: nowMs,
    hasContact: false,
    spreadMs: 0,
    holdBackUntilMs: -Infinity,
  };
}

/** What the passing of time alone brings about. */
export function advanceStandby(standby: Standby, turn: Turn): State {
  const { call } = standby;
  if (call.id !== 'idle' && turn.nowMs >= call.expiresAtMs) {
    abandon(call, turn);
    const afterMs = attemptTimeoutMs(standby.candidate);
    return advanceStandby(failed(standby, { reason: 'timeout', afterMs }, turn), turn);
  }
  if (turn.nowMs >= giveUpAtMs(standby)) return giveUp(standby, turn);
  if (turn.nowMs < dueAtMs(standby)) return standby;
  return turn.nowMs >= takeAtMs(standby) ? acquire(standby, turn) : look(standby, turn);
}

/** The next instant at which {@link advanceStandby} has something to do. */
export function standbyDeadlineMs(standby: Standby): number {
  const { call } = standby;
  const callMs = call.id === 'idle' ? dueAtMs(standby) : call.expiresAtMs;
  return Math.min(callMs, giveUpAtMs(standby));
}

export function onStandbyAnswer(standby: Standby, answer: Answer, turn: Turn): State {
  const { call } = standby;
  if (answer.id === 'failed') return refusedOrFailed(standby, answer.failure, turn);
  if (call.id === 'writing' && answer.id === 'lease') {
    const failure = whyUnconfirmed(call, answer.lease);
    if (failure !== null) return failed(standby, failure, turn);
  }
  const greeted = recovered(standby, turn);
  if (answer.id === 'lease' && isOvertaken(standby))
    return seeLease(idle(greeted, turn), answer.lease, answer.serverTimeMs, turn);
  if (call.id === 'writing') return onAcquireAnswer(greeted, call.sent, answer, turn);
  switch (answer.id) {
    case 'lease':
      return seeLease(greeted, answer.lease, answer.serverTimeMs, turn);
    case 'not-found':
    case 'conflict':
      return seeAbsence(greeted, turn);
  }
}

/** The watch tells of the Lease. It may be late, and it may tell of our own write before its answer comes, if that ever does. */
export function onStandbyNews(
  standby: Standby,
  lease: RawLease,
  isDeleted: boolean,
  turn: Turn,
): State {
  const { seen } = standby.sight;
  if (seen.id === 'present' && isLate(lease, seen.lease)) return standby;
  const { call } = standby;
  const isOwn = call.id === 'writing' && isWholeWrite(readRecord(lease), call.sent);
  if (isOwn && !isOvertaken(standby)) {
    return isDeleted ? standby : { ...win(standby, call.sent, lease, turn), call };
  }
  const next = isDeleted ? seeAbsence(standby, turn) : seeLease(standby, lease, null, turn);
  // A look is answered by the news. An attempt, when one that was given up has landed, is in the way of the renewals.
  if (call.id === 'reading' || next.id === 'leading') abandon(call, turn);
  return next;
}

/** A signal, or a child that cannot be started, ends the candidacy. */
export function withdraw(standby: Standby, outcome: Outcome, turn: Turn): State {
  const { call } = standby;
  if (call.id === 'reading') abandon(call, turn);
  const unanswered = withUnanswered(standby.unanswered, call);
  if (unanswered.length === 0) return end(standby, outcome, turn);
  return beginWithdrawal(standby, unanswered, outcome, turn);
}

/** The instant from which on the lease may be taken and is not left to others. */
function takeAtMs({ sight, candidate, holdBackUntilMs, call }: Standby): number {
  const freeMs = freeAtMs(sight, candidate.leaseDurationMs);
  return Math.max(freeMs, holdBackUntilMs, call.writableAtMs);
}

/** After a failure the pause counts, else whatever comes first; but once the lease is free a look would only be in the way. */
function dueAtMs(standby: Standby): number {
  const { call, sight, candidate } = standby;
  if (call.id !== 'idle') return Infinity;
  if (call.failures > 0) return call.nextAtMs;
  const takeMs = takeAtMs(standby);
  const lookMs = lookAtMs(standby, call.nextAtMs);
  const isFreeByThen = lookMs >= freeAtMs(sight, candidate.leaseDurationMs);
  return isFreeByThen && takeMs < Infinity ? takeMs : Math.min(lookMs, takeMs);
}

/** With a watch a look is due only when the holder has been silent for too long; else at each retry period. */
function lookAtMs({ watch, sight, candidate }: Standby, nextAtMs: number): number {
  const { seen } = sight;
  // What is free and yet left to others has been taken by one of them, as far as we know.
  const isDoubtful = seen.id === 'present' && seen.isReleased;
  if (watch.id !== 'open' || isDoubtful) return nextAtMs;
  const recordMs = seen.id === 'present' ? (seen.record.leaseDurationMs ?? 0) : 0;
  const silenceMs = Math.max(2 * candidate.retryPeriodMs, recordMs / 2);
  return Math.max(nextAtMs, watch.lastNewsAtMs + silenceMs);
}

/** When to end with "not acquired"; never on a holder whom nobody saw alive (design section 3, "Dead holders"). */
function giveUpAtMs(standby: Standby): number {
  const { candidate, sight, call, beganAtMs } = standby;
  const waitOverMs = beganAtMs + candidate.waitMs;
  if (call.id === 'writing') return Infinity;
  const { seen } = sight;
  // `--try` gets its one look, however long that takes.
  if (seen.id === 'nothing')
    return call.failures > 0 || candidate.waitMs > 0 ? waitOverMs : Infinity;
  if (seen.id === 'present' && seen.isHolderAlive) return waitOverMs;
  if (call.failures > 0) {
    return Math.max(waitOverMs, freeAtMs(sight, candidate.leaseDurationMs));
  }
  return Infinity;
}

function giveUp(standby: Standby, turn: Turn): State {
  const { sight, call } = standby;
  const waitedMs = turn.nowMs - standby.beganAtMs;
  // Nobody ever said that somebody else leads: a cron job must not take an outage for "done by another".
  if (sight.seen.id === 'nothing') {
    const why = call.failure ?? ({ reason: 'timeout', afterMs: waitedMs } as const);
    return withdraw(standby, { id: 'failed', why }, turn);
  }
  const holder = holderOf(sight);
  turn.say({ id: 'not-acquired', holder, waitedMs });
  return withdraw(standby, { id: 'not-acquired' }, turn);
}

function look(standby: Standby, turn: Turn): Standby {
  return { ...standby, ...startReading(standby, standby.call, turn) };
}

function acquire(standby: Standby, turn: Turn): Standby {
  const { sight, candidate } = standby;
  const { seen } = sight;
  const lease = seen.id === 'present' ? seen.lease : null;
  const record = seen.id === 'present' ? seen.record : null;
  const isChange = record !== null && record.holder !== candidate.identity;
  const sent = composeRecord(
    {
      holder: candidate.identity,
      acquireTime: null,
      transitions: Math.min((record?.transitions ?? 0) + (isChange ? 1 : 0), largestInteger),
      leaseDurationMs: candidate.leaseDurationMs,
      earlier: standby.unanswered,
    },
    turn,
  );
  return { ...standby, ...startWriting(standby, standby.call, lease, sent, turn) };
}

function onAcquireAnswer(
  standby: Standby,
  sent: SentRecord,
  answer: Exclude<Answer, { id: 'failed' }>,
  turn: Turn,
): State {
  switch (answer.id) {
    case 'lease':
      return win(standby, sent, answer.lease, turn);
    case 'not-found':
      return look(idle(standby, turn), turn);
    case 'conflict': {
      const spreadMs = Math.min(largestSpreadMs, Math.max(firstSpreadMs, 4 * standby.spreadMs));
      const loser = idle({ ...standby, spreadMs }, turn);
      // What was seen meanwhile is why: it can be judged at once, and be free again if only a label has changed.
      if (isOvertaken(standby) || isNewsSince(loser, sent))
        return { ...loser, ...holdBack(loser, loser.sight, turn) };
      // A proxy may have sent it twice, so that it has lost against itself.
      const doubter = { ...loser, unanswered: withUnanswered(loser.unanswered, standby.call) };
      if (standby.watch.id !== 'open') return look(doubter, turn);
      // The watch will tell who won: a crowd of losers need not all ask. Should it not, a look comes before the next attempt.
      return { ...doubter, holdBackUntilMs: Infinity };
    }
  }
}

function seeLease(
  standby: Standby,
  lease: RawLease,
  serverTimeMs: number | null,
  turn: Turn,
): State {
  const record = readRecord(lease);
  const landed = standby.unanswered.find((sent) => isWholeWrite(record, sent));
  if (landed !== undefined) return win(standby, landed, lease, turn);
  const sight = observe(standby.sight, lease, serverTimeMs, turn.at);
  sayHolder(standby, holderOf(sight), turn);
  sayDoubt(standby, sight, turn);
  const spreadMs = spreadAfter(standby, sight, turn);
  const watch = sight.seen.isReleased
    ? standby.watch
    : watchFrom(standby, resourceVersionOf(lease), turn);
  return {
    ...idleUnlessWriting(hasMovedOn(standby, sight) ? withFreshStreak(standby) : standby, turn),
    ...holdBack({ ...standby, spreadMs }, sight, turn),
    spreadMs,
    watch,
    unanswered: unansweredAfter(standby, lease),
  };
}

/** Each attempt names the version that it was judged by: when the Lease has moved on without it, it cannot land any more. */
function unansweredAfter({ sight, unanswered }: Standby, lease: RawLease): readonly SentRecord[] {
  const { seen } = sight;
  return seen.id === 'present' && isLate(lease, seen.lease) ? unanswered : [];
}

function seeAbsence(standby: Standby, turn: Turn): State {
  const sight = observeAbsence(standby.sight, turn.at);
  sayHolder(standby, holderOf(sight), turn);
  const watch = sight.predecessor === null ? standby.watch : watchFrom(standby, null, turn);
  return { ...idleUnlessWriting(standby, turn), ...holdBack(standby, sight, turn), watch };
}

/** Who lost a race before leaves the lease to the others for a moment once it is free. */
function holdBack(
  { candidate, spreadMs }: Standby,
  sight: Sight,
  turn: Turn,
): Pick<Standby, 'sight' | 'holdBackUntilMs'> {
  const freeMs = Math.max(turn.nowMs, freeAtMs(sight, candidate.leaseDurationMs));
  return { sight, holdBackUntilMs: freeMs + turn.at.random * spreadMs };
}

/** How long the spread should be is learned from each race, as nobody knows how many stand by. */
function spreadAfter(standby: Standby, { seen }: Sight, turn: Turn): number {
  const { spreadMs } = standby;
  const before = standby.sight.seen;
  const wasFree = before.id === 'present' && before.isReleased;
  const isTaken = seen.id === 'present' && seen.record.holder !== '';
  if (!wasFree || !isTaken) return spreadMs;
  const tookMs = turn.nowMs - before.sinceMs;
  return tookMs > slowRaceMs + spreadMs / 2 ? spreadMs / 2 : spreadMs;
}

/** Says whom we wait for, as soon as there is somebody, and each change of holder. */
function sayHolder(standby: Standby, holder: string | null, turn: Turn): void {
  const before = holderOf(standby.sight);
  if (holder === before) return;
  if (before !== null) turn.say({ id: 'holder-changed', from: before, to: holder });
  else if (holder !== null) turn.say({ id: 'waiting', holder });
}

/** Says for whom we wait although the record does not ask for it. */
function sayDoubt(
  { sight: before, candidate }: Standby,
  sight: Sight & { seen: Present },
  turn: Turn,
): void {
  const { doubt, seen } = sight;
  if (doubt === null || doubt === before.doubt) return;
  const { holder, resourceVersion } = doubt.predecessor;
  turn.say({
    id: 'went-back',
    holder,
    newestVersion: resourceVersion,
    shownVersion: resourceVersionOf(seen.lease),
    waitsMs: freeAtMs(sight, candidate.leaseDurationMs) - turn.nowMs,
  });
}

/** Somebody else has taken or renewed the lease since: our own attempts are rounds of another race. */
function hasMovedOn({ sight: { seen: before } }: Standby, { seen }: { seen: Present }): boolean {
  const isSame = before.id === 'present' && before.fingerprint === seen.fingerprint;
  return seen.record.holder !== '' && !isSame;
}

function withFreshStreak(standby: Standby): Standby {
  return { ...standby, call: { ...standby.call, ...freshStreak } };
}

/** A refusal that trying again cannot mend is fatal as long as nothing has ever worked. */
function refusedOrFailed(standby: Standby, failure: Failure, turn: Turn): State {
  if (isFatal(failure, standby)) {
    const idleStandby = {
      ...standby,
      call: { ...standby.call, id: 'idle', nextAtMs: turn.nowMs } as const,
    };
    return withdraw(idleStandby, { id: 'failed', why: failure }, turn);
  }
  return failed(standby, failure, turn);
}

function isFatal(failure: Failure, { hasContact, call }: Standby): boolean {
  switch (failure.reason) {
    case 'certificate':
    case 'credentials':
    case 'unauthorized':
      return !hasContact;
    case 'forbidden':
      // An API server that starts refuses everybody until it has read its roles: after failures this may be one.
      return call.failures === 0 && (!hasContact || call.id === 'writing');
    case 'rejected':
      return !hasContact || call.id === 'writing';
    case 'no-namespace':
      return true;
    case 'timeout':
    case 'network':
    case 'status':
    case 'unconfirmed':
    case 'malformed':
      return false;
  }
}

function failed(standby: Standby, failure: Failure, turn: Turn): Standby {
  const { call, candidate } = standby;
  if (!isSameFailure(call.failure, failure)) turn.say({ id: 'api-failed', failure });
  return {
    ...standby,
    unanswered: isOvertaken(standby)
      ? standby.unanswered
      : withUnanswered(standby.unanswered, call).slice(-mostUnanswered),
    call: pauseAfter(call, failure, candidate, candidate.leaseDurationMs, turn),
  };
}

function recovered(standby: Standby, turn: Turn): Standby {
  if (standby.call.failures > 0) turn.say({ id: 'api-recovered' });
  return {
    ...standby,
    hasContact: true,
    call: { ...standby.call, ...withoutFailures(standby.call) },
  };
}

/** No request under way; the next look comes after client-go's jitter, unless the watch makes it superfluous. */
function idle(standby: Standby, turn: Turn): Standby {
  const pauseMs = standby.candidate.retryPeriodMs * (1 + jitterFactor * turn.at.random);
  const nextAtMs = turn.nowMs + pauseMs;
  return { ...standby, call: { id: 'idle', nextAtMs, ...withoutFailures(standby.call) } };
}

/** What was asked, or told by the watch, is known now: a look under way is no longer needed. */
function idleUnlessWriting(standby: Standby, turn: Turn): Standby {
  return standby.call.id === 'writing' ? standby : idle(standby, turn);
}

/**
 * Something newer than what the write under way is written over was seen, and not this write: it cannot land any more, unless the
 * server goes back in time, and then who was seen to hold the lease may lead.
 */
function isOvertaken({ call, sight: { seen } }: Standby): boolean {
  return call.id === 'writing' && seen.id === 'present' && isNewer(seen.lease, call.over);
}

function isNewsSince({ sight }: Standby, sent: SentRecord): boolean {
  const { seen } = sight;
  if (seen.id === 'nothing') return false;
  return (seen.id === 'present' ? seen.seenAtMs : seen.sinceMs) > sent.sentAtMs;
}

function isLate(lease: RawLease, seen: RawLease): boolean {
  return !isNewer(lease, seen);
}
