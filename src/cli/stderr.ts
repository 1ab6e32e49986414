/**
 * Writing to stderr at once, so that no line is lost at exit, and yet never waiting for a reader: a terminal halted by
 * Ctrl-S or a pipe that is not read must not cost the lease.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';

const stderr = 2;

/** A function that writes to stderr, or to `fd`. What it cannot write at once is dropped. */
export function openStderr(fd = stderr): (text: string) => void {
  const target = openWithoutWaiting(fd) ?? fd;
  return (text) => {
    try {
      writeSync(target, text);
    } catch {
      // EAGAIN (full), EPIPE (closed), EIO (hung up), ENOSPC: there is no other place to say so.
    }
  };
}

/**
 * O_NONBLOCK belongs to the open file, which the command and others share: setting it on ours would set it on theirs. So
 * a pipe or a terminal is opened again. A file is not (it has no reader to wait for, and a second offset would overwrite),
 * a socket cannot be.
 */
function openWithoutWaiting(fd: number): number | null {
  try {
    const stat = fstatSync(fd);
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return null;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return null;
  }
}
