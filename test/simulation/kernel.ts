/**
 * The processes of one machine: what fork, exec, setsid, exit, wait and adoption make of the process table. It knows no time: others decide
 * when something happens. What /proc shows of it is in `proc.ts`.
 */
import type { ProcessRow } from '../../src/process/process-table.ts';
import type { Random } from './random.ts';

/** Where a process truly came from: what it was forked by, whatever became of that. */
export interface Origin {
  onFork(task: Task): void;
  /** No thread of it is left. */
  onExit(task: Task): void;
  /** It lost its parent, `from`, and has another. */
  onAdopted(task: Task, from: Task): void;
  /** `from` says who sent it. */
  onSignal(task: Task, signal: NodeJS.Signals, from: string): void;
}

/** A process. */
export interface Task {
  readonly pid: number;
  readonly startTicks: number;
  readonly origin: Origin;
  /** `null`: init alone. */
  parent: Task | null;
  readonly children: Set<Task>;
  group: number;
  session: number;
  name: string;
  /** `null`: nothing can be read, as in the middle of an exec. */
  environment: string | null;
  threads: number;
  /** Its main thread has ended; with other threads it is alive all the same. */
  isZombie: boolean;
  isStopped: boolean;
  /** hidepid: /proc does not show it. */
  isHidden: boolean;
  isSubreaper: boolean;
  /** Of another pid namespace that it has entered, and its children are in: it adopts them. */
  namespaceInit: Task | null;
  /** Waits for its children as soon as they end; the others stay zombies until {@link Kernel.reap}. */
  reaps: boolean;
  onChildExit: (() => void) | null;
}

const nothing = (): void => undefined;
/** Of a process without a part in the story. */
export const nobody: Origin = {
  onFork: nothing,
  onExit: nothing,
  onAdopted: nothing,
  onSignal: nothing,
};

export interface KernelOptions {
  readonly ticks: () => number;
  /** Pids are given in a circle from `firstPid` on. */
  readonly firstPid: number;
  readonly pidCount: number;
  /** How many pids others have had between one fork and the next. */
  readonly skipPids: () => number;
}

export class Kernel {
  readonly init: Task;
  readonly #options: KernelOptions;
  readonly #tasks = new Map<number, Task>();
  /** When each pid was given last. */
  readonly #givenAt = new Map<number, number>();
  #next = 0;
  /** Called after each change of the table. */
  readonly watchers = new Set<() => void>();

  constructor(options: KernelOptions) {
    this.#options = options;
    this.init = this.#create(1, null, nobody, '');
    this.init.reaps = true;
  }

  get tasks(): Iterable<Task> {
    return this.#tasks.values();
  }

  find(pid: number): Task | undefined {
    return this.#tasks.get(pid);
  }

