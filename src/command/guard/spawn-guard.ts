/** Starts the guard's process, with what it needs and nothing more. */
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { realpathSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { startProcess } from '../../process/start-process.ts';
import { isTreeMarker } from '../markers.ts';
import { guardScript } from './guard-script.ts';

/** Every failure comes as an 'error' event. */
export function spawnGuard(
  shell: string,
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  // Also the markers of the leader-runs around us: to them the guard is a part of their tree.
  const markers = Object.entries(process.env).filter(([name]) => isTreeMarker(name));
  const env = {
    ...Object.fromEntries(markers),
    ...environment,
    // The system's first: what someone calls sleep in a folder of his own may do something else.
    PATH: `/usr/bin:/bin:/usr/local/bin:${process.env['PATH'] ?? ''}`,
    LC_ALL: 'C',
    ignored: ignoredSignals().join(' '),
    // Without comments: guards read environments, this one too, and dash has a system call for each byte.
    script: guardScript.replace(/^ *(#.*)?\n/gm, ''),
  };
  const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', 'pipe'];
  return startProcess(shell, ['-c', 'eval "$script"'], { detached: true, cwd: '/', stdio, env });
}

export function shellName(shell: string): string {
  try {
    const name = basename(realpathSync(shell));
    return name === basename(shell) ? shell : `${shell} -> ${name}`;
  } catch {
    return shell;
  }
}

/**
 * It sleeps nearly always; but when it acts, it is to be quick also on a machine with too much to do. No higher: while it waits for a
 * process to stop, that one has to get the processor (at -20 a tree of 30 took three times as long to kill).
 */
const niceness = -5;

export function raisePriority(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, niceness);
    // Among sessions Linux may share by this number alone; its session is its own.
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // Only root may do that, and not every kernel has the latter.
  }
}

/** All that can be ignored, but for SIGCHLD: sh could not wait for its children. */
function ignoredSignals(): number[] {
  const { SIGKILL, SIGSTOP, SIGCHLD } = constants.signals;
  const named = [...new Set(Object.values(constants.signals))];
  const realTime =
    process.platform === 'linux' ? Array.from({ length: 31 }, (_, at) => 34 + at) : [];
  return [...named.filter((n) => ![SIGKILL, SIGSTOP, SIGCHLD].includes(n)), ...realTime];
}
