/**
 * RFC 3339 times as Leases carry them. They are written and shown; only the rule about dead holders ever reads one, to
 * give up waiting, never to take.
 */

// Formatting and parsing are pure; only reading the clock is not, and nothing here does.
/* eslint-disable no-restricted-globals */

/**
 * A time as the API server stores it: six fractional digits, or it is rejected. The last three are random (`draw`,
 * uniform in [0, 1)): that makes every write of ours unlike any other process's, also under the same identity.
 */
export function microTime(wallMs: number, draw: number): string {
  const digits = String(Math.floor(draw * 1000)).padStart(3, '0');
  return `${new Date(wallMs).toISOString().slice(0, -1)}${digits}Z`;
}

/** Unix time in ms of an RFC 3339 time, or null when it is none. */
export function parseTimeMs(time: string): number | null {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? null : ms;
}

/** Unix time in ms as RFC 3339. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
