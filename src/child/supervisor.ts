/**
 * The port through which the driver handles the command: one process tree, started at most once.
 *
 * The supervisor knows processes, signals, the guard and the gate, and nothing of leases: it is told when to start, which
 * signals to pass on, when to kill and by which instant the tree has to be dead if nobody says otherwise.
 */

import type { Ending, ProcessName } from '../election/event.ts';

/** What the supervisor reports, in the order in which it happened. */
export type SupervisorNews =
  /** Guard and gate stand ready: from now on {@link Supervisor.start} starts the command without delay. */
  | { readonly id: 'ready' }
  /** The command cannot be started at all (fork failed …). Reported at most once, instead of `ready` or `ended`. */
  | { readonly id: 'failed'; readonly message: string }
  /** The command runs, under this pid. */
  | { readonly id: 'started'; readonly pid: number }
  /** The gate found the deadline of {@link Supervisor.start} passed and ended without running anything of the command; the tree is gone. */
  | { readonly id: 'refused' }
  /** The command itself has ended; others of its tree may live on. */
  | { readonly id: 'ended'; readonly ending: Ending }
  /** Right after `ended`: these live on. The command had run for so long. */
  | {
      readonly id: 'left-behind';
      readonly processes: readonly ProcessName[];
      readonly ranForMs: number;
    }
  /** Nothing of the tree is left, confirmed. The last news. */
  | { readonly id: 'gone' }
  /** The tree is still not gone: these could not be signalled or did not die. Repeated at most every 10 s after {@link Supervisor.kill}. */
  | { readonly id: 'lingering'; readonly pids: readonly number[] }
  /** The guard died and could not be replaced: the tree is unprotected. */
  | { readonly id: 'unguarded'; readonly message: string };

/** What the command is told of its term, as environment variables. */
export interface StartOptions {
  /** Variables added to the command's environment (LEADER_RUN_IDENTITY …). */
  readonly environment: Readonly<Record<string, string>>;
  /** Boot-clock ms after which the gate must not start the command any more (t+R). */
  readonly notAfterMs: number;
  /** Boot-clock ms at which the guard kills the tree unless {@link Supervisor.extend} moves it (D). */
  readonly killAtMs: number;
}

export interface Supervisor {
  /** Prepares guard and gate; `ready` follows. May be called once. */
  prepare(): void;
  /** Starts the command: synchronous up to the "go" on the gate's pipe. Only after `ready`. */
  start(options: StartOptions): void;
  /** Moves the guard's deadline: boot-clock ms. A no-op before {@link start} and after `gone`. */
  extend(killAtMs: number): void;
  /** Sends a signal to the command as the terminal or init would (design section 6); a no-op once it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal to everything that is left of the tree. Used after the command itself has ended. */
  signalTree(signal: NodeJS.Signals): void;
  /** Kills the whole tree by SIGKILL and keeps at it until it is seen to be gone. Idempotent; `gone` follows when it is. */
  kill(): void;
  /** Ends guard and gate when the command was never started; `gone` follows. After `start`, use {@link kill}. */
  dismiss(): void;
}
