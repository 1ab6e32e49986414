/** The processes that truly came of one command: how they fork, daemonise, take signals and die. The judge alone sees them. */
import type { Ending } from '../../src/election/event.ts';
import type { Behaviour, Relative } from './behaviour.ts';
import type { Kernel, Origin, Task } from './kernel.ts';
import type { Machine, Sleep } from './machine.ts';
import type { World } from './world.ts';

/** Who sent the SIGKILL. */
export type Killer = 'leader-run' | 'guard at its deadline' | 'guard after the death of leader-run';

export interface TreeObserver {
  /** The command's first instruction; of a warm one, its promotion. */
  onAlive(tree: SimulatedTree): void;
  onDead(tree: SimulatedTree): void;
  /** All that live have got SIGKILL. */
  onKilled(tree: SimulatedTree): void;
  onStopSignal(tree: SimulatedTree): void;
}

/** What one process of the tree is about to do. */
interface Mind {
  endsAfterTermMs: number | null;
  isTermed: boolean;
  isKilled: boolean;
  /** What it would do if it were not stopped. */
  deferred: (() => void)[];
  /** When it last left the guard's view, or could have: true ms. */
  changedAtMs: number;
}

interface PlannedExit {
  readonly atMs: number;
  readonly run: () => void;
}

/** So close to its end a process can end during a scan. */
const aboutToEndMs = 50;

export class SimulatedTree implements Origin {
  readonly owner: string;
  readonly machine: Machine;
  readonly behaviour: Behaviour;
  readonly root: Task;
  readonly #marker: string;
  readonly #world: World;
  readonly #kernel: Kernel;
  readonly #observer: TreeObserver;
  readonly #longestKillMs: number;
  readonly #minds = new Map<Task, Mind>();
  readonly #exits = new Set<PlannedExit>();
  state: 'gate' | 'running' | 'rest' | 'dead' = 'gate';
  /** How the command itself has ended; `null` while it lives. */
  ending: Ending | null = null;
  isRefused = false;
  /** leader-run has said "go": to a warm command, that it leads. What happens to it before does not matter. */
  isStarted = false;
  /** True times, ms. */
  readonly madeAtMs: number;
  aliveSinceMs: number | null = null;
  stopSignalAtMs: number | null = null;
  killedAtMs: number | null = null;
  killedBy: Killer | null = null;
  diedAtMs: number | null = null;
  isUnguarded = false;
  /** It can outlive its lease for a reason that the docs name. */
  excuse: string | null = null;

  /** The gate: the command is there once it has passed. `marker` is the variable that it then has. */
  constructor(
    world: World,
    machine: Machine,
    owner: string,
    behaviour: Behaviour,
    longestKillMs: number,
    observer: TreeObserver,
    { parent, marker }: { parent: Task; marker: string },
  ) {
    this.#world = world;
    this.madeAtMs = world.nowMs;
    this.machine = machine;
    this.#kernel = machine.kernel;
    this.owner = owner;
    this.behaviour = behaviour;
    this.#longestKillMs = longestKillMs;
    this.#observer = observer;
    this.#marker = marker;
    this.root = this.#kernel.fork(parent, this);
    if (behaviour.hasOwnGroup) this.#kernel.setsid(this.root);
    this.#mindOf(this.root).endsAfterTermMs = behaviour.endsAfterTermMs;
  }

  get pid(): number {
    return this.root.pid;
  }

  get isAlive(): boolean {
    return this.state === 'running' || this.state === 'rest';
  }

  /** The command itself has ended. */
  get hasEnded(): boolean {
    return this.ending !== null;
  }

