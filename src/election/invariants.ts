/**
 * What must hold after every step, as far as one candidate's own state shows it (G1 to G3). None of it can be broken but by a
 * bug, and then two commands must not run because of it: the driver kills the tree, sends nothing more and says what to report.
 *
 * It repeats no decision: it knows times, writes and the life of the command, and not why a step was taken.
 */
import type { Effect } from './effect.ts';
import type { ElectionEvent } from './event.ts';
import { freeAtMs } from './observed-lease.ts';
import { type SentRecord, readRecord, resourceVersionOf } from './record.ts';
import { killDeadlineMs } from './settings.ts';
import { InternalError, type State, type Tenure } from './state.ts';

export interface Transition {
  readonly before: State;
  readonly event: ElectionEvent;
  readonly after: State;
  readonly effects: readonly Effect[];
  readonly nowMs: number;
}

/** Throws where a guarantee would be broken. */
export function checkStep(transition: Transition): void {
  checkBelief(transition);
  checkKills(transition);
  checkRequests(transition);
  checkAcquiring(transition);
  checkTree(transition);
}

function must(holds: boolean, guarantee: string): void {
  if (!holds) throw new InternalError(guarantee);
}

/** Leadership rests on a write of ours that was sent less than R ago, and once it is over nothing brings it back. */
function checkBelief({ before, after, nowMs }: Transition): void {
  const tenure = tenureOf(after);
  if (tenure === null) return;
  const { confirmed } = tenure;
  must(writesOf(before).includes(confirmed), 'G1: a term rests on a write that was never sent');
  must(confirmed.sentAtMs <= nowMs, 'G1: a write is confirmed before it was sent');
  const earlier = tenureOf(before)?.confirmed ?? confirmed;
  must(confirmed.sentAtMs >= earlier.sentAtMs, 'G1: a term goes back to an earlier renewal');
  if (after.id === 'losing') return;
  const believedUntilMs = earlier.sentAtMs + after.candidate.renewDeadlineMs;
  must(nowMs < believedUntilMs, 'G2: leadership is believed in past the renew deadline');
}

/** SIGKILL is never overdue, and the guard and the gate never get a later instant than the renewal allows. */
function checkKills({ before, after, effects, nowMs }: Transition): void {
  const { candidate } = after;
  const endsWithoutCommand =
    tenureOf(before) !== null && !hasTree(before) && tenureOf(after) === null;
  if (after.id === 'stepping-down' || after.id === 'losing') {
    must(after.killAtMs === null || after.killAtMs > nowMs, 'G2: SIGKILL is overdue');
  }
  const confirmedMs = tenureOf(after)?.confirmed.sentAtMs ?? -Infinity;
  for (const effect of effects) {
    if (effect.id !== 'start-command' && effect.id !== 'extend-guard') continue;
    // A term without a command can end in the very step in which it is renewed.
    if (effect.id === 'extend-guard' && endsWithoutCommand) continue;
    const latestMs = killDeadlineMs(candidate, confirmedMs);
    must(effect.killAtMs <= latestMs, 'G2: the guard would kill too late');
    if (effect.id === 'extend-guard') continue;
    const lossMs = confirmedMs + candidate.renewDeadlineMs;
    must(effect.notAfterMs <= lossMs, 'G2: the command could start after the renew deadline');
  }
}

/** One request at a time; none when leadership is lost, and each write on a version that was seen. */
function checkRequests({ before, event, after, effects }: Transition): void {
  let underWay =
    event.id === 'answer' && event.request === requestOf(before) ? null : requestOf(before);
  for (const effect of effects) {
    if (effect.id === 'abandon' && effect.request === underWay) underWay = null;
    if (effect.id !== 'send') continue;
    must(underWay === null, 'a request is sent while another is under way');
    underWay = effect.request;
    if (effect.body.id !== 'update') continue;
    must(resourceVersionOf(effect.body.body) !== '', 'G1: a write over whatever version there is');
    const isRelease = readRecord(effect.body.body).holder === '';
    must(!isRelease || after.id === 'releasing', 'G3: a release before the tree is gone');
  }
  must(underWay === requestOf(after), 'a request is under way that no state waits for');
}

/** The lease is taken only when it is free by what was seen when that was decided: before the event, or with it. */
function checkAcquiring({ before, after, nowMs }: Transition): void {
  if (after.id !== 'standby' || after.requestState.id !== 'writing') return;
  if (requestOf(before) === after.requestState.request) return;
  const { leaseDurationMs } = after.candidate;
  const observations =
    before.id === 'standby' ? [before.observed, after.observed] : [after.observed];
  const isFree = observations.some((observed) => nowMs >= freeAtMs(observed, leaseDurationMs));
  must(isFree, 'G1: a lease is taken that is not free');
}

/** A tree that was started is gone only when the supervisor says so. */
function checkTree({ before, event, after }: Transition): void {
  if (!hasTree(before) || hasTree(after)) return;
  const isGone = event.id === 'command' && ['gone', 'too-late', 'failed'].includes(event.event.id);
  must(isGone, 'G3: the command is forgotten while its tree may live');
}

function hasTree(state: State): boolean {
  if (state.id === 'leading')
    return state.command.id !== 'preparing' && state.command.id !== 'ready';
  return state.id === 'stepping-down' || state.id === 'losing';
}

function tenureOf(state: State): Tenure | null {
  return 'tenure' in state ? state.tenure : null;
}

function requestOf(state: State): number | null {
  return 'requestState' in state && state.requestState.id !== 'idle'
    ? state.requestState.request
    : null;
}

/** All writes that the state knows of, any of which may be found to be stored. */
function writesOf(state: State): readonly SentRecord[] {
  const inFlight =
    'requestState' in state && state.requestState.id === 'writing' ? [state.requestState.sent] : [];
  const unanswered =
    state.id === 'standby' ? state.unanswered : (tenureOf(state)?.unanswered ?? []);
  const confirmed = tenureOf(state)?.confirmed;
  return [...inFlight, ...unanswered, ...(confirmed === undefined ? [] : [confirmed])];
}
