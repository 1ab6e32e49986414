/**
 * Reads /proc. On the way from one leader to the next, so it is made to be fast: synchronous calls into a buffer that is used
 * again. It does not know which is a member of the tree.
 */
import { closeSync, openSync, readdirSync, readSync, readlinkSync } from 'node:fs';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks from boot to its start: with the pid, this identifies a process. */
  readonly startTicks: number;
  /** Of its program, at most 15 bytes; it can be set to anything. */
  readonly name: string;
  /** proc_pid_stat(5); `?`: it is there, and hidden from us. */
  readonly state: string;
  readonly threads: number;
}

/** /proc could not be read for lack of descriptors or memory, or changed whenever it was read: who is there is not known. */
export class ScanFailedError extends Error {}

const shortages = ['EMFILE', 'ENFILE', 'ENOMEM'];

/** What the action gives, or null where it fails as what it asked for is gone or not ours to see. */
function unlessGone<Value>(action: () => Value): Value | null {
  try {
    return action();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (shortages.includes(code)) throw new ScanFailedError(code, { cause: error });
    return null;
  }
}

/** A zombie whose other threads run on is alive: it still acts. */
export function isAlive({ state, threads }: ProcessRow): boolean {
  return !'ZXx'.includes(state) || threads > 1;
}

/** By a signal (SIGSTOP, Ctrl-Z). */
export function isStopped({ state }: ProcessRow): boolean {
  return state === 'T';
}

/** Whether there is a /proc, and one of our own pid namespace. */
export function hasProcessTable(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
  }
}

/** Our own children, as the kernel lists them; null: it does not (CONFIG_PROC_CHILDREN). Throws {@link ScanFailedError}. */
export function readOwnChildren(): readonly number[] | null {
  // The kernel gives orphans to the main thread, and Node starts processes from there.
  return listedIn(read(`/proc/self/task/${process.pid}/children`));
}

/** What the scan gives; null: it failed, which says nothing of who is there. It is to be repeated. */
export function unlessFailed<Value>(scan: () => Value): Value | null {
  try {
    return scan();
  } catch (error) {
    if (error instanceof ScanFailedError) return null;
    throw error;
  }
}

/** null: there is none of that pid (any more), it is hidden from us, or cannot be read just now. */
export function readProcess(pid: number): ProcessRow | null {
  return unlessFailed(() => readRow(pid));
}

function readRow(pid: number): ProcessRow | null {
  const line = read(`/proc/${pid}/stat`);
  if (line === null) return null;
  const nameEnd = line.lastIndexOf(')');
  // The name in parentheses can hold anything, also parentheses; nothing after it can.
  const fields = line.slice(nameEnd + 2).split(' ', 20);
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
    name: line.slice(line.indexOf('(') + 1, nameEnd),
    state: fields[0] ?? '?',
    threads: Number(fields[17]),
  };
}

/** All processes, by pid. Throws {@link ScanFailedError}. */
export function readAllProcesses(): Map<number, ProcessRow> {
  const rows = new Map<number, ProcessRow>();
  for (const name of unlessGone(() => readdirSync('/proc')) ?? []) {
    const row = Number.isInteger(Number(name)) ? readRow(Number(name)) : null;
    if (row !== null) rows.set(row.pid, row);
  }
  return rows;
}

/** Processes by pid. */
export type KnownProcesses = ReadonlyMap<number, Pick<ProcessRow, 'startTicks'>>;

/**
 * Our descendants by pid, parents before their children; then those of `known` that live and were not among them, with their descendants:
 * one whose parent ended in the middle of the scan, or that went to the init of another pid namespace. `mayBeHidden` tells of one of our
 * own children whether it is still there: with hidepid, /proc does not show it if it runs as another user. Throws {@link ScanFailedError}.
 */
export function readDescendants(
  known: KnownProcesses,
  mayBeHidden: (pid: number) => boolean,
): Map<number, ProcessRow> {
  const rows = new Map<number, ProcessRow>();
  const walked = new Set<number>();
  const add = (pid: number, parent: number): void => {
    const row = readRow(pid);
    // The list says whose child it was; its own row may say that it has been adopted since.
    if (row !== null) rows.set(pid, { ...row, parent });
    else if (parent === process.pid && mayBeHidden(pid)) rows.set(pid, hidden(pid));
  };
  const walk = (): void => {
    // A map is iterated in the order of insertion, also over what is inserted meanwhile.
    for (const row of rows.values()) {
      if (walked.has(row.pid) || !isAlive(row)) continue;
      walked.add(row.pid);
      const threads = row.threads > 1 ? readThreads(row.pid) : [row.pid];
      for (const thread of threads)
        for (const pid of readChildren(row.pid, thread)) if (!rows.has(pid)) add(pid, row.pid);
    }
  };
  for (const pid of readOwnChildren() ?? []) add(pid, process.pid);
  walk();
  for (const [pid, { startTicks }] of known) {
    const row = rows.has(pid) ? null : readRow(pid);
    if (row !== null && isAlive(row) && row.startTicks === startTicks) rows.set(pid, row);
  }
  walk();
  return rows;
}

function hidden(pid: number): ProcessRow {
  const unknown = { group: 0, session: 0, startTicks: 0, name: '', threads: 1 };
  return { ...unknown, pid, parent: process.pid, state: '?' };
}

function readThreads(pid: number): number[] {
  return (unlessGone(() => readdirSync(`/proc/${pid}/task`)) ?? []).map(Number);
}

/** Exact for one that does not lose children meanwhile: new ones are appended. */
function readChildren(pid: number, thread: number): readonly number[] {
  return listedIn(read(`/proc/${pid}/task/${thread}/children`)) ?? [];
}

function listedIn(list: string | null): readonly number[] | null {
  return list === null ? null : list.split(' ').slice(0, -1).map(Number);
}

/**
 * The environment that a process was started with; null if it has ended, or is not ours to read. Throws
 * {@link ScanFailedError}.
 */
export function readEnvironment(pid: number): string | null {
  return read(`/proc/${pid}/environ`);
}

let buffer = Buffer.alloc(64 * 1024);

/** One character for each byte. null: there is no such file (any more), or we may not read it. */
function read(path: string): string | null {
  const descriptor = unlessGone(() => openSync(path, 'r'));
  if (descriptor === null) return null;
  try {
    return unlessGone(() => readAll(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function readAll(descriptor: number): string {
  for (let length = 0; ;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += count;
    if (count === 0) return buffer.toString('latin1', 0, length);
    if (length === buffer.length) buffer = Buffer.concat([buffer, buffer]);
  }
}
