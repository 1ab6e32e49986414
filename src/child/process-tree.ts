/**
 * The processes that came of the command, wherever they went: found by group, session, descent and cookie.
 *
 * Once found, a process is known by pid and start time and stays a member, also when its parent dies or it is started anew
 * with another environment. What hides in all four ways before it is ever seen is not found; the README says so.
 */
import { killGroup, killProcess } from './kill.ts';
import { OlderProcesses } from './older-processes.ts';
import type { ProcessRow } from './process-table.ts';
import {
  hasInEnvironment,
  hasVariables,
  isInit,
  readProcess,
  readProcesses,
} from './process-table.ts';

/** The command's own process, before and after it execs. */
export interface TreeRoot {
  readonly pid: number;
  /** null: there is no process table to read it from. */
  readonly startTicks: number | null;
  /** Whether it leads a group and a session of its own; in a terminal it does not. */
  readonly hasOwnGroup: boolean;
  /** The name of a variable that nobody else has. */
  readonly cookie: string;
}

export interface Tree {
  /**
   * The living members. If none is found but processes vanish under each look, these: one that forks and ends at once is
   * never seen itself, and what it has left is not in that look.
   */
  readonly members: () => readonly number[];
  /** The living members among those that the last look did not see or could not judge: quick, to be asked right after it. */
  readonly newcomers: () => readonly number[];
  /** Sends a signal to every living member. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** SIGKILL to every member, those that appear meanwhile included. Returns to whom; who died of it, {@link members} tells. */
  readonly strike: () => ReadonlySet<number>;
}

export function createTree(root: TreeRoot): Tree {
  // Too short a cookie would be found in strangers.
  if (root.cookie.length < 32) throw new Error(`Cannot use cookie ${JSON.stringify(root.cookie)}`);
  return new ProcessTree(root);
}

/** Where there is no /proc: the group alone, or in a terminal the command alone. */
export function createBlindTree(root: TreeRoot): Tree {
  const target = root.hasOwnGroup ? -root.pid : root.pid;
  const members = () => (exists(target) ? [root.pid] : []);
  return {
    members,
    newcomers: members,
    signal: (signal) => killProcess(target, signal),
    strike: () => {
      killProcess(target, 'SIGKILL');
      return new Set([root.pid]);
    },
  };
}

