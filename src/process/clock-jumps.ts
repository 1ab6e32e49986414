/** Notices that a turn of the driver comes late: timers stand still while the machine sleeps or this thread does nothing. */
import type { ClockJump } from '../election/event.ts';
import type { Clock } from '../ports.ts';

/** A turn this late is said to be late, ms. */
const noticeableJumpMs = 500;

export class ClockJumps {
  /** The instant for which the next timer is set. */
  timerAtMs = Infinity;
  readonly #clock: Clock;
  #suspendedMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#suspendedMs = clock.suspendedMs();
  }

  /** What has happened since it was asked last, told once. */
  take(): ClockJump | null {
    const suspendedMs = this.#clock.suspendedMs();
    const sleptMs = suspendedMs - this.#suspendedMs;
    this.#suspendedMs = suspendedMs;
    if (sleptMs > noticeableJumpMs) return { cause: 'suspended', ms: sleptMs };
    const lateMs = this.#clock.bootMs() - this.timerAtMs;
    if (lateMs <= noticeableJumpMs) return null;
    this.timerAtMs = Infinity;
    return { cause: 'stalled', ms: lateMs };
  }
}
