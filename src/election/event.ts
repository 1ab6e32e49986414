/**
 * Everything that can happen to a candidate. Events carry the time, so that the core needs no clock.
 */
import type { Answer, WatchNews } from './lease.ts';

/** The instant at which an event was taken from the queue. */
export interface Instant {
  /** Milliseconds on the local clock that counts suspend. All reasoning is on this one. */
  readonly bootMs: number;
  /** Unix time, ms. Only ever written into records, never compared with one. */
  readonly wallMs: number;
  /** Uniform in [0, 1), fresh for every event: makes records unique and spreads retries. */
  readonly random: number;
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
export interface Gap {
  /** `suspended`: the machine slept; `stalled`: leader-run was stopped, starved or its event loop blocked. */
  readonly cause: 'suspended' | 'stalled';
  readonly ms: number;
}

export type ElectionEvent =
  | { readonly id: 'begin' }
  /** A deadline that the core asked for may have come, or the clock jumped. */
  | { readonly id: 'time'; readonly gap: Gap | null }
  /** The answer to the request with this number. Answers to abandoned requests are not believed. */
  | { readonly id: 'answer'; readonly request: number; readonly answer: Answer }
  | { readonly id: 'watch'; readonly news: WatchNews }
  /** A signal that asks leader-run to stop; `forwardAs` is what the child gets for it (null: it had it from the terminal). */
  | {
      readonly id: 'stop-requested';
      readonly signal: NodeJS.Signals;
      readonly forwardAs: NodeJS.Signals | null;
    }
  | { readonly id: 'child-ready' }
  | { readonly id: 'child-failed'; readonly message: string }
  | { readonly id: 'child-refused' }
  | { readonly id: 'child-started'; readonly pid: number }
  | { readonly id: 'child-ended'; readonly ending: Ending }
  | {
      readonly id: 'child-left-behind';
      readonly processes: readonly ProcessName[];
      readonly ranForMs: number;
    }
  | { readonly id: 'child-lingering'; readonly pids: readonly number[] }
  | { readonly id: 'child-gone' }
  | { readonly id: 'child-unguarded'; readonly message: string };
