/**
 * Leadership is lost: the command is stopped without a request to the API server, killed in time, and nothing else comes before that.
 */
import { end, outcomeOfLoss } from './ending.ts';
import { classifyRecord } from './classify-record.ts';
import type { RawLease } from './lease.ts';
import { addAnother } from './observed-lease.ts';
import { rememberingOf, reportRun, wasStopped } from './once.ts';
import { releaseTerm } from './begin-release.ts';
import type { Loss, Outcome } from './report.ts';
import { deposedGraceMs } from './settings.ts';
import type { Candidate, LiveCommand, Losing, OlderEvent, Rejoin, State } from './state.ts';
import {
  type Tenured,
  believedUntilMs,
  killWhenDue,
  lossByOlder,
  lossByOlderEvent,
  pidOf,
  withOlder,
} from './term.ts';
import type { Turn } from './turn.ts';
import { abandon, withUnanswered } from './writing.ts';

/** Ends the belief in our leadership: stop signal at once, and SIGKILL when the grace that is left is over. `shown`: the record that says so. */
export function lose(
  before: Tenured,
  loss: Loss,
  turn: Turn,
  shown: RawLease | null = null,
): State {
  const state = shown === null ? before : withAnother(before, shown, turn);
  const { command, requestState, candidate, tenure } = state;
  if (candidate.hasPodLabel === true && state.id === 'leading') turn.emit({ id: 'withdraw-label' });
  if (command.id === 'preparing' || command.id === 'ready') {
    turn.report({ id: 'lost', loss });
    return leave(state, loss, outcomeOfLoss(candidate), turn);
  }
  const lossKillAtMs =
    loss.id === 'expired'
      ? believedUntilMs(state) + candidate.lossGraceMs
      : turn.nowMs + deposedKillAfterMs(candidate);
  const killAtMs = state.id === 'leading' ? lossKillAtMs : earlier(state.killAtMs, lossKillAtMs);
  const { requests, watch } = state;
  const losing: Losing = {
    id: 'losing',
    candidate,
    requests,
    watch,
    tenure: { ...tenure, unanswered: withUnanswered(tenure.unanswered, requestState) },
    command,
    loss,
    stopAtMs: turn.nowMs,
    killAtMs,
    outcome: outcomeOf(state, command, lossKillAtMs),
    wasStopped: state.id === 'leading' || wasStopped(state),
  };
  const killed = killWhenDue(losing, { id: 'lost', loss }, turn);
  if (killed.killAtMs !== null && command.id !== 'ended')
    stopCommand(killed, killed.killAtMs, turn);
  abandon(requestState, turn);
  return killed;
}

/** The loss by a state that is older than what is known. */
export function loseByOlder(state: Tenured, lease: RawLease, turn: Turn): State {
  return lose(state, lossByOlder(state.tenure, lease), turn, lease);
}

/** The same by one that an event has told of: who holds the lease in it was noted then. */
export function loseByOlderEvent(state: Tenured, older: OlderEvent, turn: Turn): State {
  return lose(state, lossByOlderEvent(state.tenure, older), turn);
}

/** What the passing of time alone brings about. */
export function advanceLosing(losing: Losing, turn: Turn): State {
  return killWhenDue(losing, { id: 'lost', loss: losing.loss }, turn);
}

export function losingDeadlineMs({ killAtMs }: Losing): number {
  return killAtMs ?? Infinity;
}

/** Another leads already: a command that is being stopped for the time that passed has no more grace than a deposed one's. */
export function onLosingEvent(
  losing: Losing,
  lease: RawLease,
  isDeleted: boolean,
  turn: Turn,
): Losing {
  if (isDeleted) return losing;
  const { tenure } = losing;
  const recordClass = classifyRecord(tenure, lease, null);
  switch (recordClass.id) {
    case 'older':
      return recordClass.isProof
        ? hasten(losing, lossByOlder(tenure, lease), lease, turn)
        : { ...losing, tenure: withOlder(tenure, lease, turn) };
    case 'foreign':
      return hasten(losing, { id: 'deposed', holder: recordClass.holder }, lease, turn);
    case 'landed':
    case 'unchanged':
    case 'cleared':
    case 'outdated':
      return losing;
  }
}

function hasten(losing: Losing, loss: Loss, lease: RawLease, turn: Turn): Losing {
  const killAtMs = earlier(losing.killAtMs, turn.nowMs + deposedKillAfterMs(losing.candidate));
  return { ...withAnother(losing, lease, turn), loss, killAtMs };
}

/** Another holds the lease, in an older state, perhaps: the next candidacy waits for that one, whatever the server shows then. */
function withAnother<S extends Tenured | Losing>(state: S, lease: RawLease, turn: Turn): S {
  const { tenure, candidate } = state;
  const observed = addAnother(tenure.observed, lease, tenure.newestVersion, candidate, turn.at);
  return { ...state, tenure: { ...tenure, observed } };
}

/** Someone asks leader-run to stop: it does not come back to the election. */
export function stopLosing(losing: Losing, forwardAs: NodeJS.Signals | null, turn: Turn): Losing {
  if (forwardAs !== null) turn.emit({ id: 'signal-command', signal: forwardAs });
  const { outcome } = losing;
  return outcome?.id === 'rejoin' ? { ...losing, outcome: { id: 'lost' } } : losing;
}

/** The whole tree is gone. */
export function finishLosing(losing: Losing, turn: Turn): State {
  const { command, loss } = losing;
  const own: Outcome =
    command.id === 'ended' ? { id: 'command', ending: command.ending } : { id: 'lost' };
  return leave(losing, loss, losing.outcome ?? own, turn);
}

/** After a loss by time the record may still be ours, and is given back then. */
function leave(state: Tenured | Losing, loss: Loss, outcome: Outcome | Rejoin, turn: Turn): State {
  if (loss.id === 'expired') return releaseTerm(state, outcome, turn);
  if (state.id !== 'losing') abandon(state.requestState, turn);
  reportRun(rememberingOf(state, outcome), 'not-ours', turn);
  return end(state, outcome, turn);
}

/**
 * A command that ended before any stop signal gives its own status, and so does one in a voluntary stop unless the loss
 * cuts its grace short.
 */
function outcomeOf(
  state: Tenured,
  command: LiveCommand,
  lossKillAtMs: number,
): Outcome | Rejoin | null {
  if (state.id === 'leading' || state.cause.id === 'unguarded')
    return outcomeOfLoss(state.candidate);
  const isAsked = state.cause.id === 'signal' || state.cause.id === 'own-end';
  if (!isAsked && state.candidate.rejoins === true) return outcomeOfLoss(state.candidate);
  if (command.id === 'ended') return null;
  const isCutShort = state.killAtMs !== null && lossKillAtMs < state.killAtMs;
  return isCutShort ? { id: 'lost' } : null;
}

/** A stop signal comes first unless it is too late for that, or had come before. */
function stopCommand(losing: Losing, killAtMs: number, turn: Turn): void {
  turn.emit({ id: 'stop-command' });
  turn.report({
    id: 'stopping-command',
    reason: { id: 'lost', loss: losing.loss },
    pid: pidOf(losing.command),
    killsInMs: killAtMs - turn.nowMs,
  });
}

function deposedKillAfterMs({ lossGraceMs }: Candidate): number {
  return Math.min(lossGraceMs, deposedGraceMs);
}

/** `null`: SIGKILL has been sent already. */
function earlier(killAtMs: number | null, otherMs: number): number | null {
  return killAtMs === null ? null : Math.min(killAtMs, otherMs);
}
