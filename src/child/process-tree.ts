/**
 * The processes that came of the command, wherever they went: found by group, session, descent and cookie.
 *
 * Once found, a process is known by pid and start time and stays a member, also when its parent dies or it is started anew
 * with another environment. What hides in all four ways before it is ever seen is not found; the README says so.
 */
import { killGroup, killProcess } from './kill.ts';
import { OlderProcesses } from './older-processes.ts';
import type { ProcessRow } from './process-table.ts';
import { hasInEnvironment, readProcess, readProcesses } from './process-table.ts';

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

class ProcessTree implements Tree {
  readonly #startTicks: number;
  readonly #older: OlderProcesses;
  readonly #cookie: Buffer;
  /** Start times by pid. */
  readonly #known: Map<number, number>;
  /** null: shared with others, or known to be extinct. */
  #group: number | null;
  /** The session that the command shares with others, in a terminal; all others that members are in are the tree's own. */
  readonly #sharedSession: number | null;
  /** The sessions in which members were found: whoever is in one has it from a member. */
  readonly #sessions = new Set<number>();
  /** Those that are younger than the command and that the last look has seen to be no members. */
  readonly #strangers = new Set<number>();
  /** Those that ended under the last look and may have been members. */
  #vanished: number[] = [];
  /** Start times of those whose end was seen, by pid: one that is new has just ended. */
  readonly #ended = new Map<number, number>();

  constructor({ pid, startTicks: ticks, hasOwnGroup, cookie }: TreeRoot) {
    const startTicks = ticks ?? 0;
    this.#startTicks = startTicks;
    this.#older = new OlderProcesses(startTicks);
    this.#cookie = Buffer.from(cookie);
    this.#known = new Map([[pid, startTicks]]);
    this.#group = hasOwnGroup ? pid : null;
    this.#sharedSession = hasOwnGroup ? null : (readProcess(process.pid)?.session ?? null);
  }

  readonly members = (): readonly number[] => this.#survivors(false);

  readonly newcomers = (): readonly number[] => this.#survivors(true);

  readonly signal = (signal: NodeJS.Signals): void => {
    for (const { pid } of this.#find('everywhere')) killProcess(pid, signal);
  };

  readonly strike = (): ReadonlySet<number> => {
    const struck = new Set<number>();
    const groups = new Set<number>();
    // Halts most of it at once; from then on it cannot fork.
    if (this.#group !== null) killGroup(this.#group, 'SIGSTOP');
    // Environments come second, as reading one can hang.
    for (const where of ['nearby', 'everywhere'] as const) {
      this.#stopAll(where, struck, groups);
      if (this.#group !== null) killGroup(this.#group, 'SIGKILL');
      for (const group of groups) killGroup(group, 'SIGKILL');
      for (const pid of struck) killProcess(pid, 'SIGKILL');
    }
    return struck;
  };

  #survivors(trustsPids: boolean): readonly number[] {
    // What was there a look ago is known to be none, so it is no matter if that ends.
    const strangers = new Set<number>();
    for (let look = 0; look < patience; look += 1) {
      const found = this.#find('everywhere', trustsPids);
      if (found.length > 0) return found.map((row) => row.pid);
      this.#vanished = this.#vanished.filter((pid) => !strangers.has(pid));
      if (this.#vanished.length === 0) return [];
      for (const pid of this.#strangers) strangers.add(pid);
    }
    return this.#vanished;
  }

  /**
   * Stops whom it finds until nobody new appears, so that no member can fork away from the one that kills it. With a member
   * goes its group, if that cannot hold strangers: a signal to a group reaches also who is being forked just now.
   */
  #stopAll(where: Where, stopped: Set<number>, groups: Set<number>): void {
    for (
      let [before, looks] = [-1, 0];
      before < stopped.size || this.#isBlurred(looks);
      looks += 1
    ) {
      before = stopped.size;
      for (const row of this.#find(where)) {
        if (stopped.has(row.pid)) continue;
        stopped.add(row.pid);
        if (this.#isOwnGroup(row)) {
          groups.add(row.group);
          killGroup(row.group, 'SIGSTOP');
        }
        killProcess(row.pid, 'SIGSTOP');
      }
    }
  }

  #isBlurred(looks: number): boolean {
    return this.#vanished.length > 0 && looks < patience;
  }

  #isOwnGroup({ group, session }: ProcessRow): boolean {
    return group > 1 && session !== this.#sharedSession;
  }

  /**
   * `trustsPids`: the pids of those that the last look has seen to be no members are taken to be theirs still. A process that is
   * no member does not become one.
   */
  #find(where: Where, trustsPids = false): readonly ProcessRow[] {
    if (!trustsPids) this.#strangers.clear();
    const { rows, vanished } = readProcesses((pid) =>
      this.#strangers.has(pid) ? 'skip' : this.#older.read(pid, trustsPids),
    );
    this.#noticeExtinctGroup(rows);
    const alive = rows.filter((row) => row.isAlive);
    const found = new Map<number, ProcessRow>();
    this.#vanished = [...vanished];
    this.#spread(alive, found);
    if (where === 'everywhere') this.#addMarked(alive, found);
    for (const row of found.values()) {
      this.#strangers.delete(row.pid);
      this.#known.set(row.pid, row.startTicks);
      if (this.#isOwnGroup(row)) this.#sessions.add(row.session);
    }
    this.#noticeEnded(rows);
    if (this.#vanished.length === 0 && !trustsPids) this.#forgetSessions(rows);
    return [...found.values()];
  }

  #noticeEnded(rows: readonly ProcessRow[]): void {
    const ended = rows.filter((row) => !row.isAlive);
    if (ended.length === 0) return;
    const adopters = adoptersOfOrphans();
    for (const row of ended) {
      const { parent } = row;
      // A child of no member is none, unless it was adopted.
      const isStrangers = this.#older.has(parent) || this.#strangers.has(parent);
      if (!isStrangers || adopters.has(parent)) this.#noticeEnd(row);
    }
  }

  /** Once for each: what hangs in its end is not to be waited for by everybody on the machine. */
  #noticeEnd({ pid, startTicks }: ProcessRow): void {
    if (this.#ended.get(pid) !== startTicks) this.#vanished.push(pid);
    this.#ended.set(pid, startTicks);
  }

  #addMarked(rows: readonly ProcessRow[], found: Map<number, ProcessRow>): void {
    const before = found.size;
    for (const row of rows) {
      if (found.has(row.pid)) continue;
      const isMarked = hasInEnvironment(row.pid, this.#cookie);
      if (isMarked === true) found.set(row.pid, row);
      if (isMarked === false) this.#strangers.add(row.pid);
      if (isMarked !== null) continue;
      // It is just between two programs, or has ended.
      if (row.isExiting) this.#noticeEnd(row);
      else this.#vanished.push(row.pid);
    }
    if (found.size > before) this.#spread(rows, found);
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

  /** A pid is not given again while it names a group: if a stranger has it, the group is empty. */
  #noticeExtinctGroup(rows: readonly ProcessRow[]): void {
    const holder = rows.find((row) => row.pid === this.#group);
    if (holder !== undefined && holder.startTicks !== this.#startTicks) this.#group = null;
  }
}

/** Our ancestors, who may be subreapers, and the init of our pid namespace, which is none of them after `docker exec`. */
function adoptersOfOrphans(): ReadonlySet<number> {
  const adopters = new Set([1]);
  for (let at = process.pid; at > 0; at = readProcess(at)?.parent ?? 0) adopters.add(at);
  return adopters;
}

/** `nearby`: by group, session and descent; `everywhere`: by the cookie too. */
type Where = 'nearby' | 'everywhere';
