/** One core's share of a long run: every so many seeds from one on, until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { drawScenario } from './scenario.ts';
import { simulate } from './simulate.ts';
import { addTo } from './statistics.ts';
import type { Violation } from './world.ts';

export interface Share {
  readonly firstSeed: number;
  readonly step: number;
  /** Seeds up to but without this one; `null`: for ever. */
  readonly endSeed: number | null;
  readonly endAtMs: number | null;
}

/** What is reported each second, and at the end. */
export interface Progress {
  readonly seeds: number;
  readonly simulatedMs: number;
  readonly statistics: Map<string, number>;
  readonly failures: readonly { readonly seed: string; readonly violation: Violation }[];
  readonly isDone: boolean;
}

const reportEveryMs = 1_000;

async function work(share: Share, report: (progress: Progress) => void): Promise<void> {
  let progress = nothing();
  let reportAtMs = performance.now() + reportEveryMs;
  for (let seed = share.firstSeed; share.endSeed === null || seed < share.endSeed;) {
    if (share.endAtMs !== null && Date.now() >= share.endAtMs) break;
    const { violation, statistics, simulatedMs } = await simulate(drawScenario(String(seed)));
    progress.seeds += 1;
    progress.simulatedMs += simulatedMs;
    addTo(progress.statistics, statistics);
    if (violation !== null) progress.failures.push({ seed: String(seed), violation });
    if (performance.now() >= reportAtMs || violation !== null) {
      report(progress);
      progress = nothing();
      reportAtMs = performance.now() + reportEveryMs;
    }
    seed += share.step;
  }
  report({ ...progress, isDone: true });
}

function nothing() {
  return {
    seeds: 0,
    simulatedMs: 0,
    statistics: new Map<string, number>(),
    failures: [] as { seed: string; violation: Violation }[],
    isDone: false,
  };
}

const port = parentPort;
if (port !== null) await work(workerData as Share, (progress) => port.postMessage(progress));
