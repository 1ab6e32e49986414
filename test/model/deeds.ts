/** What becomes of the world when something happens to a candidate, its command or its request. */
import { serve } from '../election/lease-store.ts';
import { changedCommand, told } from './actor.ts';
import type { Collector } from './collector.ts';
import { checkLanding, nameOf } from './invariants.ts';
import { type Wire, type World, seats, withActor } from './world.ts';

/** Guard and gate stand. */
export function ready(turn: Collector, world: World): World {
  const prepared = turn.changed(world, changedCommand(world.actors[turn.seat], { id: 'ready' }));
  return turn.take(prepared, { id: 'command', event: { id: 'ready' } });
}

/** The whole tree is gone; who watches over it learns that when it can. */
export function dies(turn: Collector, world: World = turn.world): World {
  const { command, state } = turn.actor;
  const untold = state === null ? null : command?.id === 'rest' ? 'rest' : 'all';
  return turn.changed(world, { command: null, untold });
}

export function learns(turn: Collector, untold: 'all' | 'rest'): World {
  const world = turn.changed(turn.world, { untold: null });
  const ended = {
    id: 'command',
    event: { id: 'ended', ending: { id: 'exited', code: 0 } },
  } as const;
  return turn.take(untold === 'all' ? turn.take(world, ended) : world, {
    id: 'command',
    event: { id: 'gone' },
  });
}

/** The request reaches the server, unless its sender is cut off. */
export function arrives(turn: Collector, wire: Wire): World {
  if (turn.actor.isCut) return turn.changed(turn.world, { wire: { ...wire, phase: 'silent' } });
  const { world, answer } = land(turn, turn.world, wire);
  return turn.changed(world, { wire: { ...wire, phase: 'answered', answer } });
}

export function answered(turn: Collector, wire: Wire): World {
  const { answer, request } = wire;
  if (turn.actor.isCut || answer === null) {
    return turn.changed(turn.world, { wire: { ...wire, phase: 'silent', isSlow: false } });
  }
  return turn.take(turn.changed(turn.world, { wire: null }), { id: 'answer', request, answer });
}

/** The server serves the request. */
export function land(
  turn: Collector,
  world: World,
  wire: Wire,
): { world: World; answer: Wire['answer'] } {
  const { store, answer } = serve(world.store, wire.body, 0);
  if (store === world.store || store.lease === null) return { world, answer };
  const { seat, bounds } = turn;
  // Nothing of the record has changed, so that it is no other's than before.
  if (wire.purpose === 'nominate')
    return { world: told({ ...world, store }, store.lease, 'changed'), answer };
  checkLanding(world, bounds.candidates[seat], wire, store.lease);
  const isDone =
    world.isDone || (wire.isSuccess && bounds.candidates[seat].once?.counts === 'success');
  let after = written(world, wire.by, { ...world, store, isDone });
  if (wire.by === nameOf(seat, turn.actor.life)) {
    after = withActor(after, seat, { landedSentAtMs: wire.sentAtMs });
  }
  return { world: told(after, store.lease, 'changed'), answer };
}

/** The record was changed. */
export function written(before: World, writer: string, after: World): World {
  let world: World = { ...after, writer, changedAtMs: before.nowMs };
  for (const seat of seats) {
    const { life, stray } = before.actors[seat];
    if (nameOf(seat, life) !== writer) world = withActor(world, seat, { isOverwritten: true });
    // It names a version that is not the stored one any more.
    if (stray?.body.id === 'update' && stray.phase === 'sent')
      world = withActor(world, seat, { stray: null });
  }
  return world;
}
