/**
 * Reads what `bin/leader-run` noted of how leader-run was started, before sh and node could change it. What the notes are
 * and why they are taken is said there.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, resolve } from 'node:path';
import { openablePath } from './byte-paths.ts';

const prefix = 'LEADER_RUN_LAUNCHER_';

export interface StartContext {
  /**
   * The environment that leader-run was started with: `NAME=value` each, byte for byte, in their order, without the notes
   * themselves. This, and not `process.env`, is what the command inherits.
   */
  readonly environment: readonly Buffer[];
  /** What `ulimit -S -n` takes to put the limit on open files back: a number or `unlimited`; null if it is not known. */
  readonly softOpenFilesLimit: string | null;
  /** Signals that were ignored at start (nohup, `&` in a script), which the command expects to be ignored too. */
  readonly ignoredSignals: readonly NodeJS.Signals[];
  /** The sh for gate and guard, where not /bin/sh: that of the folder /opt/leader-run. */
  readonly shell?: string;
}

export const systemShell = '/bin/sh';

/** The launcher's notes; the nearest thing to them if leader-run was started without it (`node dist/leader-run.cjs`). */
export function readStartContext(env: NodeJS.ProcessEnv, pid = process.pid): StartContext {
  // Notes for another process came from outside: whoever started this one had them in its environment.
  if (env[`${prefix}PID`] !== String(pid))
    return {
      environment: entriesOf(presentBlock(env)),
      softOpenFilesLimit: null,
      ignoredSignals: [],
    };
  return {
    environment: entriesOf(notedBlock(env) ?? presentBlock(env)),
    softOpenFilesLimit: env[`${prefix}NOFILE`] ?? null,
    ignoredSignals: signalsOf(Number(env[`${prefix}IGNORED`] ?? 0)),
    // Absolute, as the guard runs elsewhere.
    shell: resolve(env[`${prefix}SHELL`] ?? systemShell),
  };
}

/** The environment as leader-run was given it; node's own has lost what could steer node. */
export function environmentOf({ environment }: StartContext): NodeJS.ProcessEnv {
  return Object.fromEntries(environment.map(splitVariable));
}

function splitVariable(entry: Buffer): [name: string, value: string] {
  const end = entry.indexOf('=');
  const [name, value] = [entry.subarray(0, end).toString(), entry.subarray(end + 1)];
  if (name === 'HOME') return [name, openablePath(value)];
  if (name !== 'KUBECONFIG') return [name, value.toString()];
  const paths = value.toString('latin1').split(delimiter);
  return [name, paths.map((path) => openablePath(Buffer.from(path, 'latin1'))).join(delimiter)];
}

function notedBlock(env: NodeJS.ProcessEnv): Buffer | null {
  const pieces: Buffer[] = [];
  for (let number = 1; ; number += 1) {
    const piece = env[`${prefix}ENV_${number}`];
    if (piece === undefined) break;
    pieces.push(Buffer.from(piece, 'base64'));
  }
  return pieces.length === 0 ? null : Buffer.concat(pieces);
}

function presentBlock(env: NodeJS.ProcessEnv): Buffer {
  if (env === process.env) {
    try {
      return readFileSync('/proc/self/environ');
    } catch {
      // No /proc, as on macOS: node's own view is all there is.
    }
  }
  return Buffer.from(
    Object.entries(env)
      .map(([name, value]) => `${name}=${value ?? ''}\0`)
      .join(''),
  );
}

function entriesOf(block: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let start = 0; start < block.length;) {
    const zero = block.indexOf(0, start);
    const end = zero === -1 ? block.length : zero;
    const entry = block.subarray(start, end);
    if (entry.length > 0 && entry.indexOf(prefix) !== 0) entries.push(entry);
    start = end + 1;
  }
  return entries;
}

function signalsOf(mask: number): NodeJS.Signals[] {
  return namedSignals
    .filter(([, number]) => Math.floor(mask / 2 ** (number - 1)) % 2 === 1)
    .map(([name]) => name);
}

/** One name for each number: IOT and POLL are other names of ABRT and IO. */
const namedSignals = Object.entries(constants.signals).filter(
  ([name]) => name !== 'SIGIOT' && name !== 'SIGPOLL',
) as [NodeJS.Signals, number][];
