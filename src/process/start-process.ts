/** The one place where leader-run starts the processes that carry and guard the command. */
import { ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { basename } from 'node:path';

/**
 * Starts a process in our own working directory unless `options` name another: none is passed on, as ours may have a name that
 * is not UTF-8, may be deleted, or may be one that we could not enter.
 *
 * What is not named by `options.argv0` gets the file's name without its folder: `pkill -f leader-run` must not find what runs by the sh
 * of /opt/leader-run.
 *
 * Every failure comes as an 'error' event, and there is no pid then: Node throws some of them, as where there is no memory for a process.
 */
export function startProcess(
  file: string,
  words: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  try {
    return spawn(file, words, { argv0: basename(file), ...options });
  } catch (error) {
    const none = new ChildProcess();
    setImmediate(() => none.emit('error', error));
    return none;
  }
}

/** What keeps a process from being started, in the words of an operator. */
export function startFailure({ code, message }: NodeJS.ErrnoException): string {
  const limit = code === undefined ? undefined : limits[code];
  return limit === undefined ? message : `no process can be started: ${limit} (${String(code)})`;
}

/** What an error of fork means (a limit was reached); every other code comes from exec. */
const limits: Readonly<Record<string, string>> = {
  EAGAIN: 'the limit on processes is reached',
  EMFILE: 'the limit on open files is reached',
  ENFILE: "the machine's limit on open files is reached",
  ENOMEM: 'there is no memory',
};
