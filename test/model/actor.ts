/**
 * A candidate's turn: one event for its core, and what comes of the effects.
 */
import type { Effect } from '../../src/election/effect.ts';
import type { ElectionEvent } from '../../src/election/event.ts';
import type { LeaseRequest, RawLease, WatchEvent } from '../../src/election/lease.ts';
import { killMarginMs } from '../../src/election/settings.ts';
import type { State } from '../../src/election/state.ts';
import type { Core } from './core.ts';
import {
  checkBelief,
  checkFinish,
  checkOnce,
  checkReport,
  checkSend,
  checkTiming,
  nameOf,
} from './invariants.ts';
import {
  type Actor,
  type Bounds,
  type Command,
  type Seat,
  type Wire,
  type World,
  holderIn,
  startWallMs,
  wallOffsetMs,
  withActor,
} from './world.ts';

/** Guard and gate are to be made. */
export const unprepared: Command = {
  id: 'preparing',
  notAfterAtMs: Infinity,
  guardAtMs: Infinity,
  isAsked: false,
  deadByAtMs: Infinity,
};

/** Of a candidate that has no term yet. */
export const freshLife = { landedSentAtMs: -Infinity, isOverwritten: false } as const;

/** Events that are not taken. */
const longestQueue = 3;

const lost: WatchEvent = {
  id: 'down',
  failure: { reason: 'network', code: 'ECONNRESET', message: '' },
};

/** The core takes one event; the effects are performed in their order. */
export function take(
  core: Core,
  bounds: Bounds,
  world: World,
  seat: Seat,
  event: ElectionEvent,
): World {
  const { state } = world.actors[seat];
  if (state === null) return world;
  const at = {
    bootMs: world.nowMs,
    // The milliseconds are each process' own, in place of random digits, which would move the back-offs as well.
    wallMs: startWallMs + world.nowMs + seat * (wallOffsetMs + 10) + world.actors[seat].life,
    random: 0,
  };
  const next = core.step(state, event, at);
  checkBelief(world, state, next.state);
  let after = withActor(world, seat, { state: next.state });
  for (const effect of next.effects) after = perform(bounds, after, seat, effect, state);
  return after;
}

function perform(bounds: Bounds, world: World, seat: Seat, effect: Effect, before: State): World {
  const actor = world.actors[seat];
  const candidate = bounds.candidates[seat];
  switch (effect.id) {
    case 'send':
      return withActor(world, seat, sent(world, seat, effect, before));
    case 'abandon':
      return withActor(world, seat, abandoned(actor, effect.request));
    case 'watch':
      return withActor(world, seat, watched(bounds, world, actor, effect.resourceVersion));
    case 'unwatch':
      return withActor(world, seat, { isWatching: false, events: [] });
    case 'start-command': {
      checkTiming(world, actor, candidate, effect);
      const { notAfterMs, killAtMs } = effect;
      const command = { id: 'starting', notAfterAtMs: notAfterMs, guardAtMs: killAtMs } as const;
      const started = withActor(world, seat, changedCommand(actor, command));
      checkOnce(world, candidate);
      const isDone = world.isDone || candidate.once?.counts === 'start';
      return { ...started, token: effect.term.fencingToken, isDone };
    }
    case 'extend-guard':
      checkTiming(world, actor, candidate, effect);
      return withActor(world, seat, changedCommand(actor, { guardAtMs: effect.killAtMs }));
    case 'signal-command':
    case 'stop-command':
    case 'stop-tree':
      return withActor(world, seat, changedCommand(actor, { isAsked: true }));
    case 'kill-tree':
      return withActor(world, seat, killed(world, actor));
    case 'prepare-command':
      // Its gate was never used, or its tree is gone.
      checkFinish(actor);
      return withActor(world, seat, { command: unprepared, ...freshLife });
    case 'withdraw-label':
      return world;
    case 'report':
      checkReport(world, actor, effect.report);
      return world;
    case 'finish':
      checkFinish(actor);
      return withActor(world, seat, ended(actor));
  }
}

