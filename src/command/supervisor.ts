/**
 * The port through which the driver handles the command: one process tree, started at most once.
 *
 * The supervisor knows processes, signals, the guard and the gate, and nothing of leases: its caller says when to start, which
 * signals to pass on, when to kill and by which instant the tree has to be dead unless the caller extends it.
 */

/** What the command gets to know of its term, as environment variables. */
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
  /**
   * Moves the guard's deadline: boot-clock ms. A no-op before {@link start} and after `gone`. `isLeading` false: the command's stop has begun,
   * so that one of `--warm` that was not told yet that it leads is not told any more.
   */
  extend(killAtMs: number, isLeading?: boolean): void;
  /** Sends a signal to the command as the terminal or init would (design section 6); a no-op once it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal to everything that is left of the tree. Used after the command itself has ended. */
  signalTree(signal: NodeJS.Signals): void;
  /** Kills the whole tree by SIGKILL and keeps at it until it is seen to be gone. Idempotent; `gone` follows when it is. */
  kill(): void;
  /**
   * Ends guard and gate when the command was never started; `gone` follows. After `start`, use {@link kill}. After `gone`: ends the guard
   * at once, which must come before another command is prepared.
   */
  cancel(): void;
}
