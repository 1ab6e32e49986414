/**
 * The small world that is explored: two candidates, one Lease, and a number of faults of each kind that may still happen.
 *
 * Everything is a value, so that any state can be gone back to; time is the true one, which both candidates' clocks show.
 */
import type { Answer, LeaseRequest, RawLease, WatchEvent } from '../../src/election/lease.ts';
import type { Candidate, State } from '../../src/election/state.ts';
import { type LeaseStore, emptyStore } from '../election/lease-store.ts';

export const startWallMs = Date.UTC(2026, 0, 1, 12);

/** The second candidate's wall clock is an hour ahead: remote times are not to be compared with one's own. */
export const wallOffsetMs = 3_600_000;

/** How often each thing that is not the usual course may happen. */
export interface Budget {
  /** Processes started, of each candidate. */
  readonly lives: number;
  /** SIGTERM to a candidate. */
  readonly stops: number;
  /** The command ends by itself. */
  readonly exits: number;
  /** What the command leaves behind stays until it is killed. */
  readonly rests: number;
  /** SIGKILL of a candidate: its guard kills the tree. */
  readonly crashes: number;
  /** A request that never arrives. */
  readonly lostRequests: number;
  /** The request arrives, its answer does not. */
  readonly lostAnswers: number;
  /** The request arrives at some later time, perhaps after it was given up. */
  readonly lateRequests: number;
  /** The answer arrives at some later time, perhaps after the request was given up. */
  readonly lateAnswers: number;
  /** Answered 503 at once. */
  readonly refusals: number;
  /** A candidate is cut off from the API server until it is healed. */
  readonly cuts: number;
  /** A candidate gets no events for some time; the guard does. */
  readonly stalls: number;
  /** Guard and gate are not ready at once. */
  readonly slowStarts: number;
  /** Watch events arrive at some later time. */
  readonly lags: number;
  /** Someone empties the record, as client-go may. */
  readonly blanks: number;
  /** Someone deletes the Lease. */
  readonly deletions: number;
  /** Someone writes another holder. */
  readonly otherHolders: number;
  /** Someone writes under the first candidate's identity. */
  readonly twins: number;
  /** Someone asks the holder to transfer the lease to the second candidate. */
  readonly transfers: number;
}

export const nothingHappens: Budget = {
  lives: 1,
  stops: 0,
  exits: 0,
  rests: 0,
  crashes: 0,
  lostRequests: 0,
  lostAnswers: 0,
  lateRequests: 0,
  lateAnswers: 0,
  refusals: 0,
  cuts: 0,
  stalls: 0,
  slowStarts: 0,
  lags: 0,
  blanks: 0,
  deletions: 0,
  otherHolders: 0,
  twins: 0,
  transfers: 0,
};

/** One request on its way. */
export interface Wire {
  /** Candidate and life. */
  readonly by: string;
  readonly request: number;
  readonly body: LeaseRequest;
  readonly purpose: 'read' | 'nominate' | 'acquire' | 'renew' | 'release';
  /** It gives back the lease of a run that has succeeded. */
  readonly isSuccess: boolean;
  readonly sentAtMs: number;
  /** `sent`: not at the server yet; `answered`: the answer is on its way; `silent`: nothing will come. */
  readonly phase: 'sent' | 'answered' | 'silent';
  readonly answer: Answer | null;
  /** It may stay where it is for any time. */
  readonly isSlow: boolean;
}

export interface Command {
  /** `preparing` and `ready`: nothing of the command runs yet. `rest`: the command has ended, others of its tree live. */
  readonly id: 'preparing' | 'ready' | 'starting' | 'running' | 'rest';
  readonly notAfterAtMs: number;
  readonly guardAtMs: number;
  /** It was told to stop, so that it may end at any time. */
  readonly isAsked: boolean;
  /** It was killed and is dead by then. */
  readonly deadByAtMs: number;
}

export interface Actor {
  /** null: no process. */
  readonly state: State | null;
  readonly life: number;
  readonly wire: Wire | null;
  /** A write that was given up on its way and may yet land. */
  readonly stray: Wire | null;
  readonly command: Command | null;
  readonly isWatching: boolean;
  readonly events: readonly WatchEvent[];
  readonly isLagging: boolean;
  readonly isCut: boolean;
  readonly isStalled: boolean;
  /** What of the command's end the candidate has yet to learn. */
  readonly untold: 'all' | 'rest' | null;
  /** When the newest write of this life that landed was sent. */
  readonly landedSentAtMs: number;
  /** Since then someone else wrote. */
  readonly isOverwritten: boolean;
  /** Requests sent at this very instant. */
  readonly sendsNow: number;
}

export interface World {
  readonly nowMs: number;
  readonly store: LeaseStore;
  /** Who wrote the stored record: candidate and life, or `other`. */
  readonly writer: string;
  /** When the stored record was last changed. */
  readonly changedAtMs: number;
  /** The newest fencing token handed out. */
  readonly token: string;
  readonly actors: readonly [Actor, Actor];
  readonly left: Budget;
  /** Whether any fault of the network or of scheduling has been used. */
  readonly isDisturbed: boolean;
  /** The Lease was deleted by hand: who comes then does not know of a leader that is cut off (README, limits). */
  readonly mayOverlap: boolean;
  /** The run that is to be run once counts from now on. */
  readonly isDone: boolean;
}

/** One exploration: who takes part and what may happen. */
export interface Bounds {
  readonly name: string;
  readonly candidates: readonly [Candidate, Candidate];
  readonly mayWatch: boolean;
  readonly budget: Budget;
}

export type Seat = 0 | 1;
export const seats: readonly Seat[] = [0, 1];

const absent: Actor = {
  state: null,
  life: 0,
  wire: null,
  stray: null,
  command: null,
  isWatching: false,
  events: [],
  isLagging: false,
  isCut: false,
  isStalled: false,
  untold: null,
  landedSentAtMs: -Infinity,
  isOverwritten: false,
  sendsNow: 0,
};

export function beginning({ budget }: Bounds): World {
  return {
    nowMs: 0,
    store: emptyStore,
    writer: 'other',
    changedAtMs: -Infinity,
    token: '0',
    actors: [absent, absent],
    left: budget,
    isDisturbed: false,
    mayOverlap: false,
    isDone: false,
  };
}

/** The world with one actor changed. */
export function withActor(world: World, seat: Seat, change: Partial<Actor>): World {
  const [first, second] = world.actors;
  return seat === 0
    ? { ...world, actors: [{ ...first, ...change }, second] }
    : { ...world, actors: [first, { ...second, ...change }] };
}

/** The world with one fault less to come. */
export function spend(world: World, what: keyof Budget): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}

/** A fault of the network or of scheduling: from now on a loss by time needs no other excuse. */
export function disturb(world: World, what: keyof Budget): World {
  return { ...spend(world, what), isDisturbed: true };
}

/** Whether anything of the command may run. */
export function isAlive({ command }: Actor): boolean {
  return command !== null && command.id !== 'preparing' && command.id !== 'ready';
}

export function holderIn(lease: RawLease | null): string {
  const spec = (lease?.['spec'] ?? {}) as { holderIdentity?: string };
  return spec.holderIdentity ?? '';
}