function sent(
  world: World,
  seat: Seat,
  { request, body }: Extract<Effect, { id: 'send' }>,
  before: State,
): Partial<Actor> {
  const actor = world.actors[seat];
  const purpose = purposeOf(body, before, actor.state);
  checkSend(actor, body, purpose);
  const sentAtMs = world.nowMs;
  const by = nameOf(seat, actor.life);
  const wire: Wire = {
    by,
    request,
    body,
    purpose,
    isSuccess: purpose === 'release' && hasSucceeded(actor.state),
    sentAtMs,
    phase: 'sent',
    answer: null,
    isSlow: false,
  };
  return { wire, sendsNow: actor.sendsNow + 1 };
}

/** A command that was stopped has not, whatever it ended with. */
function hasSucceeded(state: State | null): boolean {
  if (state?.id !== 'releasing' || state.outcome.id !== 'command') return false;
  if (state.remembering?.id === 'stopped') return false;
  const { ending } = state.outcome;
  return ending.id === 'exited' && ending.code === 0;
}

function purposeOf(body: LeaseRequest, before: State, after: State | null): Wire['purpose'] {
  if (body.id === 'get') return 'read';
  if (holderIn(body.body) === '') return 'release';
  if (after?.id === 'standby' && after.requestState.id === 'reading') return 'nominate';
  // One turn may end a term and begin to acquire the next one, win and renew, or acquire and then be told to stop.
  if (after?.id === 'standby') return 'acquire';
  return before.id === 'standby' && after?.id !== 'leading' ? 'acquire' : 'renew';
}

/** A write that was given up on its way may still land. */
function abandoned(actor: Actor, request: number): Partial<Actor> {
  const { wire } = actor;
  if (wire?.request !== request) return {};
  const mayLand = wire.phase === 'sent' && wire.body.id !== 'get';
  const mayCome = wire.phase === 'answered' && wire.isSlow;
  return { wire: null, stray: mayLand || mayCome ? { ...wire, isSlow: true } : actor.stray };
}

function watched(
  { mayWatch }: Bounds,
  { store }: World,
  { events, isCut }: Actor,
  resourceVersion: string | null,
): Partial<Actor> {
  if (!mayWatch) return { events: [...events, { id: 'forbidden', message: '' }] };
  if (isCut) return { isWatching: false, events: [] };
  const isNew = store.lease !== null && String(store.revision) !== resourceVersion;
  const first = isNew ? [{ id: 'changed', lease: store.lease } as const] : [];
  return { isWatching: true, events: [{ id: 'open' }, ...first] };
}

/** Changes the command if there is one. */
export function changedCommand({ command }: Actor, change: Partial<Command>): Partial<Actor> {
  return command === null ? {} : { command: { ...command, ...change } };
}

/** SIGKILL takes its time, up to the margin. */
export function killed({ nowMs }: World, actor: Actor): Partial<Actor> {
  const { command } = actor;
  if (command === null) return {};
  const deadByAtMs = Math.min(command.deadByAtMs, nowMs + killMarginMs);
  return changedCommand(actor, { deadByAtMs });
}

/** The process is gone: its requests may land, nothing is told any more. */
export function ended({ wire, stray, life }: Actor): Partial<Actor> {
  const mayLand = wire?.phase === 'sent' && wire.body.id !== 'get';
  return {
    state: null,
    wire: null,
    stray: mayLand ? { ...wire, isSlow: true } : stray?.phase === 'sent' ? stray : null,
    life,
    isWatching: false,
    events: [],
    isLagging: false,
    isStalled: false,
    untold: null,
  };
}

/** What a watch tells of a change. */
export function told(world: World, lease: RawLease, id: 'changed' | 'deleted'): World {
  let after = world;
  for (const seat of [0, 1] as const) {
    const { isWatching, isCut, events } = after.actors[seat];
    if (!isWatching || isCut) continue;
    const event = { id, lease };
    // Who does not take its events is cut off by the server, and finds what is there now when it watches again.
    const queue =
      events.length < longestQueue ? [...events, event] : [lost, { id: 'open' } as const, event];
    after = withActor(after, seat, { events: queue });
  }
  return after;
}
