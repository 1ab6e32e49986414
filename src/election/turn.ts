/**
 * One turn of the core: the instant at which it happens and the effects that it collects.
 */
import type { Effect } from './effect.ts';
import type { Gap, Instant } from './event.ts';
import type { LeaseRequest } from './lease.ts';
import type { Report } from './report.ts';

export class Turn {
  readonly at: Instant;
  /** Why this turn comes late, if it does and one knows. */
  readonly gap: Gap | null;
  readonly effects: Effect[] = [];

  constructor(at: Instant, gap: Gap | null) {
    this.at = at;
    this.gap = gap;
  }

  get nowMs(): number {
    return this.at.bootMs;
  }

  do(effect: Effect): void {
    this.effects.push(effect);
  }

  say(report: Report): void {
    this.effects.push({ id: 'report', report });
  }

  send(request: number, body: LeaseRequest, timeoutMs: number): void {
    this.effects.push({ id: 'send', request, body, timeoutMs });
  }
}

/** Exponential from 50 ms to `longestMs`, never less than half of it nor more than it, so that candidates drift apart. */
export function backOffMs(failures: number, longestMs: number, random: number): number {
  const fullMs = Math.min(longestMs, 50 * 2 ** Math.min(failures, 16));
  return fullMs * (0.5 + random / 2);
}
