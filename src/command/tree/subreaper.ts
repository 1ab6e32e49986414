/**
 * Makes leader-run a child subreaper: an orphan among its descendants becomes its own child, where init would have adopted it
 * (prctl(2), PR_SET_CHILD_SUBREAPER). The kernel keeps the tree together, whatever a daemon does to get away. With that comes
 * init's duty: to reap them.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ChildProcess } from 'node:child_process';
import type { KnownProcesses, ProcessRow } from '../../process/process-table.ts';
import {
  readAllProcesses,
  readDescendants,
  readEnvironment,
  readOwnChildren,
} from '../../process/process-table.ts';

/** What a subreaper asks of the kernel. */
export interface Subreaper {
  /** leader-run's own. */
  readonly pid: number;
  /** At least all descendants, by pid, and whoever of `known` lives. */
  read(known: KnownProcesses): ReadonlyMap<number, ProcessRow>;
  /** {@link readOwnChildren}. */
  children(): readonly number[] | null;
  /** {@link childrenOfNode}. */
  started(): ReadonlySet<number>;
  /** {@link readEnvironment}. */
  environmentOf(pid: number): string | null;
  /**
   * Reaps one of our children if it has exited. Never one that Node started: it waits for those itself, and would lose their status.
   */
  reap(pid: number): 'reaped' | 'alive' | 'not ours';
}

/** PR_SET_CHILD_SUBREAPER of the kernel's prctl.h, and WNOHANG of wait.h. */
const setChildSubreaper = 36;
const noHang = 1;

let becoming: Promise<Subreaper | null> | null = null;

/** null: this machine has no way to call prctl(2), or it was refused. The attribute is the process's, for good; it is not inherited. */
export function becomeSubreaper(): Promise<Subreaper | null> {
  return (becoming ??= become());
}

async function become(): Promise<Subreaper | null> {
  const system = process.platform === 'linux' ? await loadSystemCalls() : null;
  if (system?.prctl(setChildSubreaper, 1, 0, 0, 0) !== 0) return null;
  const reap = (pid: number) => {
    const waited = system.waitpid(pid, null, noHang);
    return waited === pid ? 'reaped' : waited === 0 ? 'alive' : 'not ours';
  };
  const mayBeHidden = (pid: number) => childrenOfNode().has(pid) || reap(pid) === 'alive';
  return {
    pid: process.pid,
    // Without lists twice: one whose pid is smaller than its parent's, which then ends, can be missed once.
    read:
      readOwnChildren() === null
        ? () => new Map([...readAllProcesses(), ...readAllProcesses()])
        : (known) => readDescendants(known, mayBeHidden),
    children: readOwnChildren,
    started: childrenOfNode,
    environmentOf: readEnvironment,
    reap,
  };
}

interface SystemCalls {
  prctl(option: number, ...values: [number, number, number, number]): number;
  waitpid(pid: number, status: null, options: number): number;
}

/** By Node's own FFI where it has one (26), otherwise by koffi. */
async function loadSystemCalls(): Promise<SystemCalls | null> {
  try {
    return byNode() ?? (await byKoffi());
  } catch {
    return null;
  }
}

interface NodeFfi {
  dlopen(
    library: null,
    functions: Record<string, { arguments: string[]; return: string }>,
  ): { functions: Record<string, (...values: (number | bigint)[]) => number> };
}

function byNode(): SystemCalls | null {
  const ffi = withoutWarning(() => process.getBuiltinModule('node:ffi') as NodeFfi | undefined);
  if (ffi === undefined) return null;
  const { prctl, waitpid } = ffi.dlopen(null, {
    prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], return: 'i32' },
    waitpid: { arguments: ['i32', 'pointer', 'i32'], return: 'i32' },
  }).functions;
  if (prctl === undefined || waitpid === undefined) return null;
  return {
    prctl: (option, ...values) => prctl(option, ...values.map(BigInt)),
    waitpid: (pid, _status, options) => waitpid(pid, 0n, options),
  };
}

/** That it is experimental is our affair and not the user's. */
function withoutWarning<T>(action: () => T): T {
  const own = Object.getOwnPropertyDescriptor(process, 'emitWarning') ?? {};
  process.emitWarning = () => undefined;
  try {
    return action();
  } finally {
    Object.defineProperty(process, 'emitWarning', own);
  }
}

async function byKoffi(): Promise<SystemCalls | null> {
  const module = await importKoffi();
  if (module === null) return null;
  const library = module.default.load(null);
  return {
    prctl: library.func(
      'int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)',
    ),
    waitpid: library.func('int waitpid(int, void *, int)'),
  };
}

function importKoffi() {
  if (process.arch === 'x64') return import('@koromix/koffi-linux-x64');
  return process.arch === 'arm64' ? import('@koromix/koffi-linux-arm64') : null;
}

const started = new Set<ChildProcess>();
subscribe('child_process', (message) => {
  const { process } = message as { readonly process: ChildProcess };
  started.add(process);
  process.once('exit', () => started.delete(process));
  process.once('error', () => process.pid === undefined && started.delete(process));
});

/** The children that Node has started, whoever asked for them, and whose exit it has not yet reported. */
export function childrenOfNode(): ReadonlySet<number> {
  const pids = new Set<number>();
  for (const { pid } of started) if (pid !== undefined) pids.add(pid);
  return pids;
}
