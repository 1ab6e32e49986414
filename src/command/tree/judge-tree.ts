/**
 * Who is a member of the tree: a process is if and only if its chain of parents leads to leader-run, and not by way of a helper
 * (guard, credential plugin) or of a child that leader-run had before it was a subreaper.
 *
 * Pure, so that it can be simulated. An orphan's chain is cut when it is adopted: what it was before is remembered from one
 * snapshot to the next, by pid and start time. Of one that was never seen with its parents, its environment tells.
 */
import type { ProcessRow } from '../../process/process-table.ts';
import { isAlive } from '../../process/process-table.ts';
import type { TreeRoot } from './process-tree.ts';

/**
 * `older`: a child from before leader-run was a subreaper (`./job & exec leader-run …`), or what that started. `presumed`: an orphan that
 * is taken for one of those, because nothing speaks for another origin.
 */
export type Kind = 'member' | 'helper' | 'older' | 'presumed';

/**
 * What a process that was never seen with its parents shows in its environment. `unknown`: nothing that can be read, because it is
 * another user's, has none, or is in the middle of an exec.
 */
export type Marker = 'tree' | 'helper' | 'none' | 'unknown';

export interface Snapshot {
  /** leader-run's own pid. */
  readonly self: number;
  /** At least all descendants of leader-run, by pid, and whoever is remembered and lives. */
  readonly rows: ReadonlyMap<number, ProcessRow>;
  /** The children that leader-run has started itself, and whose exit Node has not reported. */
  readonly started: ReadonlySet<number>;
  /** The one of them that is the command. */
  readonly command: number | null;
  readonly markerOf: (pid: number) => Marker;
}

/** What the last snapshot showed, by pid. Start time 0: it was hidden. */
export type TreeMemory = ReadonlyMap<number, { readonly startTicks: number; readonly kind: Kind }>;

export interface Judgement {
  /** The living ones, in the order of the rows. */
  readonly members: readonly ProcessRow[];
  readonly memory: TreeMemory;
}

/** `isCertain`: not only by default, so that it need not be examined again. */
interface Verdict {
  readonly kind: Kind | null;
  readonly isCertain: boolean;
}

const noDescendant: Verdict = { kind: null, isCertain: true };
const member: Verdict = { kind: 'member', isCertain: true };
const helper: Verdict = { kind: 'helper', isCertain: true };

export function judgeTree(snapshot: Snapshot, before: TreeMemory): Judgement {
  const verdicts = new Map<number, Verdict>();
  const memory = new Map<number, { startTicks: number; kind: Kind }>();
  const members: ProcessRow[] = [];
  for (const row of snapshot.rows.values()) {
    const { kind, isCertain } = judge(row);
    if (kind === null) continue;
    const startTicks = row.startTicks || (before.get(row.pid)?.startTicks ?? 0);
    if (isCertain) memory.set(row.pid, { startTicks, kind });
    if (kind === 'member' && isAlive(row)) members.push(row);
  }
  return { members, memory };

  function judge(row: ProcessRow): Verdict {
    const judged = verdicts.get(row.pid);
    if (judged !== undefined) return judged;
    // Rows are read one after the other, so that reused pids could make a circle of parents.
    verdicts.set(row.pid, noDescendant);
    const kind = started(row) ?? rememberedKind(before, row);
    const verdict = kind === null ? inherited(row) : { kind, isCertain: true };
    verdicts.set(row.pid, verdict);
    return verdict;
  }

  /** Its number is its own until its exit is reported. */
  function started({ pid }: ProcessRow): Kind | null {
    if (!snapshot.started.has(pid)) return null;
    return pid === snapshot.command ? 'member' : 'helper';
  }

  function inherited(row: ProcessRow): Verdict {
    if (row.parent === snapshot.self) return adopted(row);
    const parent = snapshot.rows.get(row.parent);
    // A parent that is younger than its child has the number of one that is gone.
    if (parent === undefined || parent.startTicks > row.startTicks) return noDescendant;
    const verdict = judge(parent);
    // What was presumed of the parent, or is in doubt, does not outweigh what its child shows.
    const isOpen = verdict.kind === 'presumed' || !verdict.isCertain;
    return (isOpen ? shown(snapshot.markerOf(row.pid)) : null) ?? verdict;
  }

  /** In doubt it is a member: to end one process too many is the smaller harm. */
  function adopted({ pid }: ProcessRow): Verdict {
    const marker = snapshot.markerOf(pid);
    const verdict = shown(marker);
    if (verdict !== null) return verdict;
    if (marker === 'none' && hasOlder(snapshot, before))
      return { kind: 'presumed', isCertain: true };
    return { kind: 'member', isCertain: false };
  }
}

function shown(marker: Marker): Verdict | null {
  if (marker === 'tree') return member;
  return marker === 'helper' ? helper : null;
}

function rememberedKind(before: TreeMemory, { pid, startTicks }: ProcessRow): Kind | null {
  const known = before.get(pid);
  if (known === undefined) return null;
  const isSame = known.startTicks === startTicks || known.startTicks === 0 || startTicks === 0;
  return isSame ? known.kind : null;
}

/** Whether a child from before is there still, from which an orphan without a marker may have come: the orphans of one that has left us go elsewhere. */
function hasOlder({ self, rows }: Snapshot, before: TreeMemory): boolean {
  for (const row of rows.values())
    if (row.parent === self && isAlive(row) && rememberedKind(before, row) === 'older') return true;
  return false;
}

/** What the guard would not find by itself: whatever does not descend from the command. Of its group it knows the number alone. */
export function hiddenFromGuard(
  members: readonly ProcessRow[],
  { pid, startTicks }: Pick<TreeRoot, 'pid' | 'startTicks'>,
): readonly ProcessRow[] {
  const descendants = new Set<number>();
  for (const member of members) {
    // Another member can have its number by now. One that is hidden shows no start time.
    const isRoot = member.pid === pid && [startTicks, 0].includes(member.startTicks);
    if (isRoot || descendants.has(member.parent)) descendants.add(member.pid);
  }
  return members.filter((member) => !descendants.has(member.pid));
}
