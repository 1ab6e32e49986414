/** Finds members where leader-run is a subreaper: reads its descendants, reaps the dead among them, and has the rest classified. */
import type { Marker, TreeMemory } from './judge-tree.ts';
import { judgeTree } from './judge-tree.ts';
import type { ProcessRow } from '../../process/process-table.ts';
import { ScanFailedError, isAlive, unlessFailed } from '../../process/process-table.ts';
import type { Markers } from '../markers.ts';
import type { FindMembers, TreeRoot } from './process-tree.ts';
import type { Subreaper } from './subreaper.ts';
import type { TreeFinder } from './tree-finder.ts';

export interface DescendantsOptions {
  readonly subreaper: Subreaper;
  readonly markers: Markers;
}

/** Of one scan. */
const mostReads = 10;

export class Descendants implements TreeFinder {
  readonly isExact = true;
  readonly adoptsTreeAlone: boolean;
  readonly #options: DescendantsOptions;
  #memory: TreeMemory;
  #command: number | null = null;
  /** A member has a parent that is neither us nor a descendant: the init of another pid namespace. Never so where all processes are read. */
  #hasStray = false;

  /** To be made before anything of the command can have been orphaned: all children that Node did not start are older. */
  constructor(options: DescendantsOptions) {
    this.#options = options;
    const { subreaper } = options;
    const started = subreaper.started();
    const older = this.#children(subreaper.read(new Map())).filter(({ pid }) => !started.has(pid));
    this.adoptsTreeAlone = older.length === 0;
    this.#memory = new Map(
      older.map(({ pid, startTicks }) => [pid, { startTicks, kind: 'older' }]),
    );
    // What they have started is theirs, also if they should end before the next scan.
    this.reap();
  }

  /** From now on this is the command. */
  findOf({ pid }: TreeRoot): FindMembers {
    this.#command = pid;
    return () => this.#scan();
  }

  /**
   * True if we have a child that Node did not start: to read that list costs a tenth of a scan. Also true while another helper than the
   * guard runs, so that its children are known before they are orphaned, and while a member has left us: it leaves us no orphans.
   */
  mayHaveOutsiders(): boolean {
    if (this.#hasStray) return true;
    const { subreaper } = this.#options;
    const children = unlessFailed(() => subreaper.children());
    if (children === null || children.length > 2) return true;
    const started = subreaper.started();
    return (
      !children.some((pid) => pid === this.#command) || !children.every((pid) => started.has(pid))
    );
  }

  /** While there is no command yet: whoever comes to us is a helper's orphan, whatever its environment says. */
  reap(): void {
    const orphans = unlessFailed(() => this.#scan()) ?? [];
    const remembered = new Map(this.#memory);
    for (const { pid, startTicks } of orphans) remembered.set(pid, { startTicks, kind: 'helper' });
    this.#memory = remembered;
  }

  reapExited(): void {
    const { subreaper } = this.#options;
    const started = subreaper.started();
    const exited = (unlessFailed(() => subreaper.children()) ?? []).filter(
      (pid) => !started.has(pid) && subreaper.reap(pid) === 'reaped',
    );
    // Another one can have its number before the next scan.
    if (exited.some((pid) => this.#memory.has(pid)))
      this.#memory = new Map([...this.#memory].filter(([pid]) => !exited.includes(pid)));
  }

  /** Each snapshot counts, also one that is not the last: it may be the only one with the parents of a new process. */
  #scan(): readonly ProcessRow[] {
    const { subreaper } = this.#options;
    const started = subreaper.started();
    // Its exit was reported: a helper can get its number.
    if (this.#command !== null && !started.has(this.#command)) this.#command = null;
    for (let reads = 1; ; reads += 1) {
      const rows = subreaper.read(this.#memory);
      const { members, memory } = judgeTree(
        {
          self: subreaper.pid,
          rows,
          started,
          command: this.#command,
          markerOf: (pid) => this.#markerOf(pid),
        },
        this.#memory,
      );
      this.#memory = memory;
      this.#hasStray = members.some(({ parent }) => parent !== subreaper.pid && !rows.has(parent));
      // What a dead one left to us was ours before it was dead: a snapshot with none of those shows all.
      if (!this.#reapDead(rows, started)) return members;
      if (reads < mostReads) continue;
      // Where something dies whenever we look, it is enough that something lives. That nothing does is not known.
      if (members.length > 0) return members;
      throw new ScanFailedError('something has died in each of many looks');
    }
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
    return [...rows.values()].filter(({ parent }) => parent === this.#options.subreaper.pid);
  }

  #markerOf(pid: number): Marker {
    const { subreaper, markers } = this.#options;
    const environment = subreaper.environmentOf(pid);
    if (environment === null || environment === '') return 'unknown';
    if (environment.includes(markers.tree)) return 'tree';
    return environment.includes(markers.helper) ? 'helper' : 'none';
  }
}
