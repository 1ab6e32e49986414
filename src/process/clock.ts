/**
 * The clock on which all deadlines are: it counts the time that the machine was suspended (Linux CLOCK_BOOTTIME).
 *
 * Node has no fine clock of that kind: `performance.now()` is fine but stops in a suspend, /proc/uptime goes on but moves
 * in steps of 10 ms. So the fine one is read and corrected by the coarse one. /proc/uptime rather than `os.uptime()`, as
 * guard and gate read it too: in a container it may be a virtual one.
 */
import { openSync, readSync } from 'node:fs';
import { uptime } from 'node:os';

/** Milliseconds since boot, suspend included; never ahead of /proc/uptime's true instant and at most one step behind. */
export function bootNowMs(): number {
  const beforeMs = performance.now();
  const coarseMs = readCoarseMs();
  const afterMs = performance.now();
  // The true instant lies in [coarse, coarse + step). The largest lower bound ever seen is the best one, until it
  // contradicts the coarse clock, as it does after a suspend.
  const lowestMs = coarseMs - afterMs;
  const highestMs = coarseMs + stepMs - beforeMs;
  if (offsetMs < lowestMs || offsetMs > highestMs) offsetMs = lowestMs;
  return afterMs + offsetMs;
}

/** The real clock, and chance. */
export const realClock = {
  bootMs: bootNowMs,
  wallMs: Date.now,
  // performance.now() stands still while the machine sleeps.
  suspendedMs: () => bootNowMs() - performance.now(),
  random: Math.random,
  /** What has arrived meanwhile is heard first: an answer or an event that a late process finds beside a timer that is due. */
  setTimer: (delayMs: number, callback: () => void) => {
    let immediate: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => (immediate = setImmediate(callback)), delayMs);
    return () => {
      clearTimeout(timer);
      clearImmediate(immediate);
    };
  },
};

/** The instant as a shell reads it from /proc/uptime: whole 1/100 s, rounded down. */
export function toCentiseconds(ms: number): number {
  return Math.floor(ms / 10);
}

const buffer = Buffer.alloc(64);
const descriptor = openUptime();
// Where there is no /proc, as on macOS, the coarse clock moves in whole seconds.
const stepMs = descriptor === null ? 1000 : 10;
let offsetMs = -Infinity;

/** Whether sh can read this clock too. */
export const hasShellClock = descriptor !== null;

function openUptime(): number | null {
  try {
    return openSync('/proc/uptime', 'r');
  } catch {
    return null;
  }
}

function readCoarseMs(): number {
  if (descriptor === null) return uptime() * 1000;
  const length = readSync(descriptor, buffer, 0, buffer.length, 0);
  return Number.parseFloat(buffer.toString('latin1', 0, length)) * 1000;
}
