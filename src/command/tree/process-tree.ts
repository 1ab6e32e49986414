/** What is done to the processes that came of the command as a whole. Which they are, `tree-finder.ts` tells. */
import type { ProcessName } from '../../election/event.ts';
import { killGroup, killProcess } from '../../process/kill.ts';
import type { ProcessRow } from '../../process/process-table.ts';
import {
  unlessFailed,
  hasProcessTable,
  isStopped,
  readProcess,
} from '../../process/process-table.ts';

/** The command's own process, before and after it execs. */
export interface TreeRoot {
  readonly pid: number;
  /** null: there is no process table to read it from. */
  readonly startTicks: number | null;
  /** Whether it leads a group and a session of its own; in a terminal it does not. */
  readonly hasOwnGroup: boolean;
  /** The name of a variable that all of it have in their environment, unless they clear it. */
  readonly marker: string;
}

/** The root of a tree, from now on: its start time tells it from another process that gets its pid later. */
export function readRoot(pid: number, hasOwnGroup: boolean, marker: string): TreeRoot {
  const startTicks = hasProcessTable() ? (readProcess(pid)?.startTicks ?? 0) : null;
  return { pid, startTicks, hasOwnGroup, marker };
}

/** Finds the living members, parents before their children. Throws {@link ScanFailedError}. */
export type FindMembers = () => readonly ProcessRow[];

/** kill(2), so that it can be simulated. */
export interface Kill {
  readonly killGroup: typeof killGroup;
  readonly killProcess: typeof killProcess;
}

/** A member that cannot be stopped can go on forking: so many rounds are enough for all others. */
const mostRounds = 100;

/** A scan that failed is tried again at once, so often; then what was found so far gets its signal. */
const mostFailures = 3;

export class Tree {
  readonly members: FindMembers;
  readonly #root: TreeRoot;
  readonly #kill: Kill;

  constructor(root: TreeRoot, members: FindMembers, kill: Kill = { killGroup, killProcess }) {
    this.#root = root;
    this.members = members;
    this.#kill = kill;
  }

  /**
   * Sends a signal to every member at once: none may run its next step because another of them has ended. The group by one call, under
   * which none of it can fork; all others while they are stopped.
   */
  signal(signal: NodeJS.Signals): void {
    const inGroup = this.#scan().filter(this.#isInGroup);
    const others = this.#stop((member) => !this.#isInGroup(member));
    if (inGroup.length > 0) this.#kill.killGroup(this.#root.pid, signal);
    for (const pid of others) this.#kill.killProcess(pid, signal);
    // What is stopped, by us or by Ctrl-Z, acts on a signal only when it is continued.
    if (inGroup.some(isStopped)) this.#kill.killGroup(this.#root.pid, 'SIGCONT');
    for (const pid of others) this.#kill.killProcess(pid, 'SIGCONT');
  }

  /** SIGKILL to every member, those that appear meanwhile included. Returns to which; which died of it, {@link members} tells. */
  kill(): ReadonlySet<number> {
    if (this.#scan().some(this.#isInGroup)) this.#kill.killGroup(this.#root.pid, 'SIGSTOP');
    const stopped = this.#stop(() => true);
    for (const pid of stopped) this.#kill.killProcess(pid, 'SIGKILL');
    return stopped;
  }

  /** Stops members until there is no other, so that none can fork away from the one that comes next. */
  #stop(isMeant: (member: ProcessRow) => boolean): ReadonlySet<number> {
    const stopped = new Set<number>();
    for (let round = 0; round < mostRounds; round += 1) {
      const others = this.#scan().filter((row) => !stopped.has(row.pid) && isMeant(row));
      if (others.length === 0) break;
      for (const { pid } of others) {
        stopped.add(pid);
        this.#kill.killProcess(pid, 'SIGSTOP');
      }
    }
    return stopped;
  }

  /** Empty after so many failures in a row. */
  #scan(): readonly ProcessRow[] {
    for (let failures = 0; failures < mostFailures; failures += 1) {
      const members = membersOf(this);
      if (members !== null) return members;
    }
    return [];
  }

  /** Its number cannot be another group's while a member is in it. */
  readonly #isInGroup = ({ group }: ProcessRow): boolean =>
    this.#root.hasOwnGroup && group === this.#root.pid;
}

/** null: the scan failed. */
export function membersOf({ members }: Pick<Tree, 'members'>): readonly ProcessRow[] | null {
  return unlessFailed(members);
}

/** For people. A group stands for the process that leads it. */
export function namesOf(members: readonly ProcessRow[]): ProcessName[] {
  return members.map(({ pid, name }) => ({
    pid: Math.abs(pid),
    name: Buffer.from(name, 'latin1').toString(),
  }));
}
