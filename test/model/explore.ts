/**
 * Breadth first through every reachable world, so that the first violation found is one of the shortest; then backwards,
 * so that no world is one from which no candidate will ever lead.
 */
import { actionsOf } from './actions.ts';
import type { Action } from './collector.ts';
import { keyOf } from './canonical.ts';
import type { Core } from './core.ts';
import { checkWorld } from './invariants.ts';
import { type Bounds, type World, beginning } from './world.ts';

export interface Failure {
  readonly message: string;
  /** What happened, from the beginning on. */
  readonly way: readonly string[];
}

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  /** Actions on the shortest way to the state that is farthest. */
  readonly depth: number;
  readonly failure: Failure | null;
  /** Not every state was visited. */
  readonly isCutShort: boolean;
}

/** How a world was reached, without the worlds on the way. */
interface Way {
  readonly from: Way | null;
  readonly label: string;
}

interface Visit {
  readonly world: World;
  readonly state: number;
}

export interface Limits {
  readonly mostStates: number;
  readonly onProgress?: (states: number, depth: number) => void;
}

export function explore(core: Core, bounds: Bounds, limits: Limits): Exploration {
  return new Explorer(core, bounds, limits).run();
}

class Explorer {
  readonly #core: Core;
  readonly #bounds: Bounds;
  readonly #limits: Limits;
  readonly #known = new Map<string, number>();
  readonly #ways: Way[] = [];
  /** Pairs: from this state to that one. */
  readonly #steps: number[] = [];
  /** The states that are good to have arrived at. */
  readonly #goals: number[] = [];
  #failure: Failure | null = null;
  #depth = 0;

  constructor(core: Core, bounds: Bounds, limits: Limits) {
    this.#core = core;
    this.#bounds = bounds;
    this.#limits = limits;
  }

  run(): Exploration {
    const world = beginning(this.#bounds);
    let frontier: Visit[] = [{ world, state: this.#add(keyOf(world), world, null, 'begin') }];
    const { mostStates, onProgress } = this.#limits;
    while (frontier.length > 0 && this.#failure === null && this.#known.size <= mostStates) {
      frontier = this.#layer(frontier);
      if (frontier.length > 0) this.#depth += 1;
      onProgress?.(this.#known.size, this.#depth);
    }
    const isCutShort = frontier.length > 0;
    if (!isCutShort) this.#failure ??= this.#stuck();
    const { length } = this.#steps;
    const [states, depth, failure] = [this.#known.size, this.#depth, this.#failure];
    return { states, steps: length / 2, depth, failure, isCutShort };
  }

  /** Goes one action on from each world, to those that were not known yet. */
  #layer(frontier: readonly Visit[]): Visit[] {
    const next: Visit[] = [];
    for (const { world, state } of frontier) {
      for (const action of actionsOf(this.#core, this.#bounds, world)) {
        const outcome = attempt(action);
        const way = this.#ways[state] ?? null;
        if ('message' in outcome) {
          this.#failure = { message: outcome.message, way: [...labelsOf(way), action.label] };
          return [];
        }
        const key = keyOf(outcome.world);
        const known = this.#known.get(key);
        const reached = known ?? this.#add(key, outcome.world, way, action.label);
        this.#steps.push(state, reached);
        if (known === undefined) next.push({ world: outcome.world, state: reached });
      }
    }
    return next;
  }

  #add(key: string, world: World, from: Way | null, label: string): number {
    const state = this.#known.size;
    this.#known.set(key, state);
    this.#ways.push({ from, label });
    if (isGood(world)) this.#goals.push(state);
    return state;
  }

  /** A state from which no way leads to one that is good. */
  #stuck(): Failure | null {
    const isHopeful = new Uint8Array(this.#known.size);
    const before = predecessors(this.#steps, this.#known.size);
    const open = [...this.#goals];
    for (const state of open) isHopeful[state] = 1;
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      for (const from of before(state)) {
        if (isHopeful[from] === 1) continue;
        isHopeful[from] = 1;
        open.push(from);
      }
    }
    const state = isHopeful.indexOf(0);
    if (state < 0) return null;
    return { message: 'no candidate will ever lead', way: labelsOf(this.#ways[state] ?? null) };
  }
}

/** Someone's command runs, or no candidate is left to run one. */
function isGood({ actors }: World): boolean {
  const isLed = actors.some(({ command }) => command?.id === 'running');
  return isLed || actors.every(({ state }) => state === null);
}

/** The world after the action, or what is wrong with it (an error of the core included). */
function attempt(action: Action): { world: World } | { message: string } {
  try {
    const world = action.next();
    checkWorld(world);
    return { world };
  } catch (error) {
    if (error instanceof Error) return { message: `${error.name}: ${error.message}` };
    throw error;
  }
}

function labelsOf(way: Way | null): string[] {
  const labels: string[] = [];
  for (let at = way; at !== null; at = at.from) labels.unshift(at.label);
  return labels;
}

/** For each state those one step before it, chained through two arrays: a list for each would take too much memory. */
function predecessors(steps: readonly number[], states: number): (state: number) => number[] {
  const last = new Int32Array(states).fill(-1);
  const before = new Int32Array(steps.length / 2);
  for (let step = 0; step < before.length; step += 1) {
    const to = steps[2 * step + 1] ?? 0;
    before[step] = last[to] ?? -1;
    last[to] = step;
  }
  return (state) => {
    const froms: number[] = [];
    for (let step = last[state] ?? -1; step >= 0; step = before[step] ?? -1) {
      froms.push(steps[2 * step] ?? 0);
    }
    return froms;
  };
}
