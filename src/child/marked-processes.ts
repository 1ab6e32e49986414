/**
 * Finds members where leader-run cannot be a subreaper: by group, session, descent and the marker in the environment. What loses all
 * four before it is ever seen, as many daemons do, is not found.
 */
import type { ProcessRow } from './process-table.ts';
import { isAlive, readAllProcesses, readEnvironment } from './process-table.ts';
import type { FindMembers, TreeRoot } from './process-tree.ts';

export function findByMarks({ pid, startTicks, hasOwnGroup, cookie }: TreeRoot): FindMembers {
  /** Start times by pid. */
  let known = new Map<number, number>([[pid, startTicks ?? 0]]);
  let hasGroup = hasOwnGroup;
  const isInGroup = (row: ProcessRow): boolean =>
    hasGroup && (row.group === pid || row.session === pid);
  const isMarked = (row: ProcessRow): boolean =>
    known.get(row.pid) === row.startTicks ||
    isInGroup(row) ||
    readEnvironment(row.pid)?.includes(cookie) === true;
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
