/**
 * What the core wants done. The driver performs effects in their order and feeds what comes of them back as events.
 */
import type { LeaseRequest } from './lease.ts';
import type { Outcome, Report } from './report.ts';

/** What the command gets to know of its term of leadership. */
export interface TermFacts {
  /** metadata.resourceVersion of the write that won: larger than any earlier term's. */
  readonly fencingToken: string;
  readonly leaseTransitions: number;
  /** RFC 3339 with six fractional digits, as in the record. */
  readonly acquireTime: string;
}

export type Effect =
  | {
      readonly id: 'send';
      readonly request: number;
      readonly body: LeaseRequest;
      readonly timeoutMs: number;
    }
  /** Give a request up: its answer will not be believed, its connection is closed. */
  | { readonly id: 'abandon'; readonly request: number }
  /** Open the watch from here on, or close it. */
  | { readonly id: 'watch'; readonly resourceVersion: string | null; readonly silenceMs: number }
  | { readonly id: 'unwatch' }
  /** Not after `notAfterMs`, and with the guard set to kill at `killAtMs`: boot-clock instants. */
  | {
      readonly id: 'start-command';
      readonly term: TermFacts;
      readonly notAfterMs: number;
      readonly killAtMs: number;
    }
  /** A boot-clock instant, never earlier than the one before. */
  | { readonly id: 'extend-guard'; readonly killAtMs: number }
  | { readonly id: 'signal-command'; readonly signal: NodeJS.Signals }
  /** The stop signal of the settings, to the command. */
  | { readonly id: 'stop-command' }
  /** SIGTERM, to all that the command left behind. */
  | { readonly id: 'stop-tree' }
  | { readonly id: 'kill-tree' }
  /** Another command can be wanted: guard and gate for it, in place of those there were. */
  | { readonly id: 'prepare-command' }
  /** Take the label of this Pod away; `label-withdrawn` follows. */
  | { readonly id: 'withdraw-label' }
  | { readonly id: 'report'; readonly report: Report }
  /** The last effect. */
  | { readonly id: 'finish'; readonly outcome: Outcome };
