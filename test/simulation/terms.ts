/** How terms end other than by a loss or a signal, and what follows: drawn beforehand, by chances of their own. */
import type { RunSettings } from '../../src/run.ts';
import type { Random } from './random.ts';
import type { FaultPlan } from './scenario.ts';

export type TermPlan = Pick<
  RunSettings,
  'rejoins' | 'maxTermMs' | 'hasPodLabel' | 'nominates' | 'isWarm'
>;

export function drawTerms(random: Random, isOnce: boolean): TermPlan {
  return {
    rejoins: random.chance(0.5) && !isOnce,
    maxTermMs: random.chance(0.2) ? random.logBetween(500, 30_000) : Infinity,
    hasPodLabel: random.chance(0.4),
  };
}

/** Who enters itself as the successor: in some simulations most do, and the rest are candidates of an older version. */
export function drawNominations(random: Random, replicas: number): readonly TermPlan[] {
  const isUsual = random.chance(0.5);
  return Array.from({ length: replicas }, () => ({ nominates: isUsual && random.chance(0.8) }));
}

/** Somebody asks for another leader. */
export function drawTransfers(random: Random): readonly FaultPlan[] {
  if (!random.chance(0.2)) return [];
  const count = random.pick([1, 2, 5]);
  return Array.from({ length: count }, () => ({
    id: random.pick([
      'transfer requested',
      'transfer requested',
      'transfer of another term requested',
      'holder preferred',
    ] as const),
    when: {
      id: 'after',
      moment: random.pick(['landed', 'acquired', 'command-started', 'request', 'stopping-command']),
      count: 1 + random.below(12),
      delayMs: random.chance(0.3) ? 0 : random.logBetween(0.1, 5_000),
    },
    forMs: 0,
  }));
}
