/** Simulates one seed after the other until one breaks what the bug breaks, or the one that is known to. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Stage } from './bugs/stages.ts';
import { drawScenario } from './scenario.ts';
import { simulate } from './simulate.ts';
import type { Violation } from './world.ts';

export interface Hunt {
  readonly mostSeeds: number;
  /** The invariant. What else a seed breaks does not count: that may be a flaw of the edit. */
  readonly breaks: string;
  readonly rareSeed: string | null;
  /** Where it is looked for; null: in scenarios that the seeds draw. */
  readonly stage: Stage | null;
}

/** `seeds`: how many it took, the failing one included. */
export interface Catch {
  readonly seeds: number;
  /** How many of those before broke something else. */
  readonly others: number;
  readonly violation: Violation | null;
}

async function hunt({ mostSeeds, breaks, rareSeed, stage }: Hunt): Promise<Catch> {
  const inOrder = Array.from({ length: mostSeeds }, (_, index) => String(index + 1));
  const tried = rareSeed === null ? inOrder : [rareSeed];
  let others = 0;
  for (const [index, seed] of tried.entries()) {
    const { violation } = await simulate(stage === null ? drawScenario(seed) : { ...stage, seed });
    if (violation?.invariant === breaks) return { seeds: index + 1, others, violation };
    if (violation !== null) others += 1;
  }
  return { seeds: tried.length, others, violation: null };
}

parentPort?.postMessage(await hunt(workerData as Hunt));
