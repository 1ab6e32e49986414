import { writeSync } from 'node:fs';

/** Writes to stdout. `closed`: the reader has read enough (`--help | head -1`). Any other failure is an error, and told. */
export function print(
  text: string,
  writeError: (line: string) => void,
): 'written' | 'closed' | 'failed' {
  try {
    writeSync(1, text);
    return 'written';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') return 'closed';
    writeError(`leader-run: Cannot write to stdout: ${message}\n`);
    return 'failed';
  }
}
