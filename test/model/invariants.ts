/**
 * What must hold in every reachable state (the guarantees of the design by number).
 */
import type { Effect } from '../../src/election/effect.ts';
import type { LeaseRequest, RawLease } from '../../src/election/lease.ts';
import { readRecord } from '../../src/election/record.ts';
import type { Report } from '../../src/election/report.ts';
import type { Candidate, State } from '../../src/election/state.ts';
import { killMarginMs, ownLeaseDurationMs } from '../../src/election/settings.ts';
import { metadataOf } from '../election/lease-store.ts';
import { type Actor, type Seat, type Wire, type World, holderIn, isAlive } from './world.ts';

/** A guarantee is broken. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

function must(holds: boolean, guarantee: string): void {
  if (!holds) throw new Violation(guarantee);
}

/** Sums of instants are no exact numbers. */
const roundingMs = 0.001;

/** More requests than this at one instant are a loop without a pause. */
const mostSendsAtOnce = 20;

export function checkWorld({ actors, mayOverlap }: World): void {
  must(mayOverlap || !actors.every(isAlive), 'G1: two commands live at one instant');
}

/** Nothing that comes at t+R or later is believed. */
export function checkBelief({ nowMs }: World, before: State, after: State): void {
  if (before.id !== 'leading' && before.id !== 'stepping-down') return;
  const { tenure, candidate } = before;
  const isOver = nowMs >= tenure.confirmed.sentAtMs + candidate.renewDeadlineMs;
  const leadsOn = after.id === 'leading' || after.id === 'stepping-down';
  must(!isOver || !leadsOn, 'G2: leadership believed in past the renew deadline');
}

/** A request that is about to be sent. */
export function checkSend(actor: Actor, body: LeaseRequest, purpose: Wire['purpose']): void {
  const { wire } = actor;
  must(wire === null || wire.body.id === 'get', 'a request while a write is under way');
  must(actor.sendsNow < mostSendsAtOnce, 'bounded work: requests without a pause');
  must(purpose !== 'release' || !isAlive(actor), 'G3: a release while the tree lives');
  if (body.id !== 'update') return;
  const { uid, resourceVersion } = metadataOf(body.body);
  must(typeof uid === 'string' && typeof resourceVersion === 'string', 'a PUT over any version');
}

/** "Go", and each move of the guard's deadline. */
export function checkTiming(
  world: World,
  actor: Actor,
  candidate: Candidate,
  effect: Extract<Effect, { id: 'start-command' | 'extend-guard' }>,
): void {
  const { landedSentAtMs } = actor;
  const lastMs = landedSentAtMs + ownLeaseDurationMs(candidate.leaseDurationMs) - killMarginMs;
  must(effect.killAtMs <= lastMs + roundingMs, 'G2: the guard would kill too late');
  if (effect.id === 'extend-guard') return;
  const { notAfterMs } = effect;
  must(
    notAfterMs <= landedSentAtMs + candidate.renewDeadlineMs + roundingMs,
    'a start would be allowed too late',
  );
  must(
    world.nowMs < notAfterMs - candidate.renewDeadlineMs / 2,
    'a start past half of the deadline',
  );
  must(BigInt(effect.term.fencingToken) > BigInt(world.token), 'G7: the token does not grow');
}

/** A loss has to have a reason. */
export function checkReport(world: World, actor: Actor, report: Report): void {
  const loss = lossOf(report);
  if (loss === null) return;
  if (loss.id === 'deposed') must(actor.isOverwritten, 'deposed although no one else wrote');
  if (loss.id === 'expired') must(world.isDisturbed, 'lost although nothing was disturbed');
}

/** What counts is not run again, unless who deleted the Lease has deleted that, too. */
export function checkOnce({ isDone, mayOverlap }: World, { once = null }: Candidate): void {
  must(once === null || !isDone || mayOverlap, 'once: a run that counts is run again');
}

export function checkFinish(actor: Actor): void {
  must(!isAlive(actor), 'finished while the tree lives');
}

/** A write of ours that is about to be stored. */
export function checkLanding(
  world: World,
  candidate: Candidate,
  wire: Wire,
  lease: RawLease,
): void {
  const before = world.store.lease;
  if (before === null) return;
  const isOwn = world.writer === wire.by;
  const was = readRecord(before);
  const isBlanked = was.holder === '' && was.term !== null;
  if (wire.purpose === 'acquire') {
    const waitMs = Math.max(candidate.leaseDurationMs, was.leaseDurationMs ?? 0);
    const isFree = isOwn || (was.holder === '' && !isBlanked);
    must(
      isFree || world.nowMs - world.changedAtMs >= waitMs - roundingMs,
      'G5: a write over an unexpired record',
    );
  } else {
    must(isOwn || isBlanked, `G3: a ${wire.purpose} over another's record`);
  }
  checkTransitions(wire, was.holder, was.transitions, lease);
}

function checkTransitions(wire: Wire, holder: string, transitions: number, lease: RawLease): void {
  const isChange = wire.purpose === 'acquire' && holder !== holderIn(lease);
  const expected = transitions + (isChange ? 1 : 0);
  must(readRecord(lease).transitions === expected, 'leaseTransitions do not count the changes');
}

export function nameOf(seat: Seat, life: number): string {
  return `${seat === 0 ? 'a' : 'b'}${life}`;
}

function lossOf(report: Report) {
  if (report.id === 'lost') return report.loss;
  if (report.id !== 'stopping-command' && report.id !== 'killing-tree') return null;
  return report.reason.id === 'lost' ? report.reason.loss : null;
}
