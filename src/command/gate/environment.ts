/** The environment of the command: what leader-run was started with, less what is leader-run's own, plus term and marker. */
import { isUtf8 } from 'node:buffer';
import { accessSync, constants, statSync } from 'node:fs';
import { isTreeMarker } from '../markers.ts';
import type { Bytes } from './shell-words.ts';
import { toBytes } from './shell-words.ts';

/** One `NAME=value`, split. */
export interface Variable {
  readonly name: Bytes;
  readonly value: Bytes;
}

/** What the command inherits of leader-run's own environment; `settingNames` are the flags' variables, which are not passed on. */
export function inheritedVariables(
  entries: readonly Uint8Array[],
  settingNames: Iterable<string>,
): Variable[] {
  const hidden = new Set(settingNames);
  return entries
    .map((entry) => variableOf(toBytes(entry)))
    .filter(({ name }) => name !== '' && (isTreeMarker(name) || !hidden.has(name)));
}

function variableOf(entry: Bytes): Variable {
  const end = entry.indexOf('=');
  return end === -1
    ? { name: '', value: '' }
    : { name: entry.slice(0, end), value: entry.slice(end + 1) };
}

/** Set by dash and busybox to their own liking, but `export` and `unset` have the last word. */
const correctable = ['PWD', 'OLDPWD', 'SHLVL', 'PATH', '_'];

/** These keep a meaning of their own whatever is exported, the last ones in the gate. */
const special =
  /^(IFS|OPT(IND|ARG|ERR)|PPID|LINENO|RANDOM|FUNCNAME|ENV|PS[0-4]|EPOCH(SECONDS|REALTIME)|gate_.*)$/;

/** Read by ld.so in whatever program has them: in the gate they could keep sh from running, or have it say so. */
const ofTheLoader = /^(LD_|GLIBC_TUNABLES$)/;

/** Whether dash and busybox pass these on unchanged, corrected by {@link corrections}; if not, `env` has to set them. */
export function survivesShell(variables: readonly Variable[]): boolean {
  return (
    // Without one each shell has a default of its own, or looks nowhere.
    variables.some(({ name }) => name === 'PATH') &&
    variables.every(
      ({ name, value }) =>
        /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
        !special.test(name) &&
        !ofTheLoader.test(name) &&
        isUtf8(Buffer.from(value, 'latin1')),
    )
  );
}

/** Which of the shell's own variables have to be exported with which value, and which unset, before it execs. */
export function corrections(variables: readonly Variable[]): {
  readonly exports: Variable[];
  readonly unsets: string[];
} {
  return {
    exports: variables.filter(({ name }) => correctable.includes(name)),
    unsets: correctable.filter((name) => !variables.some((variable) => variable.name === name)),
  };
}

/** The files that execvp would try for a command of this name, in its order. */
export function filesInPath(name: Bytes, variables: readonly Variable[]): Bytes[] {
  if (name.includes('/')) return [name];
  const path = variables.find((variable) => variable.name === 'PATH')?.value ?? '/bin:/usr/bin';
  return path.split(':').map((folder) => `${folder === '' ? '.' : folder}/${name}`);
}

/** The file that execvp would take for a command of this name; the name itself if it is a path, or if there is none. */
export function fileInPath(name: Bytes, variables: readonly Variable[]): Bytes {
  const files = filesInPath(name, variables);
  return files.find((file) => isExecutable(Buffer.from(file, 'latin1'))) ?? name;
}

/** Whether it is a file that we may execute. */
export function isExecutable(path: Buffer | string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
