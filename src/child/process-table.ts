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
  /** Its end has begun, and may hang in the kernel. */
  readonly isExiting: boolean;
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
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  for (const pid of pids.sort((a, b) => b - a)) {
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
  if (length <= 0) return null;
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
    isExiting: (Number(fields[6]) & exitingFlag) !== 0,
    isStopped: state === 'T',
    isAlive: !'ZXx'.includes(state) || Number(fields[17]) > 1,
  };
}

/** Whether it is there and yet not to be seen, as with hidepid=1: then it is somebody else's. */
export function isHidden(pid: number): boolean {
  return readInto(`/proc/${pid}/stat`, 'once') === denied;
}

/**
 * Whether it is the first process of a pid namespace, which adopts the orphans there: the last number of NSpid is the pid in the
 * innermost namespace. `false` also where the kernel does not tell.
 */
export function isInit(pid: number): boolean {
  const length = readInto(`/proc/${pid}/status`, 'once');
  return /^NSpid:.*\t1$/m.test(length <= 0 ? '' : buffer.toString('latin1', 0, length));
}

/**
 * Whether these bytes are in the environment that the process was started with; `false` also if that is not for us to read. null:
 * it cannot be said now, as the process is just being replaced by exec, or has ended.
 */
export function hasInEnvironment(pid: number, needle: Buffer): boolean | null {
  let length = readEnvironment(pid);
  if (length === 0) {
    // Is there none, or just none at the moment? If it was in the middle of an exec that is over, the second read finds it.
    const start = environmentStart(pid);
    if (start === 'none') return false;
    length = readEnvironment(pid);
    if (length === 0) return start !== null && environmentStart(pid) === start ? false : null;
  }
  return length === denied ? false : buffer.subarray(0, length).includes(needle);
}

/** Whether there is anything like a variable in its environment; also if that is not for us to read. */
export function hasVariables(pid: number): boolean {
  const length = readEnvironment(pid);
  return length === denied || buffer.subarray(0, length).includes('=');
}

/** As {@link readInto}. */
function readEnvironment(pid: number): number {
  const length = readInto(`/proc/${pid}/environ`, 'to its end');
  if (length !== 0) return length;
  // The main thread may have ended: then the others show it.
  for (const thread of threadsOf(pid)) {
    const length = readInto(`/proc/${pid}/task/${thread}/environ`, 'to its end');
    if (length > 0) return length;
  }
  return 0;
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Where in its memory the environment is: each exec puts it elsewhere. null: nowhere, in the middle of an exec; `none`: a kernel thread. */
function environmentStart(pid: number): bigint | 'none' | null {
  const length = readInto(`/proc/${pid}/stat`, 'once');
  if (length <= 0) return null;
  const line = buffer.toString('latin1', 0, length);
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  if ((Number(fields[6]) & kernelThreadFlag) !== 0) return 'none';
  // Where its code is comes last: until then its environment is being filled in.
  if (fields[23] === '0') return null;
  const start = BigInt(fields[47] ?? 0);
  return start === 0n ? null : start;
}

/** PF_EXITING and PF_KTHREAD of the kernel's sched.h. */
const exitingFlag = 0x4;
const kernelThreadFlag = 0x200000;
/** What {@link readInto} returns for a file that we may not read. */
const denied = -1;
let buffer = Buffer.alloc(64 * 1024);

/** Fills the buffer, which grows as needed, and returns how much of it; 0 if there is nothing (any more), or {@link denied}. */
function readInto(path: string, how: 'once' | 'to its end'): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return ['EACCES', 'EPERM'].includes(code) ? denied : 0;
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