  fork(parent: Task, origin = parent.origin, pid = this.#freePid()): Task {
    if (this.#tasks.has(pid)) throw new Error(`There is a process ${pid} already`);
    const task = this.#create(pid, parent, origin, parent.environment);
    task.group = parent.group;
    task.session = parent.session;
    task.name = parent.name;
    task.reaps = true;
    task.isHidden = parent.isHidden;
    task.namespaceInit = parent.namespaceInit;
    origin.onFork(task);
    this.#changed();
    return task;
  }

  exec(task: Task, name: string, environment: string | null): void {
    task.name = name;
    task.environment = environment;
    this.#changed();
  }

  /** Also where it leads a group: setsid(1) forks in that case. */
  setsid(task: Task): void {
    task.session = task.pid;
    task.group = task.pid;
    this.#changed();
  }

  /** Its main thread ends: the last one, unless others live on. */
  exitMainThread(task: Task): void {
    if (task.threads === 1) return this.exit(task);
    task.threads -= 1;
    task.isZombie = true;
    this.#changed();
  }

  exit(task: Task): void {
    if (isGone(task)) return;
    task.isZombie = true;
    task.threads = 1;
    task.isStopped = false;
    const reaper = this.#reaperFor(task);
    for (const child of task.children) this.#adopt(child, reaper, task);
    task.children.clear();
    task.origin.onExit(task);
    const { parent } = task;
    if (parent === null || parent.reaps) this.reap(task);
    parent?.onChildExit?.();
    this.#changed();
  }

  /** wait(2) by its parent. */
  reap(task: Task): 'reaped' | 'alive' {
    if (!isGone(task)) return 'alive';
    task.parent?.children.delete(task);
    this.#tasks.delete(task.pid);
    this.#changed();
    return 'reaped';
  }

  /** kill(2): to all of a group if `pid` is negative. */
  kill(pid: number, signal: NodeJS.Signals, from: string): void {
    const to = [...this.#tasks.values()].filter((task) =>
      pid < 0 ? task.group === -pid : task.pid === pid,
    );
    for (const task of to) if (!isGone(task)) task.origin.onSignal(task, signal, from);
  }

  /** SIGSTOP and SIGCONT. */
  setStopped(task: Task, isStopped: boolean): void {
    task.isStopped = isStopped;
  }

  rowOf(task: Task): ProcessRow {
    const { pid, startTicks, parent, group, session, name, threads } = task;
    const state = task.isZombie ? 'Z' : task.isStopped ? 'T' : 'S';
    return { pid, startTicks, parent: parent?.pid ?? 0, group, session, name, threads, state };
  }

  #create(pid: number, parent: Task | null, origin: Origin, environment: string | null): Task {
    const task: Task = {
      pid,
      startTicks: this.#options.ticks(),
      origin,
      parent,
      children: new Set(),
      group: pid,
      session: pid,
      name: 'init',
      environment,
      threads: 1,
      isZombie: false,
      isStopped: false,
      isHidden: false,
      isSubreaper: false,
      namespaceInit: null,
      reaps: false,
      onChildExit: null,
    };
    this.#tasks.set(pid, task);
    parent?.children.add(task);
    return task;
  }

  /** A number is not free while a process, a group or a session has it. */
  #freePid(): number {
    const { firstPid, pidCount, skipPids } = this.#options;
    const taken = new Set<number>();
    for (const { pid, group, session } of this.#tasks.values())
      taken.add(pid).add(group).add(session);
    this.#next += skipPids();
    const ticks = this.#options.ticks();
    for (let tries = 0; tries < pidCount; tries += 1) {
      const pid = firstPid + (this.#next++ % pidCount);
      // No machine forks so fast that a pid comes round within one tick.
      if (taken.has(pid) || this.#givenAt.get(pid) === ticks) continue;
      this.#givenAt.set(pid, ticks);
      return pid;
    }
    throw new Error('There are no more pids');
  }

  /** The next living ancestor that is a subreaper, or init. */
  #reaperFor(task: Task): Task {
    if (task.namespaceInit !== null) return task.namespaceInit;
    for (let each = task.parent; each !== null; each = each.parent)
      if (each.isSubreaper && !each.isZombie) return each;
    return this.init;
  }

  #adopt(task: Task, reaper: Task, from: Task): void {
    task.parent = reaper;
    reaper.children.add(task);
    task.origin.onAdopted(task, from);
    if (!isGone(task)) return;
    if (reaper.reaps) this.reap(task);
    else reaper.onChildExit?.();
  }

  #changed(): void {
    for (const watcher of this.watchers) watcher();
  }
}

/** No thread of it is left: it waits to be reaped. */
export function isGone({ isZombie, threads }: Task): boolean {
  return isZombie && threads === 1;
}

/** A machine's pids: often so few that they are soon used again. */
export function drawPids(random: Random): Omit<KernelOptions, 'ticks'> {
  const pidCount = random.pick([1_000, 3_000, 32_000]);
  const skipUpTo = random.pick([1, 20, 200]);
  return { firstPid: 300, pidCount, skipPids: () => random.below(skipUpTo) };
}
