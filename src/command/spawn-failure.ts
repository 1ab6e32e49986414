/** What keeps a process from being started, in the words of an operator. */
import { closeSync, openSync } from 'node:fs';

/**
 * Why no process could be started now, for want of descriptors; null: it can be tried. To be asked right before, as execa
 * throws where Node has none left, and leaves an 'error' event of Node's without a listener.
 */
export function descriptorFailure(): string | null {
  const opened: number[] = [];
  try {
    while (opened.length < descriptorsForProcess) opened.push(openSync('/', 'r'));
    return null;
  } catch (error) {
    return spawnFailure((error as NodeJS.ErrnoException).code);
  } finally {
    opened.forEach((descriptor) => closeSync(descriptor));
  }
}

/** Both ends of the pipe by which exec's failure is heard, and of the gate's. */
const descriptorsForProcess = 4;

/** What fork says, as all others are of exec; null: it is one of those. */
export function spawnFailure(code: string | undefined): string | null {
  const what = code === undefined ? undefined : limits[code];
  return what === undefined ? null : `no process can be started: ${what} (${String(code)})`;
}

const limits: Readonly<Record<string, string>> = {
  EAGAIN: 'the limit on processes is reached',
  EMFILE: 'the limit on open files is reached',
  ENFILE: "the machine's limit on open files is reached",
  ENOMEM: 'there is no memory',
};
