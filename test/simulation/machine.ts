/** A machine's clocks: the boot clock runs on through suspend, the one that timers use does not. */
import { Kernel, drawPids } from './kernel.ts';
import { Random } from './random.ts';
import { type World, cancel } from './world.ts';
import type { Plan } from './timeline.ts';

export interface MachinePlan {
  /** How fast its clocks run, against true time. */
  readonly rate: number;
  readonly wallAheadMs: number;
}

/** A delay on the clock that stands still in suspend. */
export interface Sleep {
  plan: Plan | null;
  /** What was left of it when the machine was suspended. */
  leftMs: number;
  readonly action: () => void;
}

/** The Unix time at which simulations begin, ms. */
const epochMs = Date.UTC(2026, 0, 1, 12);

export class Machine {
  readonly name: string;
  readonly rate: number;
  readonly random: Random;
  /** What decides of processes alone, so that the rest of the simulation does not depend on how many there are. */
  readonly processRandom: Random;
  readonly kernel: Kernel;
  readonly #world: World;
  readonly #bootAheadMs: number;
  #wallAheadMs: number;
  readonly #sleeps = new Set<Sleep>();
  readonly #onWake: (() => void)[] = [];
  #suspendedSinceMs: number | null = null;
  #suspendedMs = 0;
  /** True time since when it has been awake. */
  awakeSinceMs = -Infinity;

  constructor(world: World, name: string, { rate, wallAheadMs }: MachinePlan) {
    this.#world = world;
    this.name = name;
    this.rate = rate;
    this.random = world.random;
    this.#bootAheadMs = world.random.between(1e5, 1e8);
    this.#wallAheadMs = wallAheadMs;
    this.processRandom = new Random(`processes ${this.#bootAheadMs}`);
    this.kernel = new Kernel({
      ...drawPids(this.processRandom),
      ticks: () => Math.floor(this.bootMs() / 10),
    });
  }

  get isAwake(): boolean {
    return this.#suspendedSinceMs === null;
  }

  bootMs(): number {
    return this.bootMsAt(this.#world.nowMs);
  }

  bootMsAt(trueMs: number): number {
    return this.#bootAheadMs + trueMs * this.rate;
  }

  trueMsAt(bootMs: number): number {
    return (bootMs - this.#bootAheadMs) / this.rate;
  }

  wallMs(): number {
    return Math.floor(epochMs + this.#wallAheadMs + this.#world.nowMs * this.rate);
  }

  /** The clock that timers use. */
  monotonicMs(): number {
    return this.bootMs() - this.#suspendedMs;
  }

  suspendedMs(): number {
    return this.#suspendedMs;
  }

  setWallClock(byMs: number): void {
    this.#wallAheadMs += byMs;
  }

  /** Calls back after so long on the clock that stands still in suspend. */
  sleep(delayMs: number, action: () => void): Sleep {
    const sleep: Sleep = { plan: null, leftMs: delayMs / this.rate, action };
    this.#sleeps.add(sleep);
    if (this.isAwake) this.#start(sleep);
    return sleep;
  }

  wakeNever(sleep: Sleep | null): void {
    if (sleep === null) return;
    cancel(sleep.plan);
    this.#sleeps.delete(sleep);
  }

  suspend(): void {
    if (!this.isAwake) return;
    this.#suspendedSinceMs = this.#world.nowMs;
    for (const sleep of this.#sleeps) {
      sleep.leftMs = Math.max(0, (sleep.plan?.atMs ?? 0) - this.#world.nowMs);
      cancel(sleep.plan);
    }
  }

  wake(): void {
    if (this.#suspendedSinceMs === null) return;
    this.#suspendedMs += (this.#world.nowMs - this.#suspendedSinceMs) * this.rate;
    this.#suspendedSinceMs = null;
    this.awakeSinceMs = this.#world.nowMs;
    for (const sleep of this.#sleeps) this.#start(sleep);
    for (const action of this.#onWake.splice(0)) action();
  }

  /** Now, or as soon as the machine is awake. */
  whenAwake(action: () => void): void {
    if (this.isAwake) action();
    else this.#onWake.push(action);
  }

  #start(sleep: Sleep): void {
    sleep.plan = this.#world.after(sleep.leftMs, () => {
      this.#sleeps.delete(sleep);
      sleep.action();
    });
  }
}
