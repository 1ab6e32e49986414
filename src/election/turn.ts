/**
 * What the functions of the core hand to one another within one `step()`: when it happens, and what is to be done.
 */
import type { Effect } from './effect.ts';
import type { ClockJump, Instant } from './event.ts';
import type { Failure, LeaseRequest } from './lease.ts';
import type { Report } from './report.ts';

/** One turn of the core. States are values and only returned; effects are collected here, in the order of their calls. */
export class Turn {
  readonly at: Instant;
  /** Why this turn comes late, if it does and one knows. */
  readonly jump: ClockJump | null;
  readonly effects: Effect[] = [];

  constructor(at: Instant, jump: ClockJump | null) {
    this.at = at;
    this.jump = jump;
  }

  get nowMs(): number {
    return this.at.bootMs;
  }

  /** Why a request without an answer is given up after so long: an API server that was not asked is not to blame. */
  timeout(afterMs: number): Failure {
    const { awaited = null } = this.at;
    if (awaited === null) return { reason: 'timeout', afterMs };
    return { reason: 'awaiting-credentials', message: awaited };
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  report(report: Report): void {
    this.effects.push({ id: 'report', report });
  }

  send(request: number, body: LeaseRequest, timeoutMs: number): void {
    this.effects.push({ id: 'send', request, body, timeoutMs });
  }
}
