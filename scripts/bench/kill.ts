/**
 * `npm run bench:kill`: how long a tree of 30 processes that ignore TERM, some of them in sessions of their own, outlives
 * leader-run after its SIGKILL. Against the sandbox, as no API server takes part in that.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bootNowMs } from '../../src/process/clock.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { lastSeenAlive } from '../../test/command/fixtures/processes.ts';
import { bigTree, createMark, grown } from '../../test/command/fixtures/tree.ts';
import { summarise } from './statistics.ts';

const size = 30;
/** What is promised, ms. */
const medianGoalMs = 50;
const longestGoalMs = 500;

const leaderRun = resolve(import.meta.dirname, '../../bin/leader-run');

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
  const sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
  const took: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1)
    took.push(await measureKill(sandbox.kubeconfigPath, `kill-${round}`));
  await sandbox.close();
  const { p50: median, max: longest } = summarise(took) ?? { p50: NaN, max: NaN };
  const isReached = median <= medianGoalMs && longest <= longestGoalMs;
  process.stdout.write(
    `SIGKILL of leader-run → tree of ${size} dead, ms: ${took.map((ms) => ms.toFixed(1)).join(' ')}\n` +
      `median ${median.toFixed(1)} (goal ${medianGoalMs}), longest ${longest.toFixed(1)} (goal ${longestGoalMs}): ${isReached ? 'reached' : 'MISSED'}\n`,
  );
}

/** From before the signal is sent until the last instant at which a process of the tree was seen alive. */
async function measureKill(kubeconfig: string, lock: string): Promise<number> {
  const mark = createMark();
  const args = [
    '--kubeconfig',
    kubeconfig,
    '--lock-name',
    lock,
    '-q',
    '--',
    ...bigTree(mark, size),
  ];
  // In a session of its own, so that it has no terminal even when this has one.
  const leader = spawn(leaderRun, args, { stdio: 'inherit', detached: true });
  const ended = once(leader, 'exit');
  const pids = await grown(mark, size);
  const killedAtMs = bootNowMs();
  leader.kill('SIGKILL');
  const aliveAtMs = await lastSeenAlive(pids);
  await ended;
  return Math.max(aliveAtMs - killedAtMs, 0);
}

await main();
