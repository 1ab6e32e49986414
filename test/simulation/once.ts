/** Jobs that are to be run once in each period, as cron starts them: the key is made of the time. */
import type { OnceRule } from '../../src/election/runs.ts';
import type { Random } from './random.ts';

export interface OncePlan {
  readonly everyMs: number;
  readonly counts: OnceRule['counts'];
}

/** `random` is for this alone, so that all else in a seed is as it would be without. */
export function drawOnce(random: Random): OncePlan | null {
  if (!random.chance(0.15)) return null;
  return {
    everyMs: random.pick([5_000, 20_000, 1_000_000]),
    counts: random.pick(['success', 'start']),
  };
}

/** What a candidate that is started now is asked to do. */
export function ruleAt({ everyMs, counts }: OncePlan, nowMs: number): OnceRule {
  return { id: 'key', key: `run ${Math.floor(nowMs / everyMs)}`, counts };
}
