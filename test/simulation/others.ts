/**
 * Processes that leader-run must not touch, though some are leader-run's children: what it had before it was leader-run (`./job & exec
 * leader-run …`), a credential plugin and the daemon that it leaves behind, and non-members.
 */
import type { Kernel, Origin, Task } from './kernel.ts';
import { isGone } from './kernel.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

export interface Others {
  /** Whether a child from before lives, from which an orphan may have come. */
  readonly hasOlder: boolean;
  onProcessDeath(): void;
}

export interface OthersOptions {
  readonly world: World;
  readonly machine: Machine;
  /** leader-run. */
  readonly self: Task;
  readonly name: string;
  /** What helpers have in their environment. */
  readonly marker: string;
  readonly started: Set<Task>;
  /** Whether it could be known where this one came from. */
  readonly isDecided: (task: Task) => boolean;
}

export function createOthers(options: OthersOptions): Others {
  return new SimulatedOthers(options);
}

class Family implements Origin {
  readonly living = new Set<Task>();
  readonly #options: OthersOptions;

  constructor(options: OthersOptions) {
    this.#options = options;
  }

  onFork(task: Task): void {
    this.living.add(task);
  }

  onExit(task: Task): void {
    this.living.delete(task);
  }

  onAdopted(): void {}

  onSignal(task: Task, signal: NodeJS.Signals, from: string): void {
    const { world, name, isDecided, machine } = this.#options;
    if (isDecided(task))
      world.break('non-members are left alone', `${name}: ${from} sends ${signal} to ${task.name}`);
    else if (signal === 'SIGKILL') {
      world.count('excused: an orphan of a helper that cleared its environment was killed');
      machine.kernel.exit(task);
    }
  }
}

class SimulatedOthers implements Others {
  readonly #options: OthersOptions;
  readonly #kernel: Kernel;
  readonly #older: Family;
  readonly #helpers: Family;
  readonly #nonMembers: Family;

  constructor(options: OthersOptions) {
    this.#options = options;
    this.#kernel = options.machine.kernel;
    this.#older = new Family(options);
    this.#helpers = new Family(options);
    this.#nonMembers = new Family(options);
    const { processRandom } = options.machine;
    if (processRandom.chance(0.12)) this.#begin(this.#older, options.self, 'job', 'PATH=/bin');
    if (processRandom.chance(0.1))
      this.#begin(this.#nonMembers, this.#kernel.init, 'non-member', 'PATH=/bin');
    if (processRandom.chance(0.12)) this.#later(processRandom.logBetween(1, 30_000), this.#plugin);
  }

  get hasOlder(): boolean {
    return this.#older.living.size > 0;
  }

  onProcessDeath(): void {
    const all = [this.#older, this.#helpers, this.#nonMembers];
    this.#later(1_000, () => {
      for (const { living } of all) for (const task of [...living]) this.#kernel.exit(task);
    });
  }

  #begin(family: Family, parent: Task, name: string, environment: string): Task {
    const task = this.#kernel.fork(parent, family);
    this.#kernel.exec(task, name, environment);
    this.#wander(family, 12);
    return task;
  }

  readonly #plugin = (): void => {
    const { self, marker, started } = this.#options;
    if (isGone(self)) return;
    started.add(this.#begin(this.#helpers, self, 'plugin', marker));
  };

  /** Forks, daemonises, clears environments and ends, in no order. */
  #wander(family: Family, steps: number): void {
    const { processRandom } = this.#options.machine;
    if (steps === 0) return;
    this.#later(processRandom.logBetween(0.1, 3_000), () => {
      const living = [...family.living];
      if (living.length === 0) return;
      const task = processRandom.pick(living);
      const what = processRandom.next();
      if (what < 0.55) this.#kernel.fork(task);
      else if (what < 0.7) this.#kernel.setsid(task);
      else if (what < 0.78) this.#kernel.exec(task, task.name, processRandom.pick([null, '']));
      else if (living.length > 1) this.#kernel.exit(task);
      this.#wander(family, steps - 1);
    });
  }

  #later(delayMs: number, action: () => void): void {
    this.#options.machine.sleep(delayMs, action);
  }
}
