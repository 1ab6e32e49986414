/** What the driver needs of the world, and its settings. */
import type { Supervisor } from './command/supervisor.ts';
import type { CommandEvent, Instant } from './election/event.ts';
import type { Report } from './election/report.ts';
import type { Candidate, State } from './election/state.ts';
import type { LeaseApi } from './lease/api.ts';
import type { SignalContext } from './process/signals.ts';

/** Time and chance. */
export interface Clock {
  /** Milliseconds on the clock that counts suspend. */
  bootMs(): number;
  /** Unix time, ms. */
  wallMs(): number;
  /** How long the machine has been suspended since some fixed instant, ms. */
  suspendedMs(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Calls back once after `delayMs`, as setTimeout does (on the clock that stops in suspend); returns a cancel. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

export interface Ports {
  readonly clock: Clock;
  readonly api: LeaseApi;
  /** What requests wait for before they can be sent, as a clause; null: nothing. Absent: they never wait. */
  readonly awaited?: () => string | null;
  readonly createSupervisor: (onEvent: (event: CommandEvent) => void) => Supervisor;
  /** Hands over every signal that reaches this process from now on, until `close`. */
  readonly listenToSignals: (onSignal: (signal: NodeJS.Signals) => void) => { close(): void };
  /** Stops this process as Ctrl-Z would; returns when it is continued. */
  readonly suspend: () => void;
  readonly report: (report: Report) => void;
  /** Takes the Pod's label away; the command's stop signal waits for it a second at most (settings: hasPodLabel). */
  readonly withdrawLabel?: () => Promise<void>;
  /** Sees the state after each turn, its effects performed. The place for what only watches: a probe, a metric, an Event. */
  readonly onState?: (state: State, at: Instant) => void;
}

/** What the driver adds to the election's settings. */
export interface RunSettings extends Candidate {
  readonly leaseNamespace: string;
  /** What the command gets for TERM, and when leadership is lost. */
  readonly stopSignal: NodeJS.Signals;
  /** The command runs before it leads. */
  readonly isWarm?: boolean;
  readonly signals: Omit<SignalContext, 'commandRuns' | 'isStopping'>;
}
