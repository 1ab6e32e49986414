/**
 * Reads /proc. On the way from one leader to the next, so it is made to be fast: synchronous calls into buffers that are
 * used again, and numbers parsed in place.
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
}

/** Whether there is a /proc, and one of our own pid namespace. */
export function hasProcessTable(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
  }
}

/** All processes but those with these pids. */
export function readProcesses(except: ReadonlySet<number>): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0);
    if (first < zero || first > nine) continue;
    const pid = Number(name);
    const row = except.has(pid) ? null : readProcess(pid);
    if (row !== null) rows.push(row);
  }
  return rows;
}

/** null: there is none of that pid (any more). */
export function readProcess(pid: number): ProcessRow | null {
  const length = readInto(`/proc/${pid}/stat`);
  if (length === 0) return null;
  // The name in parentheses can hold anything, also parentheses; nothing after it can.
  const state = buffer.lastIndexOf(41, length - 1) + 2;
  const isZombie = [90, 88, 120].includes(buffer[state] ?? 0);
  const fields = parseFields(state + 2, length);
  return {
    pid,
    parent: fields[0] ?? 0,
    group: fields[1] ?? 0,
    session: fields[2] ?? 0,
    startTicks: fields[18] ?? 0,
    isAlive: !isZombie || (fields[16] ?? 0) > 1,
  };
}

/**
 * Whether these bytes are in the environment that the process was started with. null: there is none to be read, as it is
 * somebody else's, a kernel thread, or just now being replaced by exec.
 */
export function hasInEnvironment(pid: number, needle: Buffer): boolean | null {
  const length = readInto(`/proc/${pid}/environ`);
  return length === 0 ? null : buffer.subarray(0, length).includes(needle);
}

const zero = 48;
const nine = 57;
let buffer = Buffer.alloc(64 * 1024);

/** Fills the buffer, which grows as needed, and returns how much of it; 0 if the file cannot be read. */
function readInto(path: string): number {
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
      if (read === 0) return length;
      if (length === buffer.length) buffer = Buffer.concat([buffer, buffer]);
    }
  } catch {
    // It ended between open and read.
    return 0;
  } finally {
    closeSync(descriptor);
  }
}

/** The numbers from the fourth field of stat on, as far as they are of interest; negative ones come out as -Infinity. */
function parseFields(start: number, end: number): number[] {
  const fields: number[] = [];
  let value = 0;
  for (let at = start; at < end && fields.length < 19; at += 1) {
    const byte = buffer[at] ?? 0;
    if (byte >= zero && byte <= nine) value = value * 10 + byte - zero;
    else if (byte === 32) {
      fields.push(value);
      value = 0;
    } else value = -Infinity;
  }
  return fields;
}
