/** What may happen next is collected here, one candidate after the other. */
import type { ElectionEvent } from '../../src/election/event.ts';
import { take } from './actor.ts';
import type { Core } from './core.ts';
import { nameOf } from './invariants.ts';
import { type Actor, type Bounds, type Budget, type Seat, type World, withActor } from './world.ts';

export interface Action {
  readonly label: string;
  /** Throws a Violation where a guarantee is broken. */
  readonly next: () => World;
}

/** The collector of one candidate's actions. */
export class Collector {
  readonly actions: Action[] = [];
  readonly core: Core;
  readonly bounds: Bounds;
  readonly world: World;
  readonly seat: Seat;
  readonly actor: Actor;

  constructor(core: Core, bounds: Bounds, world: World, seat: Seat) {
    this.core = core;
    this.bounds = bounds;
    this.world = world;
    this.seat = seat;
    this.actor = world.actors[seat];
  }

  add(label: string, next: () => World): void {
    this.actions.push({ label: `${nameOf(this.seat, this.actor.life)} ${label}`, next });
  }

  take(world: World, event: ElectionEvent): World {
    return take(this.core, this.bounds, world, this.seat, event);
  }

  changed(world: World, change: Partial<Actor>): World {
    return withActor(world, this.seat, change);
  }

  has(what: keyof Budget): boolean {
    return this.world.left[what] > 0;
  }
}
