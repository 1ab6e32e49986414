/** From the start of a program to its command's first instruction, on a Lease that there never was. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ProgramName } from './programs.ts';
import { freshLock, type Stage } from './stage.ts';

export interface StartUps {
  /** `node -e 0`, from start to end, ms. */
  readonly node: readonly number[];
  readonly programs: Readonly<Record<ProgramName, readonly number[]>>;
}

export async function measureStartUps({ cluster, programs, plan, say }: Stage): Promise<StartUps> {
  say(`start-up, ${plan.startUps} rounds`);
  const node: number[] = [];
  const taken = { 'leader-run': [], wrapper: [], example: [], etcdctl: [] } as Record<
    ProgramName,
    number[]
  >;
  // What is read from disk for the first time is not to be measured.
  for (let round = -1; round < plan.startUps; round += 1) {
    const nodeMs = await runNode();
    if (round >= 0) node.push(nodeMs);
    for (const name of Object.keys(taken) as ProgramName[]) {
      const candidate = programs[name].start({
        lock: freshLock(),
        kubeconfig: cluster.adminKubeconfig,
        isBrief: true,
      });
      const startedAtMs = await candidate.started();
      if (round >= 0) taken[name].push(startedAtMs - candidate.launchedAtMs);
      if (name === 'example') await candidate.end();
      else await candidate.closed();
    }
  }
  return { node, programs: taken };
}

async function runNode(): Promise<number> {
  const beforeMs = performance.now();
  await once(spawn('node', ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - beforeMs;
}
