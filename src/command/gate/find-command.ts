/** Looks for the command as execvp(3) will, so that one that cannot run is refused before the lease is taken. */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import type { Variable } from './environment.ts';
import { filesInPath } from './environment.ts';
import { type Bytes, toText } from './shell-words.ts';

/** Why a command cannot run, and the exit status that shells give for it. */
export interface CommandProblem {
  readonly message: string;
  readonly exitCode: 126 | 127;
}

/** null: it can be run, as far as can be seen without running it. */
export function findCommandProblem(
  name: Bytes,
  variables: readonly Variable[],
): CommandProblem | null {
  const obstacles = filesInPath(name, variables).map((file) => obstacleTo(file));
  if (obstacles.includes(null)) return null;
  // execvp goes on after each of them, and remembers that a file may not be executed.
  const found = obstacles.filter((one) => one !== null && one !== 'absent');
  const { message, exitCode } = found.find((one) => one.exitCode === 126) ??
    found[0] ?? {
      exitCode: 127,
      message: name.includes('/')
        ? 'no such file'
        : 'not found in PATH: check its name, or give its path',
    };
  return { message: `Cannot run ${JSON.stringify(toText(name))}: ${message}`, exitCode };
}

function obstacleTo(file: Bytes): CommandProblem | 'absent' | null {
  const path = Buffer.from(file, 'latin1');
  const shown = JSON.stringify(toText(file));
  try {
    if (statSync(path).isDirectory()) return notExecutable(`${shown} is a directory`);
    accessSync(path, constants.X_OK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return ['EACCES', 'EPERM'].includes(code)
      ? notExecutable(`no permission to execute ${shown}: check its mode, and its mount`)
      : 'absent';
  }
  const interpreter = interpreterOf(path);
  if (interpreter === null || exists(interpreter)) return null;
  const missing = JSON.stringify(interpreter.toString());
  return {
    exitCode: 127,
    message: `its interpreter ${missing} does not exist: check its first line`,
  };
}

function notExecutable(message: string): CommandProblem {
  return { exitCode: 126, message };
}

/** As much of a first line as Linux looks at. */
const firstLineBytes = 256;

/** Of a script: what follows "#!". A file that we may execute and not read is left to the kernel. */
function interpreterOf(path: Buffer): Buffer | null {
  const line = Buffer.alloc(firstLineBytes);
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      readSync(descriptor, line);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
  const [, interpreter] = /^#![ \t]*([^ \t\n\0]+)/.exec(line.toString('latin1')) ?? [];
  return interpreter === undefined ? null : Buffer.from(interpreter, 'latin1');
}

function exists(path: Buffer): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