  /** Those that live and have not got SIGKILL. */
  get unkilled(): Task[] {
    return [...this.#minds].flatMap(([task, { isKilled }]) => (isKilled ? [] : [task]));
  }

  get living(): Iterable<Task> {
    return this.#minds.keys();
  }

  /** The line that a warm command waits for. */
  promote(): void {
    this.#act(this.root, () => {
      this.isStarted = true;
      this.#world.count('warm commands promoted');
      this.#world.tell(this.owner, () => 'its command is told that it leads');
      if (this.isAlive) this.#observer.onAlive(this);
    });
  }

  /** The gate's last reading of the clock, and the exec. */
  passGate(notAfterMs: number): void {
    this.#act(this.root, () => {
      if (this.state !== 'gate') return;
      if (this.machine.bootMs() >= notAfterMs) {
        this.isRefused = true;
        this.#world.count('starts refused by the gate');
        this.#world.tell(this.owner, () => 'its gate refuses to start the command');
        return this.#endCommand({ id: 'exited', code: 0 });
      }
      this.state = 'running';
      this.aliveSinceMs = this.#world.nowMs;
      this.#kernel.exec(this.root, 'command', this.#marker);
      this.#world.tell(this.owner, () => 'its command runs');
      if (this.isStarted) this.#observer.onAlive(this);
      const { endsAfterMs, exitCode, family } = this.behaviour;
      if (endsAfterMs !== null)
        this.#endCommandLater(endsAfterMs, { id: 'exited', code: exitCode });
      for (const relative of family) this.#expect(relative, this.root);
    });
  }

  /** To the command's process alone, while that is there. */
  signal(signal: NodeJS.Signals): void {
    if (this.ending === null) this.onSignal(this.root, signal, 'leader-run');
  }

  /** The gate was never used. */
  dismiss(): void {
    if (this.state === 'gate') this.#endCommand({ id: 'exited', code: 0 });
  }

  /** Lets one end now that was about to end. */
  hastenAnExit(): void {
    const { nowMs } = this.#world;
    const soon = [...this.#exits].filter(({ atMs }) => atMs - nowMs < aboutToEndMs);
    if (soon.length > 0) this.machine.processRandom.pick(soon).run();
  }

  /** When a process last left the guard's view, or could have; its parents' changes count. */
  changedAtMs(task: Task): number {
    let changedAtMs = 0;
    for (let each: Task | null = task; each !== null; each = each.parent)
      changedAtMs = Math.max(changedAtMs, this.#minds.get(each)?.changedAtMs ?? 0);
    return changedAtMs;
  }

  onFork(task: Task): void {
    this.#minds.set(task, {
      endsAfterTermMs: null,
      isTermed: false,
      isKilled: false,
      deferred: [],
      changedAtMs: this.#world.nowMs,
    });
  }

  onAdopted(task: Task, from: Task): void {
    // What leader-run's own death leaves to init, it had seen.
    if (!from.isSubreaper) this.#note(task);
  }

  onExit(task: Task): void {
    this.#minds.delete(task);
    const isDead = this.#minds.size === 0;
    if (task === this.root) {
      this.ending ??= { id: 'signalled', signal: 'SIGKILL' };
      this.#world.tell(
        this.owner,
        () => `its command ends${isDead ? '' : ', others of its tree do not'}`,
      );
      if (!isDead) this.state = 'rest';
    }
    if (isDead) this.#die();
    else this.#noteKilled(null);
  }

  onSignal(task: Task, signal: NodeJS.Signals, from: string): void {
    const mind = this.#minds.get(task);
    if (mind === undefined || mind.isKilled) return;
    if (signal === 'SIGKILL') return this.#kill(task, mind, from as Killer);
    if (signal === 'SIGSTOP') return this.#kernel.setStopped(task, true);
    if (signal === 'SIGCONT') {
      this.#kernel.setStopped(task, false);
      for (const action of mind.deferred.splice(0)) this.#act(task, action);
      return;
    }
    if (signal !== 'SIGTERM' && signal !== 'SIGINT') return;
    if (task === this.root) this.#noteStopSignal(signal);
    this.#act(task, () => this.#term(task, mind, signal));
  }

  #noteStopSignal(signal: NodeJS.Signals): void {
    if (!this.isStarted || this.stopSignalAtMs !== null) return;
    this.stopSignalAtMs = this.#world.nowMs;
    this.#world.tell(this.owner, () => `its command gets ${signal}`);
    this.#observer.onStopSignal(this);
  }

  #term(task: Task, mind: Mind, signal: NodeJS.Signals): void {
    // The shell of the gate has no trap.
    if (this.state === 'gate') return this.#endCommand({ id: 'signalled', signal });
    if (mind.isTermed || mind.endsAfterTermMs === null) return;
    mind.isTermed = true;
    if (task === this.root) this.#endCommandLater(mind.endsAfterTermMs, { id: 'exited', code: 0 });
    else this.#exitLater(task, mind.endsAfterTermMs);
  }

  /** From now on it does nothing by itself: fork(2) fails with a signal that ends it pending. */
  #kill(task: Task, mind: Mind, by: Killer): void {
    mind.isKilled = true;
    this.#noteKilled(by);
    const { random } = this.#world;
    const { unkillableMs } = this.behaviour;
    const isRoot = task === this.root;
    const killMs =
      isRoot && unkillableMs > 0
        ? unkillableMs
        : (isRoot ? random : this.machine.processRandom).logBetween(0.3, this.#longestKillMs);
    this.machine.sleep(killMs, () => this.#kernel.exit(task));
  }

  #noteKilled(by: Killer | null): void {
    if (!this.isStarted) return;
    if (by !== null) this.killedBy = by;
    if (this.killedAtMs !== null || this.killedBy === null || this.unkilled.length > 0) return;
    this.killedAtMs = this.#world.nowMs;
    this.#world.tell(this.owner, () => `its tree is killed by ${this.killedBy ?? ''}`);
    this.#observer.onKilled(this);
  }

  #expect(relative: Relative, parent: Task): void {
    this.#later(parent, relative.afterMs, () => {
      const child = this.#kernel.fork(parent);
      if (relative.how !== 'child') this.#setsid(child);
      if (relative.how !== 'daemon') return this.#settle(child, relative);
      this.#world.count('daemons');
      this.#later(child, this.#stepMs(), () => {
        this.#settle(this.#kernel.fork(child), relative);
        this.#exitLater(child, this.#stepMs());
      });
    });
  }

  /** It is what it is to be for good. */
  #settle(task: Task, relative: Relative): void {
    this.#world.tell(this.owner, () => `process ${task.pid} is there: ${relative.how}`);
    const { environment, mainThreadEndsAfterMs, endsAfterMs, movesEveryMs } = relative;
    this.#mindOf(task).endsAfterTermMs = relative.endsAfterTermMs;
    if (environment === 'empty') {
      // In the middle of the exec nothing can be read.
      this.#later(task, this.#stepMs(), () => {
        this.#kernel.exec(task, 'daemon', null);
        this.#note(task);
        this.#later(task, this.#stepMs(), () => this.#kernel.exec(task, 'daemon', ''));
      });
    }
    if (environment === 'overwritten')
      this.#later(task, this.#stepMs(), () => {
        this.#kernel.exec(task, 'daemon', 'daemon: master process');
        this.#note(task);
      });
    if (mainThreadEndsAfterMs !== null) {
      task.threads = 3;
      this.#later(task, mainThreadEndsAfterMs, () => this.#kernel.exitMainThread(task));
    }
    if (endsAfterMs !== null) this.#exitLater(task, endsAfterMs);
    if (movesEveryMs !== null)
      this.#later(task, movesEveryMs, () => {
        this.#settle(this.#kernel.fork(task), { ...relative, family: [] });
        this.#exitLater(task, this.#stepMs());
      });
    for (const each of relative.family) this.#expect(each, task);
  }

  #setsid(task: Task): void {
    this.#kernel.setsid(task);
    this.#note(task);
  }

  /** What a program needs from one system call to the next: sometimes so long that it is seen in between. */
  #stepMs(): number {
    const { processRandom } = this.machine;
    return processRandom.logBetween(0.05, processRandom.chance(0.2) ? 600 : 10);
  }

  #note(task: Task): void {
    this.#mindOf(task).changedAtMs = this.#world.nowMs;
  }

  #mindOf(task: Task): Mind {
    const mind = this.#minds.get(task);
    if (mind === undefined) throw new Error(`Process ${task.pid} has ended`);
    return mind;
  }

  #endCommandLater(delayMs: number, ending: Ending): void {
    this.#planExit(this.root, delayMs, () => this.#endCommand(ending));
  }

  #endCommand(ending: Ending): void {
    this.ending = ending;
    this.#kernel.exit(this.root);
  }

  #exitLater(task: Task, delayMs: number): void {
    this.#planExit(task, delayMs, () => this.#kernel.exit(task));
  }

  #planExit(task: Task, delayMs: number, exit: () => void): void {
    const plan: PlannedExit = {
      atMs: this.#world.nowMs + delayMs,
      run: () => {
        this.#exits.delete(plan);
        this.machine.wakeNever(sleep);
        this.#act(task, exit);
      },
    };
    const sleep: Sleep = this.machine.sleep(delayMs, plan.run);
    this.#exits.add(plan);
  }

  #later(task: Task, delayMs: number, action: () => void): void {
    this.machine.sleep(delayMs, () => this.#act(task, action));
  }

  /** Now, or when it is continued; never if it has ended or has to die. */
  #act(task: Task, action: () => void): void {
    const mind = this.#minds.get(task);
    if (mind === undefined || mind.isKilled) return;
    if (task.isStopped) mind.deferred.push(action);
    else action();
  }

  #die(): void {
    const wasAlive = this.isAlive;
    this.state = 'dead';
    this.diedAtMs = this.#world.nowMs;
    if (!wasAlive || !this.isStarted) return;
    this.#world.tell(this.owner, () => 'its tree is dead');
    this.#observer.onDead(this);
  }
}
