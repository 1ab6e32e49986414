/**
 * The timing of one candidate, and the one inequality on which mutual exclusion rests.
 */

import type { OnceRule } from './runs.ts';

/**
 * A standby that polls reads after the retry period and a random part of this times as much again, and settings that leave a leader
 * no room for that are refused; both as client-go's leader election has it.
 */
export const jitterFactor = 1.2;

/** What the election needs of the command line; every number is in milliseconds. `Infinity` is allowed where it says so. */
export interface ElectionSettings {
  readonly identity: string;
  /** L: whole seconds, as the API stores them. */
  readonly leaseDurationMs: number;
  /** R: a leader not confirmed for so long, counted from the send of its last renewal, stops its command. */
  readonly renewDeadlineMs: number;
  /** P: from one renewal to the next; see {@link jitterFactor} for reads while polling. */
  readonly retryPeriodMs: number;
  /** From the stop signal to SIGKILL when leadership was lost. */
  readonly lossGraceMs: number;
  /** From the stop signal to SIGKILL in a voluntary stop; may be `Infinity`. */
  readonly gracePeriodMs: number;
  /** Give up when not leader within this time; `Infinity`: never, 0: after one read (`--try`). */
  readonly waitMs: number;
  /** Not to be run again where the Lease remembers such a run. */
  readonly once?: OnceRule | null;
  /** After a loss, and the tree gone, it is standby again, with the same identity. */
  readonly rejoins?: boolean;
  /** From the write that wins to a stop of its own; `Infinity`: never. */
  readonly maxTermMs?: number;
  /** As a standby it enters itself as the successor of whoever leads, should nobody have done so. */
  readonly nominates?: boolean;
  /** The Pod has a label that is to be gone before the command stops. */
  readonly hasPodLabel?: boolean;
}

/** Time that the kernel may need to deliver SIGKILL to a whole tree: the guard kills this long before the (skewed) expiry. */
export const killMarginMs = 1_000;

/** Two machines' clocks may run apart by this share; the leader alone allows for it: L′ = (1 − skew) · L. */
export const clockSkew = 0.01;

/** Timers fire late by some milliseconds; the leader's own kill comes this much before the guard's. */
export const timerTickMs = 20;

/** The longest a release may take in all, retries included. */
export const releaseTimeoutMs = 5_000;
/** The same where it records a success, if the lease lasts so long. */
export const longestRecordingMs = 60_000;

/** A deposed leader's command has at most this long between stop signal and SIGKILL: the other may already run. */
export const deposedGraceMs = 1_000;

/** L′: the lease duration as the leader counts it. */
export function ownLeaseDurationMs(leaseDurationMs: number): number {
  return leaseDurationMs * (1 - clockSkew);
}

/** The largest loss grace that the other settings leave room for; negative when they leave none. */
export function roomForLossGraceMs(leaseDurationMs: number, renewDeadlineMs: number): number {
  return ownLeaseDurationMs(leaseDurationMs) - renewDeadlineMs - killMarginMs - timerTickMs;
}

/** What one API request may take: at least three fit into the renew deadline. */
export function attemptTimeoutMs(settings: ElectionSettings): number {
  return (settings.renewDeadlineMs - settings.retryPeriodMs) / 3;
}

/** D: the boot-clock instant by which the tree of a leader last confirmed at `confirmedSentAtMs` must be dead. */
export function killDeadlineMs(settings: ElectionSettings, confirmedSentAtMs: number): number {
  return confirmedSentAtMs + ownLeaseDurationMs(settings.leaseDurationMs) - killMarginMs;
}
