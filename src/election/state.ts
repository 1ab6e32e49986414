/**
 * Where a candidate stands. Each state has exactly the fields that are valid in it, so that "release while the command
 * lives" cannot be written down.
 *
 *      standby ──── won ────▶ leading ──── stop, command's end ────▶ stepping-down
 *       │  ▲ │                   │                                   │     │
 *       │  └─┘ lost the race     └──────── R passed, deposed ──┐     │     │ tree gone
 *       │                                                      ▼     ▼     ▼
 *       │ stop, wait over                                      losing ──▶ releasing
 *       ▼                                                      │             │
 *     ended ◀──────────────────── deposed, tree gone ──────────┘             │
 *       ▲────────────────────────────────────────────────────────────────────┘
 *
 * With `--on-lost rejoin` what would end after a loss is standby again.
 */
import type { Ending } from './event.ts';
import type { Failure, RawLease } from './lease.ts';
import type { ObservedLease } from './observed-lease.ts';
import type { SentRecord } from './record.ts';
import type { Loss, Outcome, OwnReason } from './report.ts';
import type { Run } from './runs.ts';
import type { ElectionSettings } from './settings.ts';

/** The settings and the name of the Lease. */
export interface Candidate extends ElectionSettings {
  readonly leaseName: string;
}

/** What is true of the watch. It only informs, so that no state depends on it. */
export type WatchState =
  | { readonly id: 'closed' }
  /** Asked for, but not reporting (yet, or any more, or not allowed): we poll. `isReported`: and said so. */
  | { readonly id: 'down'; readonly isReported: boolean }
  | { readonly id: 'open'; readonly lastEventAtMs: number };

interface Base {
  readonly candidate: Candidate;
  /** Requests sent so far; the next one's number. */
  readonly requests: number;
  readonly watch: WatchState;
}

/** How attempts have fared so far: carried from one request to the next. */
export interface FailureStreak {
  /** Failed attempts in a row. */
  readonly failures: number;
  /** What the last attempt failed of, if it did. */
  readonly failure: Failure | null;
  /** Writes in a row that were answered and after which another one was wanted before its time. */
  readonly rounds: number;
  /** The next write waits until then (boot-clock instant). */
  readonly writableAtMs: number;
}

/** No request under way; the next thing is due at `nextAtMs`. */
export interface Idle extends FailureStreak {
  readonly id: 'idle';
  readonly nextAtMs: number;
}

/** A GET under way, or the write by which a standby enters itself as the successor. */
export interface Reading extends FailureStreak {
  readonly id: 'reading';
  readonly request: number;
  readonly expiresAtMs: number;
  /** It is the write of an entry. */
  readonly isEntry: boolean;
  /** The resourceVersion that the write before it was refused on; null: there was none. */
  readonly refusedVersion: string | null;
}

/** A PUT or POST under way. */
export interface Writing extends FailureStreak {
  readonly id: 'writing';
  readonly request: number;
  readonly expiresAtMs: number;
  readonly sent: SentRecord;
}

export type RequestState = Idle | Reading | Writing;

/** The command before it was started. */
export type WaitingCommand = { readonly id: 'preparing' } | { readonly id: 'ready' };

/** The command from "go" until its tree is gone. `starting`: "go" was said, no word of it yet. */
export type LiveCommand =
  | { readonly id: 'starting' }
  | { readonly id: 'running'; readonly pid: number }
  /** The command itself has ended; what it left behind may not have. */
  | { readonly id: 'ended'; readonly pid: number; readonly ending: Ending };

export interface Standby extends Base {
  readonly id: 'standby';
  readonly requestState: RequestState;
  readonly command: WaitingCommand;
  readonly observed: ObservedLease;
  /** Acquiring writes of ours that may be stored, but by which nothing of ours leads. What they leave is free. */
  readonly unanswered: readonly SentRecord[];
  readonly beganAtMs: number;
  /** Whether the API server ever answered as one should. Until then a refusal is fatal. */
  readonly hasContact: boolean;
  /** How far the API server's clock is ahead of the boot clock, ms, give or take a second; null: it has not said. */
  readonly serverAheadMs: number | null;
  /** Runs may have been remembered and forgotten again between two looks. */
  readonly mayHaveMissedRuns: boolean;
  /** The random pause before a write on a released lease is at most this; lost races grow it, so that a crowd does not write all at once. */
  readonly contentionJitterMs: number;
  /** Boot-clock instant before which the lease is left to the others of the crowd. */
  readonly backOffUntilMs: number;
  /** The writes of the term before, in the same process: their record is free, as nothing of that term is left. */
  readonly former: readonly SentRecord[];
  /** Boot-clock instant before which it does not take the lease: it has just given it back of its own. */
  readonly staysOutUntilMs: number;
  /** Boot-clock instant at which it enters itself as the successor of whoever leads; `Infinity`: there is one, or it does not. */
  readonly nominatesAtMs: number;
  /** The term in which it has tried to. */
  readonly nominatedIn: string | null;
}

/** One term of leadership. */
export interface Term {
  readonly fencingToken: string;
  readonly acquireTime: string;
  /** Where runs are remembered: this one, and those that were known when it began. */
  readonly runs: { readonly own: Run; readonly earlier: readonly Run[] } | null;
  /** When the write that won was sent (boot clock). */
  readonly beganAtMs: number;
  /** Who was preferred when it was won, though this candidate won: that is not obeyed. */
  readonly preferredAtWin: string;
}

