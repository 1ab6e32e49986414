/**
 * Ctrl-Z and the like where there is a terminal: leader-run is stopped whenever the command is, and only then. The shell
 * waits for leader-run alone, so a command that stops itself (a REPL that reads Ctrl-Z as a key) would otherwise leave
 * the terminal to no process, and one that ignores Ctrl-Z would run on behind the shell's back.
 */
import { killProcess } from './kill.ts';
import { isStopped as isRowStopped, readProcess } from './process-table.ts';

/** A guard that kills a tree stops it first; what is still stopped after this long was stopped by someone else. */
const settlingMs = 50;

/** A signal that is ignored takes less; to stop, and to be continued by another process, takes more. */
const quickestReturnMs = 1;

/**
 * Watches the command with this pid and has leader-run stopped along with it. Close it when the command has ended, and
 * before the tree is killed, as killing begins with a SIGSTOP.
 */
export function suspendAlongWith(pid: number): { close(): void } {
  let settling: NodeJS.Timeout | undefined;
  const check = (): void => {
    settling = undefined;
    if (!isStopped(pid)) return;
    // Someone has continued leader-run alone.
    if (suspendSelf() && isStopped(pid)) killProcess(pid, 'SIGCONT');
  };
  // The kernel sends CHLD not only for a child that has ended but also for one that was stopped or continued.
  const onChild = (): void => {
    if (settling === undefined && isStopped(pid)) settling = setTimeout(check, settlingMs);
  };
  process.on('SIGCHLD', onChild);
  // It may have been stopped before we came to hear that it was started.
  onChild();
  return {
    close: () => {
      process.off('SIGCHLD', onChild);
      clearTimeout(settling);
    },
  };
}

/**
 * Stops leader-run by the default action of SIGTSTP; returns when it is continued. Not SIGSTOP: nothing could continue a
 * group without a job-control shell. There the kernel ignores SIGTSTP, and this returns `false`.
 *
 * The SIGCONT that continues it is not heard: the shell sends it to the whole group. Passed on, it would reach the command a second
 * time, and later: vim, say, answers it by putting the terminal into raw mode, be it on its way out.
 */
export function suspendSelf(): boolean {
  const unheard = (['SIGTSTP', 'SIGCONT'] as const).map((signal) => {
    const listeners = process.listeners(signal);
    process.removeAllListeners(signal);
    return { signal, listeners };
  });
  const beforeMs = performance.now();
  process.kill(process.pid, 'SIGTSTP');
  const wasStopped = performance.now() - beforeMs > quickestReturnMs;
  for (const { signal, listeners } of unheard)
    for (const listener of listeners) process.on(signal, listener);
  return wasStopped;
}

function isStopped(pid: number): boolean {
  const row = readProcess(pid);
  return row !== null && isRowStopped(row);
}