function exists(target: number): boolean {
  try {
    process.kill(target, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** So often a look is repeated at once when processes vanish under it. */
const patience = 5;

/**
 * A process in the middle of an exec, or of its end, has no environment to be judged by; it holds what it had open, so the next
 * leader must not start yet. One that was never judged is waited for this long: longer, and a stranger that hangs there (on NFS,
 * say) would keep everybody from releasing.
 */
const longestUnjudgedMs = 10_000;

class ProcessTree implements Tree {
  readonly #startTicks: number;
  readonly #older: OlderProcesses;
  readonly #cookie: Buffer;
  /** Start times by pid. */
  readonly #known: Map<number, number>;
  /** null: shared with others, or known to be extinct. */
  #group: number | null;
  /**
   * The sessions taken to be begun by a member: whoever is in one has it from a member. A member can also be in a stranger's, if that
   * has run it with the command's environment, as a job server does.
   */
  readonly #sessions = new Set<number>();
  /** Those that are younger than the command and that the last look has seen to be no members. */
  readonly #strangers = new Set<number>();
  /** Start times, by pid, of those ever seen to be no members. */
  readonly #judged = new Map<number, number>();
  /** Those that the last look could not judge, most of them as they ended under it. */
  #undecided: number[] = [];
  /** Who adopts orphans, among those asked for in this look. */
  readonly #adopters = new Map<number, boolean>();
  /** Those that could not be judged, by pid. */
  readonly #unjudged = new Map<number, Unjudged>();

  constructor({ pid, startTicks: ticks, hasOwnGroup, cookie }: TreeRoot) {
    const startTicks = ticks ?? 0;
    this.#startTicks = startTicks;
    this.#older = new OlderProcesses(startTicks);
    this.#cookie = Buffer.from(cookie);
    this.#known = new Map([[pid, startTicks]]);
    this.#group = hasOwnGroup ? pid : null;
  }

  readonly members = (): readonly number[] => this.#survivors(false);

  readonly newcomers = (): readonly number[] => this.#survivors(true);

  readonly signal = (signal: NodeJS.Signals): void => {
    for (const { pid } of this.#find('everywhere')) killProcess(pid, signal);
  };

  readonly strike = (): ReadonlySet<number> => {
    const struck = new Set<number>();
    // Halts most of it at once; from then on it cannot fork.
    if (this.#group !== null) killGroup(this.#group, 'SIGSTOP');
    // Environments come second, as reading one can hang.
    for (const where of ['nearby', 'everywhere'] as const) {
      // Nobody twice: by then the number may be a stranger's.
      const { pids, groups } = this.#stopAll(where, struck);
      // The youngest first, and the leaders of sessions last: at their end the kernel continues who was stopped in them.
      for (const pid of pids) {
        killProcess(pid, 'SIGKILL');
        struck.add(pid);
      }
      for (const group of groups) killGroup(group, 'SIGKILL');
      if (this.#group !== null) killGroup(this.#group, 'SIGKILL');
    }
    return struck;
  };

  #survivors(trustsPids: boolean): readonly number[] {
    for (let look = 0; look < patience; look += 1) {
      const found = this.#find('everywhere', trustsPids || look > 0);
      if (found.length > 0) return found.map((row) => row.pid);
      if (this.#undecided.length === 0) return [];
    }
    return this.#undecided;
  }

  /**
   * Stops whom it finds until nobody new appears, so that no member can fork away from the one that kills it. With a member
   * goes its group, if that cannot hold strangers: a signal to a group reaches also who is being forked just now.
   */
  #stopAll(where: Where, struck: ReadonlySet<number>): Stopped {
    const pids = new Set<number>();
    const groups = new Set<number>();
    for (let [before, looks] = [-1, 0]; before < pids.size || this.#isBlurred(looks); looks += 1) {
      before = pids.size;
      for (const row of this.#find(where)) {
        if (pids.has(row.pid) || struck.has(row.pid)) continue;
        pids.add(row.pid);
        if (row.group > 1 && this.#sessions.has(row.session)) {
          groups.add(row.group);
          killGroup(row.group, 'SIGSTOP');
        }
        killProcess(row.pid, 'SIGSTOP');
      }
    }
    return { pids, groups };
  }

  #isBlurred(looks: number): boolean {
    return this.#undecided.length > 0 && looks < patience;
  }

  /** Its leader tells; if that has ended, it is the tree's unless somebody older than the command is known to have it. */
  #isBegunByTree(session: number, found: ReadonlyMap<number, ProcessRow>, where: Where): boolean {
    if (found.has(session)) return true;
    // Without environments it is not known who is no member.
    if (where === 'nearby' || session <= 0 || this.#older.haveSession(session)) return false;
    // A daemon that has overwritten its environment has nothing in it that speaks for or against it.
    return !this.#strangers.has(session) || !hasVariables(session);
  }

  /**
   * `trustsPids`: the pids of those that the last look has seen to be no members are taken to be theirs still. One that
   * becomes a member meanwhile (a job server's child, by exec) is missed, as it would be right after the last look.
   */
  #find(where: Where, trustsPids = false): readonly ProcessRow[] {
    if (!trustsPids) this.#strangers.clear();
    this.#adopters.clear();
    const { rows, vanished } = readProcesses((pid) =>
      this.#strangers.has(pid) ? 'skip' : this.#older.read(pid, trustsPids),
    );
    this.#noticeReusedGroup(rows);
    const alive = rows.filter((row) => row.isAlive);
    const found = new Map<number, ProcessRow>();
    this.#undecided = [...vanished];
    this.#spread(alive, found);
    if (where === 'everywhere') this.#addMarked(alive, found);
    for (const row of found.values()) {
      this.#strangers.delete(row.pid);
      this.#unjudged.delete(row.pid);
      this.#known.set(row.pid, row.startTicks);
    }
    for (const { session } of found.values())
      if (this.#isBegunByTree(session, found, where)) this.#sessions.add(session);
    this.#noticeZombies(rows);
    if (this.#undecided.length === 0) this.#forgetGroup(rows);
    if (this.#undecided.length === 0 && !trustsPids) this.#forgetSessions(rows);
    return [...found.values()];
  }

  #noticeZombies(rows: readonly ProcessRow[]): void {
    for (const row of rows) if (!row.isAlive && this.#mayBeMember(row)) this.#await(row, 0);
  }

  /** A child of no member is taken for none, unless it may have been adopted (a job server's job in its end is missed). */
  #mayBeMember({ parent }: ProcessRow): boolean {
    if (!this.#older.has(parent) && !this.#strangers.has(parent)) return true;
    const adopts = this.#adopters.get(parent) ?? adoptsOrphans(parent);
    this.#adopters.set(parent, adopts);
    return adopts;
  }

  /** Makes this look inconclusive: once for each process, and again until `longestMs` after the first time. Its end counts anew. */
  #await({ pid, startTicks, isExiting }: ProcessRow, longestMs: number): void {
    const nowMs = performance.now();
    const before = this.#unjudged.get(pid);
    const isNew = before?.startTicks !== startTicks || before.isExiting !== isExiting;
    if (isNew) this.#unjudged.set(pid, { startTicks, isExiting, sinceMs: nowMs });
    if (isNew || nowMs - before.sinceMs < longestMs) this.#undecided.push(pid);
  }

  #addMarked(rows: readonly ProcessRow[], found: Map<number, ProcessRow>): void {
    const before = found.size;
    const unclear: ProcessRow[] = [];
    for (const row of rows) {
      if (found.has(row.pid)) continue;
      const isMarked = hasInEnvironment(row.pid, this.#cookie);
      if (isMarked === true) found.set(row.pid, row);
      else if (isMarked === false) this.#judge(row);
      else unclear.push(row);
    }
    if (found.size > before) this.#spread(rows, found);
    for (const row of unclear) if (!found.has(row.pid)) this.#waitFor(row);
  }

  #judge({ pid, startTicks }: ProcessRow): void {
    this.#strangers.add(pid);
    this.#judged.set(pid, startTicks);
    this.#unjudged.delete(pid);
  }

  /** It is just between two programs, of which the second may have the cookie, or in its end. */
  #waitFor(row: ProcessRow): void {
    if (!row.isExiting) this.#await(row, longestUnjudgedMs);
    else if (this.#judged.get(row.pid) === row.startTicks) this.#judge(row);
    // Without a parent it entered our pid namespace from outside, as probes by exec do; orphans do not leave it.
    else this.#await(row, row.parent > 0 && this.#mayBeMember(row) ? longestUnjudgedMs : 0);
  }

  /** Finds kin and kin of kin; more than one round, as a pid can be smaller than its parent's. */
  #spread(rows: readonly ProcessRow[], found: Map<number, ProcessRow>): void {
    for (let before = -1; before < found.size;) {
      before = found.size;
      for (const row of rows) {
        if (!found.has(row.pid) && (this.#isMember(row) || found.has(row.parent))) {
          found.set(row.pid, row);
        }
      }
    }
  }

  #isMember(row: ProcessRow): boolean {
    return (
      this.#known.get(row.pid) === row.startTicks ||
      this.#sessions.has(row.session) ||
      (this.#group !== null && (row.group === this.#group || row.session === this.#group))
    );
  }

  /** A pid is not given again while it names a session; afterwards it may come to name a stranger's. */
  #forgetSessions(rows: readonly ProcessRow[]): void {
    const present = new Set(rows.map((row) => row.session));
    for (const session of this.#sessions) {
      if (!present.has(session)) this.#sessions.delete(session);
    }
  }

  /** As with sessions. The kernel is asked too, as a look can miss, or not be shown, who is in the group. */
  #forgetGroup(rows: readonly ProcessRow[]): void {
    const group = this.#group;
    if (group === null || exists(-group)) return;
    if (!rows.some((row) => row.session === group)) this.#group = null;
  }

  /** Between two looks the number may have gone to a stranger: then the group was empty in between. */
  #noticeReusedGroup(rows: readonly ProcessRow[]): void {
    const holder = rows.find((row) => row.pid === this.#group);
    if (holder !== undefined && holder.startTicks !== this.#startTicks) this.#group = null;
  }
}

/** Our ancestors can, who may be subreapers, and the init of a pid namespace, whether ours (no ancestor after `docker exec`) or not. */
function adoptsOrphans(pid: number): boolean {
  if (pid === 1 || isInit(pid)) return true;
  for (let at = process.pid; at > 0; at = readProcess(at)?.parent ?? 0) if (at === pid) return true;
  return false;
}

interface Unjudged {
  readonly startTicks: number;
  readonly isExiting: boolean;
  readonly sinceMs: number;
}

interface Stopped {
  readonly pids: ReadonlySet<number>;
  /** Those of which every member is one of the tree. */
  readonly groups: ReadonlySet<number>;
}

/** `nearby`: by group, session and descent; `everywhere`: by the cookie too. */
type Where = 'nearby' | 'everywhere';
