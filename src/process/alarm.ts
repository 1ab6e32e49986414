/** The driver's timer, and what it shows of the clock: that it jumped because the machine slept, or because this process was held up. */
import type { ClockJump } from '../election/event.ts';
import type { Clock } from '../ports.ts';

/** A turn this late is said to be late, ms. */
const noticeableMs = 500;
/** Woken at least once an hour; setTimeout takes 2^31-1 ms at most. */
const longestTimerMs = 3_600_000;

export class Alarm {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #cancelTimer: () => void = () => undefined;
  #dueAtMs = Infinity;
  #suspendedMs: number;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
    this.#suspendedMs = clock.suspendedMs();
  }

  /** Rings at this boot-clock instant, and no more at the one that was set before. */
  set(dueAtMs: number): void {
    this.cancel();
    this.#dueAtMs = dueAtMs;
    if (dueAtMs === Infinity) return;
    const delayMs = Math.min(Math.max(dueAtMs - this.#clock.bootMs(), 0), longestTimerMs);
    this.#cancelTimer = this.#clock.setTimer(delayMs, this.#onDue);
  }

  cancel(): void {
    this.#cancelTimer();
  }

  /** The jump of the clock until now; null: none. Each is told once. */
  takeJump(): ClockJump | null {
    const suspendedMs = this.#clock.suspendedMs();
    const sleptMs = suspendedMs - this.#suspendedMs;
    const lateMs = this.#clock.bootMs() - this.#dueAtMs;
    this.#suspendedMs = suspendedMs;
    if (sleptMs <= noticeableMs && lateMs <= noticeableMs) return null;
    this.#dueAtMs = Infinity;
    return sleptMs > noticeableMs
      ? { cause: 'suspended', ms: sleptMs }
      : { cause: 'stalled', ms: lateMs };
  }
}
