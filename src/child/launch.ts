/** The two ways to start the command behind one port: through the gate, or directly where there is no sh. */
import { closeSync, openSync } from 'node:fs';
import type { Ending } from '../election/event.ts';
import type { StartOptions } from './supervisor.ts';

export interface LaunchEvents {
  /** Ready to go. `pid` is of the process that will be the command, if it exists already; it changes when a lost one is replaced. */
  readonly onWaiting: (pid: number | null) => void;
  /** What waited was lost; {@link onWaiting} follows for another. */
  readonly onLost: () => void;
  readonly onFailed: (message: string) => void;
  /** The command runs. */
  readonly onStarted: (pid: number) => void;
  /** It was too late: it has ended without running anything of the command. */
  readonly onRefused: () => void;
  readonly onEnded: (ending: Ending) => void;
  /** What waited has ended, as {@link Launch.dismiss} asked. */
  readonly onDismissed: () => void;
}

export interface Launch {
  /** Makes everything ready that can be. */
  prepare(): void;
  /** Synchronous; returns the command's pid, or null if there is no process. Only after {@link LaunchEvents.onWaiting}. */
  go(options: StartOptions): number | null;
  /** Instead of {@link go}. */
  dismiss(): void;
  /** To the command alone; a no-op when it has ended or does not exist yet. */
  signal(signal: NodeJS.Signals): void;
}

/** Of an 'exit' event. Node tells neither code nor signal of a command that a real-time signal ended: 0 (README, Limits). */
export function endingOf(code: number | null, signal: NodeJS.Signals | null): Ending {
  return signal === null ? { id: 'exited', code: code ?? 0 } : { id: 'signalled', signal };
}

/**
 * Why no process could be started now, for want of descriptors; null: it can be tried. To be asked right before, as execa
 * throws where Node has none left, and leaves an 'error' event of Node's to nobody.
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
