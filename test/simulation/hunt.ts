/** Simulates one seed after the other until one fails: for the bugs that have to be found. */
import { parentPort, workerData } from 'node:worker_threads';
import { drawScenario } from './scenario.ts';
import { simulate } from './simulate.ts';
import type { Violation } from './world.ts';

export interface Hunt {
  readonly mostSeeds: number;
}

/** `seeds`: how many it took, the failing one included. */
export interface Catch {
  readonly seeds: number;
  readonly violation: Violation | null;
}

async function hunt({ mostSeeds }: Hunt): Promise<Catch> {
  for (let seed = 1; seed <= mostSeeds; seed++) {
    const { violation } = await simulate(drawScenario(String(seed)));
    if (violation !== null) return { seeds: seed, violation };
  }
  return { seeds: mostSeeds, violation: null };
}

parentPort?.postMessage(await hunt(workerData as Hunt));
