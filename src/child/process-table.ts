/**
 * Reads /proc. On the way from one leader to the next, so it is made to be fast: synchronous calls into a buffer that is used
 * again, and no more JavaScript than needed, as it runs too seldom to be compiled.
 */
import { closeSync, openSync, readdirSync, readSync, readlinkSync } from 'node:fs';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks from boot to its start: with the pid, this identifies a process. */
  readonly startTicks: number;
  /** A zombie whose other threads run on is alive: it still acts. */
  readonly isAlive: boolean;
  /** By a signal (SIGSTOP, Ctrl-Z). */
  readonly isStopped: boolean;
}

/** Whether there is a /proc, and one of our own pid namespace. */
export function hasProcessTable(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
  }
}

export interface ProcessTable {
  readonly rows: readonly ProcessRow[];
  /** Those that were there and had gone before they could be looked at. */
  readonly vanished: readonly number[];
}

/** All processes, the newest first, as they are the likeliest to end meanwhile; each read by `read`, and left out if that says `skip`. */
export function readProcesses(read: (pid: number) => ProcessRow | 'skip' | null): ProcessTable {
  const rows: ProcessRow[] = [];
  const vanished: number[] = [];
  for (const name of readdirSync('/proc').reverse()) {
    const first = name.charCodeAt(0);
    if (first < zero || first > nine) continue;
    const pid = Number(name);
    const row = read(pid);
    if (row === null) vanished.push(pid);
    else if (row !== 'skip') rows.push(row);
  }
  return { rows, vanished };
}

/** null: there is none of that pid (any more). */
export function readProcess(pid: number): ProcessRow | null {
  // One read is all of it: the kernel makes the line in one go.
  const length = readInto(`/proc/${pid}/stat`, 'once');
  if (length === 0) return null;
  const line = buffer.toString('latin1', 0, length);
  // The name in parentheses can hold anything, also parentheses; nothing after it can.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ', 20);
  const state = fields[0] ?? '';
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
    isStopped: state === 'T',
    isAlive: !'ZXx'.includes(state) || Number(fields[17]) > 1,
  };
}

/**
 * Whether these bytes are in the environment that the process was started with. null: there is none to be read, as it is
 * somebody else's, a kernel thread, or just now being replaced by exec.
 */
export function hasInEnvironment(pid: number, needle: Buffer): boolean | null {
  const length = readInto(`/proc/${pid}/environ`, 'to its end');
  return length === 0 ? null : buffer.subarray(0, length).includes(needle);
}

const zero = 48;
const nine = 57;
let buffer = Buffer.alloc(64 * 1024);

/** Fills the buffer, which grows as needed, and returns how much of it; 0 if the file cannot be read. */
function readInto(path: string, how: 'once' | 'to its end'): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return 0;
  }
  try {
    for (let length = 0; ;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || how === 'once') return length;
      if (length === buffer.length) buffer = Buffer.concat([buffer, buffer]);
    }
  } catch {
    // It ended between open and read.
    return 0;
  } finally {
    closeSync(descriptor);
  }
}
