/**
 * Chooses how the living members of the tree are found: by descent where leader-run is a subreaper, otherwise by marks, of which a daemon
 * can lose all before it is ever seen.
 */
import type { Markers } from '../markers.ts';
import { Descendants } from './descendants.ts';
import type { ProcessRow } from '../../process/process-table.ts';
import {
  hasProcessTable,
  isAlive,
  readAllProcesses,
  readEnvironment,
} from '../../process/process-table.ts';
import type { FindMembers, TreeRoot } from './process-tree.ts';
import { type Subreaper, becomeSubreaper } from './subreaper.ts';

export interface TreeFinder {
  /** Finds all members, and fast enough to be asked now and then while the command runs. */
  readonly isExact: boolean;
  /** Every orphan that comes to us belongs to the tree or to a helper: leader-run had no other children at the start. */
  readonly adoptsTreeAlone: boolean;
  /** Whether there may be a member that does not descend from the command. */
  mayHaveOutsiders(): boolean;
  /** From now on this is the command. */
  findOf(root: TreeRoot): FindMembers;
  /** Reaps orphans that have exited: also helpers leave some to us. */
  reap(): void;
  /** The same while the command runs, without a scan: it can leave us orphans faster than scans come. */
  reapExited(): void;
}

/** To be called before anything of the command can have been orphaned: children that Node did not start are older. */
export async function createTreeFinder(
  markers: Markers,
  onWarning: (message: string) => void,
  become: () => Promise<Subreaper | null> = becomeSubreaper,
): Promise<TreeFinder> {
  const hasTable = hasProcessTable();
  const subreaper = hasTable ? await become() : null;
  if (subreaper !== null) return new Descendants({ subreaper, markers });
  const miss = hasTable
    ? 'a daemon that leaves its group, session and parent and clears its environment is not found'
    : 'a process that leaves the process group of the command is not found';
  onWarning(
    `Cannot keep orphans together on this machine: ${miss}, and may run on after the release`,
  );
  return {
    isExact: false,
    adoptsTreeAlone: false,
    mayHaveOutsiders: () => true,
    findOf: hasTable ? findByMarks : findByGroup,
    reap: () => undefined,
    reapExited: () => undefined,
  };
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
  const scan = (): Map<number, ProcessRow> => {
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
    return found;
  };
  return () => {
    let found = scan();
    // One that was forked during the scan can be missing in it. Its group is there.
    const showsGroup = [...found.values()].some(isInGroup);
    if (hasGroup && !showsGroup && exists(-pid)) found = scan();
    known = new Map([...found.values()].map((row) => [row.pid, row.startTicks]));
    // Once it is empty, its number can become another group's.
    hasGroup &&= exists(-pid);
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
