/**
 * Everything that can happen to a candidate. Events carry the time, so that the core needs no clock.
 */
import type { Answer, WatchEvent } from './lease.ts';

/** The instant at which an event was taken from the queue. */
export interface Instant {
  /** Milliseconds on the local clock that counts suspend. All reasoning is on this one. */
  readonly bootMs: number;
  /** Unix time, ms. Only ever written into records, never compared with one. */
  readonly wallMs: number;
  /** Uniform in [0, 1), fresh for every event: makes records unique and spreads retries. */
  readonly random: number;
  /** What requests wait for before the API server is asked at all, as a clause; null or absent: nothing. */
  readonly awaited?: string | null;
}

/** How the command itself ended. */
export type Ending =
  | { readonly id: 'exited'; readonly code: number }
  | { readonly id: 'signalled'; readonly signal: NodeJS.Signals };

export interface ProcessName {
  readonly pid: number;
  /** Of its program, as the kernel shows it; empty if it does not. */
  readonly name: string;
}

/** Why the clock jumped between two turns of the event loop. */
export interface ClockJump {
  /** `suspended`: the machine slept; `stalled`: leader-run was stopped, starved or its event loop blocked. */
  readonly cause: 'suspended' | 'stalled';
  readonly ms: number;
}

export type ElectionEvent =
  | { readonly id: 'begin' }
  /** A deadline that the core asked for may have come, or the clock jumped. */
  | { readonly id: 'time'; readonly jump: ClockJump | null }
  /** The answer to the request with this number. Answers to abandoned requests are not believed. */
  | { readonly id: 'answer'; readonly request: number; readonly answer: Answer }
  | { readonly id: 'watch'; readonly event: WatchEvent }
  /** A signal that asks leader-run to stop; `forwardAs` is what the command gets for it (null: it had it from the terminal). */
  | {
      readonly id: 'stop-requested';
      readonly signal: NodeJS.Signals;
      readonly forwardAs: NodeJS.Signals | null;
    }
  | { readonly id: 'command'; readonly event: CommandEvent }
  /** The Pod's label is gone, or that has failed. */
  | { readonly id: 'label-withdrawn' };

/** What the supervisor reports of the command and its process tree, in the order in which it happened. */
export type CommandEvent =
  /** Guard and gate stand ready: from now on the command starts without delay. */
  | { readonly id: 'ready' }
  /** The command cannot be started at all (fork failed …). Reported at most once, instead of `ready` or `ended`. */
  | { readonly id: 'failed'; readonly message: string }
  /** The command runs, under this pid. */
  | { readonly id: 'started'; readonly pid: number }
  /** The gate found that "go" came too late, and ended without running anything of the command; the tree is gone. */
  | { readonly id: 'too-late' }
  /** The command itself has ended; others of its tree may live on. */
  | { readonly id: 'ended'; readonly ending: Ending }
  /** Right after `ended`: these live on. The command had run for so long. */
  | {
      readonly id: 'left-behind';
      readonly processes: readonly ProcessName[];
      readonly ranForMs: number;
    }
  /** Nothing of the tree is left, confirmed. The last event. */
  | { readonly id: 'gone' }
  /** The tree was killed and is still not gone: these could not be signalled or did not die. Repeated at most every 10 s. */
  | { readonly id: 'lingering'; readonly pids: readonly number[] }
  /** The guard died and could not be replaced: the tree is unprotected. */
  | { readonly id: 'unguarded'; readonly message: string };
