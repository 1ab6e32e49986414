/**
 * Leadership is lost: the child is stopped without asking anybody, killed in time, and only then is there anything else.
 */
import { end } from './ending.ts';
import { judge } from './judging.ts';
import type { RawLease } from './lease.ts';
import { beginRelease } from './releasing.ts';
import { type Tenured, believedUntilMs } from './renewing.ts';
import type { Loss, Outcome } from './report.ts';
import { deposedGraceMs } from './settings.ts';
import type { Candidate, LiveChild, Losing, State } from './state.ts';
import { pidOf } from './stepping-down.ts';
import type { Turn } from './turn.ts';
import { abandon, withUnanswered } from './writing.ts';

/** The loss by time, with what is known of its cause. */
export function expiry({ tenure, call }: Tenured, turn: Turn): Loss {
  return {
    id: 'expired',
    sinceRenewalMs: turn.nowMs - tenure.confirmed.sentAtMs,
    lastFailure: call.failure,
    gap: turn.gap,
  };
}

/** Ends the belief in our leadership: stop signal at once, and SIGKILL when the grace that is left is over. */
export function lose(state: Tenured, loss: Loss, turn: Turn): State {
  const { child, call, candidate, tenure } = state;
  if (child.id === 'preparing' || child.id === 'ready') {
    turn.say({ id: 'lost', loss });
    return leave(state, loss, { id: 'lost' }, turn);
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
    tenure: { ...tenure, unanswered: withUnanswered(tenure.unanswered, call) },
    child,
    loss,
    stopAtMs: turn.nowMs,
    killAtMs,
    outcome: outcomeOf(state, child, lossKillAtMs),
  };
  const killed = killWhenDue(losing, turn);
  if (killed.killAtMs !== null && child.id !== 'ended') sayStop(killed, killed.killAtMs, turn);
  abandon(call, turn);
  return killed;
}

/** What the passing of time alone brings about. */
export function advanceLosing(losing: Losing, turn: Turn): State {
  return killWhenDue(losing, turn);
}

export function losingDeadlineMs({ killAtMs }: Losing): number {
  return killAtMs ?? Infinity;
}

/** Another leads already: a child that is being stopped for the time that passed has no more grace than a deposed one's. */
export function onLosingNews(
  losing: Losing,
  lease: RawLease,
  isDeleted: boolean,
  turn: Turn,
): Losing {
  if (isDeleted) return losing;
  const judgement = judge(losing.tenure, lease, null);
  if (judgement.id !== 'foreign') return losing;
  const { holder } = judgement;
  const killAtMs = earlier(losing.killAtMs, turn.nowMs + deposedKillAfterMs(losing.candidate));
  return { ...losing, loss: { id: 'deposed', holder }, killAtMs };
}

/** The whole tree is gone. */
export function finishLosing(losing: Losing, turn: Turn): State {
  const { child, loss } = losing;
  const own: Outcome =
    child.id === 'ended' ? { id: 'child', ending: child.ending } : { id: 'lost' };
  return leave(losing, loss, losing.outcome ?? own, turn);
}

/** After a loss by time the record may still be ours, and is given back then. */
function leave(state: Tenured | Losing, loss: Loss, outcome: Outcome, turn: Turn): State {
  if (loss.id === 'expired') return beginRelease(state, outcome, turn);
  if (state.id !== 'losing') abandon(state.call, turn);
  return end(state, outcome, turn);
}

/**
 * A child that ended before any stop signal gives its own status, and so does one in a voluntary stop unless the loss
 * cuts its grace short.
 */
function outcomeOf(state: Tenured, child: LiveChild, lossKillAtMs: number): Outcome | null {
  if (state.id === 'leading' || state.cause.id === 'unguarded') return { id: 'lost' };
  if (child.id === 'ended') return null;
  const isCutShort = state.killAtMs !== null && lossKillAtMs < state.killAtMs;
  return isCutShort ? { id: 'lost' } : null;
}

/** A stop signal comes first unless it is too late for that, or had come before. */
function sayStop(losing: Losing, killAtMs: number, turn: Turn): void {
  turn.do({ id: 'stop-child', whom: 'command' });
  turn.say({
    id: 'stopping-child',
    reason: { id: 'lost', loss: losing.loss },
    pid: pidOf(losing.child),
    killsInMs: killAtMs - turn.nowMs,
  });
}

function killWhenDue(losing: Losing, turn: Turn): Losing {
  const { killAtMs, loss, child, stopAtMs } = losing;
  if (killAtMs === null || turn.nowMs < killAtMs) return losing;
  turn.do({ id: 'kill-child' });
  turn.say({
    id: 'killing-child',
    reason: { id: 'lost', loss },
    pid: pidOf(child),
    afterMs: turn.nowMs - stopAtMs,
  });
  return { ...losing, killAtMs: null };
}

function deposedKillAfterMs({ lossGraceMs }: Candidate): number {
  return Math.min(lossGraceMs, deposedGraceMs);
}

/** `null`: SIGKILL has been sent already. */
function earlier(killAtMs: number | null, otherMs: number): number | null {
  return killAtMs === null ? null : Math.min(killAtMs, otherMs);
}
