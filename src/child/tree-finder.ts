/**
 * Finds the living members of the tree. Where leader-run is a subreaper: reads its descendants, reaps the dead among them and has the
 * rest judged (`judge-tree.ts`). Where it cannot be one: by marks, of which a daemon can lose all before it is ever seen.
 */
import type { Markers } from './markers.ts';
import type { Marker, TreeMemory } from './judge-tree.ts';
import { judgeTree } from './judge-tree.ts';
import type { ProcessRow } from './process-table.ts';
import {
  hasChildrenLists,
  hasProcessTable,
  isAlive,
  readAllProcesses,
  readDescendants,
  readEnvironment,
} from './process-table.ts';
import type { FindMembers, TreeRoot } from './process-tree.ts';
import type { Subreaper } from './subreaper.ts';
import { childrenOfNode } from './subreaper.ts';

export interface TreeFinder {
  /** Finds all members, and fast enough to be asked now and then while the command runs. */
  readonly isExact: boolean;
  /** From now on this is the command. */
  findOf(root: TreeRoot): FindMembers;
  /** Reaps orphans that have exited: also helpers leave some to us. */
  reap(): void;
}

/** To be called before anything of the command can have been orphaned: children that Node did not start are older. */
export async function createTreeFinder(
  markers: Markers,
  becomeSubreaper: () => Promise<Subreaper | null>,
  onWarning: (message: string) => void,
): Promise<TreeFinder> {
  const hasTable = hasProcessTable();
  const subreaper = hasTable ? await becomeSubreaper() : null;
  if (subreaper !== null) return new Descendants(subreaper, markers);
  const miss = hasTable
    ? 'a daemon that leaves its group, session and parent and clears its environment is not found'
    : 'a process that leaves the process group of the command is not found';
  onWarning(
    `Cannot keep orphans together on this machine: ${miss}, and may run on after the release`,
  );
  return { isExact: false, findOf: hasTable ? findByMarks : findByGroup, reap: () => undefined };
}

class Descendants implements TreeFinder {
  readonly isExact = true;
  readonly #subreaper: Subreaper;
  readonly #markers: Markers;
  readonly #read: () => Map<number, ProcessRow>;
  #memory: TreeMemory;

  constructor(subreaper: Subreaper, markers: Markers) {
    this.#subreaper = subreaper;
    this.#markers = markers;
    this.#read = hasChildrenLists()
      ? () => readDescendants((pid) => subreaper.reap(pid) === 'alive')
      : // One that appears with a smaller pid than its parent's, which then ends, can be missed once.
        () => new Map([...readAllProcesses(), ...readAllProcesses()]);
    const started = childrenOfNode();
    const older = this.#children(this.#read()).filter(({ pid }) => !started.has(pid));
    this.#memory = new Map(
      older.map(({ pid, startTicks }) => [pid, { startTicks, kind: 'older' }]),
    );
  }

  findOf({ pid, startTicks }: TreeRoot): FindMembers {
    this.#memory = new Map(this.#memory).set(pid, { startTicks: startTicks ?? 0, kind: 'member' });
    return () => this.#look();
  }

  reap(): void {
    this.#look();
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
    let hasReaped = false;
    for (const row of this.#children(rows))
      if (!isAlive(row) && !started.has(row.pid) && this.#subreaper.reap(row.pid) === 'reaped')
        hasReaped = true;
    return hasReaped;
  }

  #children(rows: ReadonlyMap<number, ProcessRow>): ProcessRow[] {
    return [...rows.values()].filter(({ parent }) => parent === process.pid);
  }

  #markerOf(pid: number): Marker {
    const { tree, helper } = this.#markers;
    const environment = readEnvironment(pid);
    if (environment === null || environment === '') return 'unknown';
    if (environment.includes(tree)) return 'tree';
    return environment.includes(helper) ? 'helper' : 'none';
  }
}

/** By group, session, descent and the marker in the environment. */
function findByMarks({ pid, startTicks, hasOwnGroup, marker }: TreeRoot): FindMembers {
  /** Start times by pid. */
  let known = new Map<number, number>([[pid, startTicks ?? 0]]);
  let hasGroup = hasOwnGroup;
  const isInGroup = (row: ProcessRow): boolean =>
    hasGroup && (row.group === pid || row.session === pid);
  const isMarked = (row: ProcessRow): boolean =>
    known.get(row.pid) === row.startTicks ||
    isInGroup(row) ||
    readEnvironment(row.pid)?.includes(marker) === true;
  return () => {
    const rows = [...readAllProcesses().values()].filter(
      (row) => isAlive(row) && row.startTicks >= (startTicks ?? 0),
    );
    const found = new Map<number, ProcessRow>();
    for (const row of rows) if (isMarked(row)) found.set(row.pid, row);
    // More than one round, because a pid can be smaller than its parent's.
    for (let before = 0; before < found.size;) {
      before = found.size;
      for (const row of rows) if (found.has(row.parent)) found.set(row.pid, row);
    }
    known = new Map([...found.values()].map((row) => [row.pid, row.startTicks]));
    // Once it is empty, its number can become another group's.
    hasGroup = [...found.values()].some(isInGroup);
    return [...found.values()];
  };
}

/** Where there is no /proc: the group alone, which kill(2) takes as a negative number; in a terminal the command alone. */
function findByGroup({ pid, hasOwnGroup }: TreeRoot): FindMembers {
  const target = hasOwnGroup ? -pid : pid;
  const unknown = { parent: 0, session: 0, startTicks: 0, name: '', state: '?', threads: 1 };
  return () => (exists(target) ? [{ ...unknown, pid: target, group: pid }] : []);
}

function exists(target: number): boolean {
  try {
    process.kill(target, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
