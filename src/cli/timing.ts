/** The durations of a candidate: one knob scales the rest, and settings that could not keep the promises are refused. */
import {
  clockSkew,
  jitterFactor,
  killMarginMs,
  ownLeaseDurationMs,
  roomForLossGraceMs,
  timerTickMs,
} from '../election/settings.ts';
import { formatDuration } from './durations.ts';
import type { FlagValues } from './flag.ts';
import type { runFlags } from './flags.ts';

/** The durations that depend on one another, in ms. */
export interface Timing {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly lossGraceMs: number;
}

type TimingFlags = Pick<
  FlagValues<typeof runFlags>,
  'leaseDuration' | 'renewDeadline' | 'retryPeriod' | 'lossGrace'
>;

/** client-go compares renewTime by whole seconds: a holder that renews more often looks dead to it. */
const shortestRetryPeriodMs = 1_000;

/** The durations as given; those that are not follow from the lease duration. */
export function timingOf(flags: TimingFlags): Timing {
  const leaseDurationMs = flags.leaseDuration;
  const renewDeadlineMs = flags.renewDeadline ?? Math.floor((leaseDurationMs * 2) / 3);
  const retryPeriodMs =
    flags.retryPeriod ?? Math.max(shortestRetryPeriodMs, Math.floor((leaseDurationMs * 2) / 15));
  const roomMs = Math.max(0, roomForLossGraceMs(leaseDurationMs, renewDeadlineMs));
  return {
    leaseDurationMs,
    renewDeadlineMs,
    retryPeriodMs,
    lossGraceMs: flags.lossGrace ?? roomMs,
  };
}

/** `error`: the promises could not be kept. `warning`: safe but unwise; only of what was given, as nobody can change the rest. */
export function checkTiming(
  timing: Timing,
  given: TimingFlags,
): { readonly error: string | null; readonly warning: string | null } {
  const problem = timingError(timing);
  const isGiven = given.retryPeriod !== null || given.renewDeadline !== null;
  return {
    error: problem === null ? null : `Cannot start: ${problem}`,
    warning: isGiven ? timingWarning(timing) : null,
  };
}

/** What makes these durations impossible, with the numbers. Mutual exclusion rests on the last one. */
function timingError(timing: Timing): string | null {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, lossGraceMs } = timing;
  if (renewDeadlineMs >= leaseDurationMs) {
    return `--renew-deadline must be less than --lease-duration: current values are ${formatDuration(renewDeadlineMs)} and ${formatDuration(leaseDurationMs)}`;
  }
  if (retryPeriodMs < shortestRetryPeriodMs) {
    return `--retry-period must be at least 1s: current value is ${formatDuration(retryPeriodMs)}`;
  }
  if (retryPeriodMs * jitterFactor >= renewDeadlineMs) {
    return `--retry-period times ${jitterFactor} must be less than --renew-deadline: current values are ${formatDuration(retryPeriodMs)} (times ${jitterFactor}: ${formatDuration(retryPeriodMs * jitterFactor)}) and ${formatDuration(renewDeadlineMs)}. Use a retry period below ${formatDuration(Math.floor(renewDeadlineMs / jitterFactor))}`;
  }
  // Compared with what the room says, to the microsecond: the sum in floating point may miss its own default.
  if (lossGraceMs > roomForLossGraceMs(leaseDurationMs, renewDeadlineMs) + 1e-3) {
    return noRoom(timing);
  }
  return null;
}

function noRoom({ leaseDurationMs, renewDeadlineMs, lossGraceMs }: Timing): string {
  const reserveMs = killMarginMs + timerTickMs;
  const reserve = formatDuration(reserveMs);
  const sum = formatDuration(renewDeadlineMs + lossGraceMs + reserveMs);
  return (
    `--renew-deadline + --loss-grace + ${reserve} must be at most --lease-duration less ${clockSkew * 100}% skew: ` +
    `current values are ${formatDuration(renewDeadlineMs)} + ${formatDuration(lossGraceMs)} + ${reserve} = ${sum} ` +
    `and ${formatDuration(ownLeaseDurationMs(leaseDurationMs))}`
  );
}

function timingWarning({ renewDeadlineMs, retryPeriodMs }: Timing): string | null {
  if (retryPeriodMs <= renewDeadlineMs / 3) return null;
  return `--retry-period should be at most a third of --renew-deadline, or one lost request may cost the lease: current values are ${formatDuration(retryPeriodMs)} and ${formatDuration(renewDeadlineMs)}`;
}
