/**
 * The processes that are older than the command, and so none of its tree: on most machines nearly all.
 *
 * They need not be read at each look. Their numbers alone do not tell them, as a number can be given again. But the folder of
 * another process is another inode, made at another time, and to see that it is still the same takes a third of the time of
 * reading its line. If the kernel drops an inode to save memory, the process is just read again.
 */
import { statSync } from 'node:fs';
import type { ProcessRow } from './process-table.ts';
import { readProcess } from './process-table.ts';

interface Folder {
  readonly inode: number;
  readonly madeAtMs: number;
}

export class Elders {
  readonly #commandStartTicks: number;
  /** null: younger than the command, as is whoever may get that number next. */
  readonly #known = new Map<number, Folder | null>();

  constructor(commandStartTicks: number) {
    this.#commandStartTicks = commandStartTicks;
  }

  has(pid: number): boolean {
    return this.#known.get(pid) != null;
  }

  /**
   * The row of a process, unless it is an elder; null: there is none of that pid (any more). `isTrusted`: numbers of elders are
   * taken to be theirs still.
   */
  read(pid: number, isTrusted: boolean): ProcessRow | 'stranger' | null {
    const known = this.#known.get(pid);
    if (known === null) return readProcess(pid);
    if (known !== undefined && isTrusted) return 'stranger';
    // Before the line is read: who is older than the command then had that number already here.
    const folder = statSync(`/proc/${pid}`, { throwIfNoEntry: false });
    if (folder === undefined) return null;
    if (known?.inode === folder.ino && known.madeAtMs === folder.ctimeMs) return 'stranger';
    const row = readProcess(pid);
    if (row === null) return null;
    const isElder = row.startTicks < this.#commandStartTicks;
    this.#known.set(pid, isElder ? { inode: folder.ino, madeAtMs: folder.ctimeMs } : null);
    return isElder ? 'stranger' : row;
  }
}
