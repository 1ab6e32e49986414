/** Finds members where leader-run is a subreaper: reads its descendants, reaps the dead among them, and has the rest judged. */
import type { Marker, TreeMemory } from './judge-tree.ts';
import { judgeTree } from './judge-tree.ts';
import type { ProcessRow } from './process-table.ts';
import {
  hasChildrenLists,
  isAlive,
  readAllProcesses,
  readDescendants,
  readEnvironment,
} from './process-table.ts';
import type { FindMembers, TreeRoot } from './process-tree.ts';
import type { Subreaper } from './subreaper.ts';
import { childrenOfNode } from './subreaper.ts';

export interface DescendantsOptions {
  readonly subreaper: Subreaper;
  /** Names of the variables that mark what came of the command, and leader-run's helpers. */
  readonly markers: { readonly tree: string; readonly helper: string };
}

export class Descendants {
  readonly #options: DescendantsOptions;
  readonly #read: () => Map<number, ProcessRow>;
  #memory: TreeMemory;

  /** To be made before anything of the command can have been orphaned: all children that Node did not start are older. */
  constructor(options: DescendantsOptions) {
    this.#options = options;
    const { subreaper } = options;
    this.#read = hasChildrenLists()
      ? () => readDescendants((pid) => subreaper.reap(pid) === 'alive')
      : readAllProcesses;
    const started = childrenOfNode();
    const older = this.#children(this.#read()).filter(({ pid }) => !started.has(pid));
    this.#memory = new Map(
      older.map(({ pid, startTicks }) => [pid, { startTicks, kind: 'older' }]),
    );
  }

  /** From now on this is the command. */
  findOf({ pid, startTicks }: TreeRoot): FindMembers {
    this.#memory = new Map(this.#memory).set(pid, { startTicks: startTicks ?? 0, kind: 'member' });
    return () => this.#look();
  }

  /** While there is no command yet: whoever comes to us is a helper's orphan, whatever its environment says. */
  reap(): void {
    const orphans = this.#look();
    const memory = new Map(this.#memory);
    for (const { pid, startTicks } of orphans) memory.set(pid, { startTicks, kind: 'helper' });
    this.#memory = memory;
  }

  #look(): readonly ProcessRow[] {
    const started = childrenOfNode();
    let rows = this.#read();
    // What a dead one left to us was ours before it was dead: a snapshot with none of those shows all.
    while (this.#reapDead(rows, started)) rows = this.#read();
    const { members, memory } = judgeTree(
      { self: process.pid, rows, started, markerOf: (pid) => this.#markerOf(pid) },
      this.#memory,
    );
    this.#memory = memory;
    return members;
  }

  #reapDead(rows: ReadonlyMap<number, ProcessRow>, started: ReadonlySet<number>): boolean {
    const { subreaper } = this.#options;
    let hasReaped = false;
    for (const row of this.#children(rows))
      if (!isAlive(row) && !started.has(row.pid) && subreaper.reap(row.pid) === 'reaped')
        hasReaped = true;
    return hasReaped;
  }

  #children(rows: ReadonlyMap<number, ProcessRow>): ProcessRow[] {
    return [...rows.values()].filter(({ parent }) => parent === process.pid);
  }

  #markerOf(pid: number): Marker {
    const { tree, helper } = this.#options.markers;
    const environment = readEnvironment(pid);
    if (environment === null || environment === '') return 'unknown';
    if (environment.includes(tree)) return 'tree';
    return environment.includes(helper) ? 'helper' : 'none';
  }
}
