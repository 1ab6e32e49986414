/**
 * What may go wrong at any time, as probabilities and longest durations. Each may be off: a swarm of seeds with few kinds
 * of faults each finds more than seeds that have all of them always.
 */
import type { Random } from './random.ts';

export interface Ambience {
  /** One way, ms; each message draws between the two. */
  readonly shortestLatencyMs: number;
  readonly longestLatencyMs: number;
  /** A message that takes up to `longestSpikeMs`. */
  readonly spike: number;
  readonly longestSpikeMs: number;
  /** A request that arrives long after its client gave it up. */
  readonly lateWrite: number;
  readonly longestLateWriteMs: number;
  readonly requestLost: number;
  /** The write has landed, and its client never hears of it. */
  readonly responseLost: number;
  /** A lost message closes the connection rather than leaving it silent. */
  readonly lossResets: number;
  readonly serverError: number;
  /** A gateway's 504, though the write has landed. */
  readonly serverErrorAfterWrite: number;
  readonly tooManyRequests: number;
  readonly unauthorized: number;
  readonly malformed: number;
  /** A proxy sends a request twice and hands on the second answer. */
  readonly sentTwice: number;
  readonly staleRead: number;
  readonly longestStalenessMs: number;
  /** A write is answered with another record, or with what was sent, whether it was stored or not. */
  readonly otherAnswer: number;
  /** The answer before is given again, in place of this one. */
  readonly answerAgain: number;
  /** An answer that had been lost comes as that to the next request. */
  readonly answerSwapped: number;
  readonly watchLag: number;
  readonly longestWatchLagMs: number;
  /** The watch's connection ends with an event. */
  readonly watchReset: number;
  /** The watch's connection stays, and nothing comes any more. */
  readonly watchDies: number;
  /** What the watch tells first when it is reopened is old. */
  readonly watchReplay: number;
  /** The version from which a watch is reopened is gone. */
  readonly watchExpired: number;
  readonly timerLatenessMs: number;
  readonly turnStall: number;
  readonly longestTurnStallMs: number;
  /** What the kernel needs to start the command, and to deliver SIGKILL to all of a tree. */
  readonly longestStartMs: number;
  readonly longestKillMs: number;
  readonly guardLost: number;
}

/** How many other objects are written between two writes of the Lease. */
export const otherWrites = 5;

const calm: Ambience = {
  shortestLatencyMs: 0.5,
  longestLatencyMs: 5,
  spike: 0,
  longestSpikeMs: 1,
  lateWrite: 0,
  longestLateWriteMs: 1,
  requestLost: 0,
  responseLost: 0,
  lossResets: 0.5,
  serverError: 0,
  serverErrorAfterWrite: 0,
  tooManyRequests: 0,
  unauthorized: 0,
  malformed: 0,
  sentTwice: 0,
  staleRead: 0,
  longestStalenessMs: 1,
  otherAnswer: 0,
  answerAgain: 0,
  answerSwapped: 0,
  watchLag: 0,
  longestWatchLagMs: 1,
  watchReset: 0,
  watchDies: 0,
  watchReplay: 0,
  watchExpired: 0,
  timerLatenessMs: 2,
  turnStall: 0,
  longestTurnStallMs: 2,
  longestStartMs: 5,
  longestKillMs: 10,
  guardLost: 0,
};

/** For the end of each simulation: nothing goes wrong any more. */
export function calmAmbience(): Ambience {
  return calm;
}

/** Rates that can be switched off one by one when a failure is shrunk; the values are those of {@link calmAmbience}. */
export const ambienceKeys = Object.keys(calm) as (keyof Ambience)[];

export function drawAmbience(random: Random): Ambience {
  const swarm = random.pick([0.1, 0.3, 0.5]);
  const rate = (largest: number) =>
    random.chance(swarm) ? random.logBetween(largest / 30, largest) : 0;
  const span = (low: number, high: number) => random.logBetween(low, high);
  return {
    shortestLatencyMs: random.pick([0.3, 1, 20]),
    longestLatencyMs: random.pick([3, 30, 300]),
    spike: rate(0.2),
    longestSpikeMs: span(500, 10_000),
    lateWrite: rate(0.1),
    longestLateWriteMs: span(3_000, 40_000),
    requestLost: rate(0.3),
    responseLost: rate(0.3),
    lossResets: random.pick([0, 0.5, 1]),
    serverError: rate(0.3),
    serverErrorAfterWrite: rate(0.3),
    tooManyRequests: rate(0.2),
    unauthorized: rate(0.1),
    malformed: rate(0.1),
    sentTwice: rate(0.2),
    staleRead: rate(0.5),
    longestStalenessMs: span(10, 10_000),
    // Drawn apart, with all other misbehaviour.
    otherAnswer: 0,
    answerAgain: 0,
    answerSwapped: 0,
    watchLag: rate(1),
    longestWatchLagMs: span(10, 20_000),
    watchReset: rate(0.3),
    watchDies: rate(0.1),
    watchReplay: rate(1),
    watchExpired: rate(1),
    timerLatenessMs: random.pick([1, 2, 5]),
    turnStall: rate(0.03),
    longestTurnStallMs: span(10, 20_000),
    longestStartMs: random.pick([2, 5, 50, 2_000]),
    longestKillMs: random.pick([2, 10, 100, 900]),
    guardLost: rate(0.05),
  };
}
