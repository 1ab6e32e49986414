/**
 * The processes that are older than the command, and so none of its tree: on most machines nearly all.
 *
 * They need not be read at each look. A pid alone does not identify a process, as the kernel reuses pids; the inode and ctime of
 * `/proc/PID` do, as each process gets a directory of its own there, and to compare them takes a third of the time of reading
 * `/proc/PID/stat`. If the kernel drops an inode to save memory, the process is just read again.
 */
import { statSync } from 'node:fs';
import type { ProcessRow } from './process-table.ts';
import { isHidden, readProcess } from './process-table.ts';

/** What identifies a directory of /proc. */
interface ProcDirectory {
  readonly inode: number;
  readonly madeAtMs: number;
}

export class OlderProcesses {
  readonly #commandStartTicks: number;
  readonly #older = new Map<number, ProcDirectory & { readonly session: number }>();
  /** Pids of processes that are not older, as is whoever may get such a pid next. */
  readonly #younger = new Set<number>();

  /** `commandStartTicks`: clock ticks from boot to the command's start. */
  constructor(commandStartTicks: number) {
    this.#commandStartTicks = commandStartTicks;
  }

  has(pid: number): boolean {
    return this.#older.has(pid);
  }

  /** Whether a living one is in this session, or leads it: it may have begun it after it was read. */
  haveSession(session: number): boolean {
    for (const [pid, known] of this.#older)
      if ((known.session === session || pid === session) && isSame(known, directoryOf(pid)))
        return true;
    return false;
  }

  /**
   * The row of a process, or `skip` if it is older than the command, or hidden from us; null: there is none of that pid (any more).
   * `trustsPids`: a pid known to be of an older process is taken to be so still.
   */
  read(pid: number, trustsPids: boolean): ProcessRow | 'skip' | null {
    if (this.#younger.has(pid)) return readProcess(pid);
    const known = this.#older.get(pid);
    if (known !== undefined && trustsPids) return 'skip';
    // Before the start time is read: who is older than the command then had that pid already here.
    const directory = directoryOf(pid);
    if (known !== undefined && isSame(known, directory)) return 'skip';
    const row = readProcess(pid);
    if (row === null) return isHidden(pid) ? 'skip' : null;
    if (row.startTicks < this.#commandStartTicks) {
      if (directory !== null) this.#older.set(pid, { ...directory, session: row.session });
      return 'skip';
    }
    this.#older.delete(pid);
    this.#younger.add(pid);
    return row;
  }
}

/** null: there is none (any more), or a security module keeps it from us. */
function directoryOf(pid: number): ProcDirectory | null {
  try {
    const status = statSync(`/proc/${pid}`, { throwIfNoEntry: false });
    return status === undefined ? null : { inode: status.ino, madeAtMs: status.ctimeMs };
  } catch {
    return null;
  }
}

function isSame(known: ProcDirectory, now: ProcDirectory | null): boolean {
  return known.inode === now?.inode && known.madeAtMs === now.madeAtMs;
}
