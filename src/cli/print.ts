import { writeSync } from 'node:fs';
import { failedExitCode } from './exit-status.ts';

/**
 * Prints what was asked for (help, version); returns the exit status. The reader may have read enough (`--help | head -1`); that
 * nothing could be written at all is an error.
 */
export function print(text: string, writeError: (line: string) => void): number {
  try {
    writeSync(1, text);
    return 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') return 0;
    writeError(`leader-run: Cannot write to stdout: ${message}\n`);
    return failedExitCode;
  }
}
