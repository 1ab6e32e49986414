/** What the shipped guard does when it strikes: it finds the tree by what it was told and by what the process table shows it then. */
import type { GuardMember } from '../../src/command/guard/guard.ts';
import type { Kernel, Task } from './kernel.ts';
import { isGone, nobody } from './kernel.ts';
import type { Killer, SimulatedTree } from './tree.ts';

export class SimulatedGuard {
  readonly #tree: SimulatedTree;
  readonly #kernel: Kernel;
  readonly #marker: string;
  #told: readonly GuardMember[] = [];

  constructor(tree: SimulatedTree, marker: string) {
    this.#tree = tree;
    this.#kernel = tree.machine.kernel;
    this.#marker = marker;
  }

  include(members: readonly GuardMember[]): void {
    this.#told = members;
  }

  strike(by: Killer): void {
    for (const { pid } of this.#find()) this.#kernel.kill(pid, 'SIGKILL', by);
  }

  #find(): ReadonlySet<Task> {
    const { root, behaviour } = this.#tree;
    const found = new Set<Task>();
    const holder = this.#kernel.find(root.pid);
    const isStillOurs = holder === undefined || holder === root;
    if (holder === root) found.add(root);
    for (const { pid, startTicks } of this.#told) {
      const task = this.#kernel.find(pid);
      if (task?.startTicks === startTicks) found.add(task);
    }
    for (const task of this.#kernel.tasks) {
      const isInGroup = behaviour.hasOwnGroup && isStillOurs && task.group === root.pid;
      const isMarked = task.environment?.includes(this.#marker) === true;
      if (!isGone(task) && (isInGroup || isMarked)) found.add(task);
    }
    for (const task of found) for (const child of task.children) found.add(child);
    return found;
  }
}

export function endGuard(kernel: Kernel, guard: Task): void {
  for (const task of [...guard.children, guard]) kernel.exit(task);
}

/** The guard's own processes: a shell in a session of its own, and its sleeper. */
export function forkGuard(kernel: Kernel, parent: Task, marker: string): Task {
  const guard = kernel.fork(parent, nobody);
  kernel.setsid(guard);
  kernel.exec(guard, 'sh', marker);
  kernel.fork(guard);
  return guard;
}
