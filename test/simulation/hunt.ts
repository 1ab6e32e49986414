/** Simulates one seed after the other until one fails, or the one that is known to: for the bugs that have to be found. */
import { parentPort, workerData } from 'node:worker_threads';
import { drawScenario } from './scenario.ts';
import { simulate } from './simulate.ts';
import type { Violation } from './world.ts';

export interface Hunt {
  readonly mostSeeds: number;
  readonly rareSeed: string | null;
}

/** `seeds`: how many it took, the failing one included. */
export interface Catch {
  readonly seeds: number;
  readonly violation: Violation | null;
}

async function hunt({ mostSeeds, rareSeed }: Hunt): Promise<Catch> {
  const inOrder = Array.from({ length: mostSeeds }, (_, index) => String(index + 1));
  const tried = rareSeed === null ? inOrder : [rareSeed];
  for (const [index, seed] of tried.entries()) {
    const { violation } = await simulate(drawScenario(seed));
    if (violation !== null) return { seeds: index + 1, violation };
  }
  return { seeds: tried.length, violation: null };
}

parentPort?.postMessage(await hunt(workerData as Hunt));