/** What a leader knows of its record; t of the design is `confirmed.sentAtMs`. */
export interface Tenure {
  readonly term: Term;
  /** The record that was last confirmed to be stored. */
  readonly confirmed: SentRecord;
  /** The Lease as last seen with that record in it, or cleared: the base of the next write. `null`: it was deleted. */
  readonly lease: RawLease | null;
  /** The newest resourceVersion that we know of: what is older is late. */
  readonly newestVersion: string;
  /** Our writes since the last confirmation whose answer never came: they may have landed. */
  readonly unanswered: readonly SentRecord[];
  /** How long the event of a write of ours has taken to come back, ms: the longest of late. */
  readonly echoMs: number;
  /** The version of our last write while its event has not come; null: it has. */
  readonly unheardVersion: string | null;
  /** The last event that was older than what we know and not of this term, unless a renewal sent after it was confirmed, or what we know was told again. */
  readonly olderEvent: OlderEvent | null;
  /** The others that were seen: in older states, as long as `olderEvent` is there, and those by which it was lost. */
  readonly observed: ObservedLease;
}

/** Late, or the server has gone back in time. */
export interface OlderEvent {
  /** Who holds the lease in it; empty: no one. */
  readonly holder: string;
  readonly version: string;
  readonly seenAtMs: number;
}

export interface Leading extends Base {
  readonly id: 'leading';
  readonly tenure: Tenure;
  readonly requestState: RequestState;
  readonly command: WaitingCommand | LiveCommand;
}

/** In place of an outcome: back to standby, and not leading again for so long. */
export interface Rejoin {
  readonly id: 'rejoin';
  readonly staysOutMs: number;
}

/** Why a leader stops of its own. `own-end`: the command ended by itself. */
export type StepDownCause =
  | { readonly id: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly id: 'own-end' }
  | OwnReason
  | { readonly id: 'unguarded'; readonly message: string };

/** A voluntary stop: the command is being stopped, the lease is still renewed. */
export interface SteppingDown extends Base {
  readonly id: 'stepping-down';
  readonly tenure: Tenure;
  readonly requestState: RequestState;
  readonly command: LiveCommand;
  readonly cause: StepDownCause;
  readonly stopAtMs: number;
  /** When SIGKILL follows; `null`: it has been sent. */
  readonly killAtMs: number | null;
  /** The stop signal waits for the Pod's label to be gone; `null`: it was sent, or the command needs none. */
  readonly pendingStop: PendingStop | null;
}

/** What the command is sent: a signal, or the stop signal of the settings. */
export type StopCommand =
  { readonly id: 'signal'; readonly signal: NodeJS.Signals } | { readonly id: 'configured' };

export interface PendingStop {
  readonly stop: StopCommand;
  readonly untilMs: number;
}

/** Leadership is lost: the command is being stopped, nothing is sent to the API server. */
export interface Losing extends Base {
  readonly id: 'losing';
  readonly tenure: Tenure;
  readonly command: LiveCommand;
  readonly loss: Loss;
  readonly stopAtMs: number;
  readonly killAtMs: number | null;
  /** What leader-run ends with; `null`: with the command's own status. */
  readonly outcome: Outcome | Rejoin | null;
  /** leader-run had begun to stop the command before it ended. */
  readonly wasStopped: boolean;
}

/** `success`: this run counts; `stopped`: it would, but leader-run stopped it; `end`: one whose start counted has ended; `withdraw`: a start that was remembered came to nothing. */
export type Remembering =
  | {
      readonly id: 'success' | 'stopped' | 'end';
      readonly run: Run;
      readonly earlier: readonly Run[];
    }
  | { readonly id: 'withdraw' };

/** The tree is gone (or never was): the record is given back if it is still ours. */
export interface Releasing extends Base {
  readonly id: 'releasing';
  readonly requestState: RequestState;
  /** The writes of ours that the stored record may show. */
  readonly written: readonly SentRecord[];
  /** The newest resourceVersion that the term knew of, later than `lease` where a read was outdated; after a candidacy, that it has seen, or has written over. null: none is known, so that nothing is late. */
  readonly newestVersion: string | null;
  /** The others that were seen: they decide whether a record can still be ours, and the next candidacy of this process is to know them. */
  readonly observed: ObservedLease;
  /** A state was seen that is older than what was known, and not of this term: the server may have gone back in time. */
  readonly wasOlderSeen: boolean;
  /** Our releases whose answer never came. */
  readonly released: readonly SentRecord[];
  /** The base of the releasing write; `null`: not known, a GET comes first. */
  readonly lease: RawLease | null;
  readonly transitions: number;
  /** What the release says of runs; null: nothing. */
  readonly remembering: Remembering | null;
  readonly deadlineMs: number;
  /** After a candidacy, only attempts may be stored, and none of them has led. */
  readonly mode: 'after-term' | 'after-candidacy';
  /** Who is to lead next, as a request to transfer the lease said; null: whoever comes first. */
  readonly handsTo: string | null;
  /** How long others leave the lease to who is to lead next, ms. */
  readonly headStartMs: number;
  readonly outcome: Outcome | Rejoin;
}

export interface Ended extends Base {
  readonly id: 'ended';
  readonly outcome: Outcome;
}

export type State = Standby | Leading | SteppingDown | Losing | Releasing | Ended;

/** A state that cannot be: a bug in leader-run, never the world's fault. */
export class InternalError extends Error {
  override readonly name = 'InternalError';
}
