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
import { parseNotNegative, parsePositive, type Parsed, type Reader } from './reader.ts';

/** The durations that depend on one another, in ms. */
export interface Timing {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly lossGraceMs: number;
}

const defaultLeaseDurationMs = 15_000;

/** client-go compares renewTime by whole seconds: a holder that renews more often looks dead to it. */
const shortestRetryPeriodMs = 1_000;

/** leaseDurationSeconds is an int32. */
const longestLeaseDurationMs = (2 ** 31 - 1) * 1_000;

/** Reads and checks the durations. `warning` is for settings that are safe but unwise. */
export function readTiming(reader: Reader): Timing & { readonly warning: string | null } {
  const leaseDurationMs = reader.read('lease-duration', parseLeaseDuration, defaultLeaseDurationMs);
  const renewDeadlineMs = reader.read(
    'renew-deadline',
    parsePositive,
    Math.floor((leaseDurationMs * 2) / 3),
  );
  const retryPeriodMs = reader.read(
    'retry-period',
    parsePositive,
    Math.max(shortestRetryPeriodMs, Math.floor((leaseDurationMs * 2) / 15)),
  );
  const roomMs = Math.max(0, roomForLossGraceMs(leaseDurationMs, renewDeadlineMs));
  const lossGraceMs = reader.read('loss-grace', parseNotNegative, roomMs);
  const timing = { leaseDurationMs, renewDeadlineMs, retryPeriodMs, lossGraceMs };
  const problem = timingError(timing);
  if (problem !== null) reader.refuse(`Cannot start: ${problem}`);
  return { ...timing, warning: timingWarning(timing) };
}

function parseLeaseDuration(text: string): Parsed<number> {
  const parsed = parsePositive(text);
  if (!parsed.ok) return parsed;
  if (parsed.value % 1_000 !== 0) {
    return { ok: false, why: 'it must be whole seconds: the API server stores no fractions' };
  }
  return parsed.value > longestLeaseDurationMs
    ? {
        ok: false,
        why: `it must be at most ${longestLeaseDurationMs / 1_000}s, the most that the API server stores`,
      }
    : parsed;
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
    return `--retry-period times ${jitterFactor} must be less than --renew-deadline: current values are ${formatDuration(retryPeriodMs)} (times ${jitterFactor}: ${formatDuration(retryPeriodMs * jitterFactor)}) and ${formatDuration(renewDeadlineMs)}`;
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
