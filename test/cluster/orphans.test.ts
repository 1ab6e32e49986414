/** Commands that leave orphans faster than leader-run scans its tree, where pids are few: leader-run has to reap them, as an init does. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../command/fixtures/processes.ts';
import { leaderRun, readLease, sandbox, startBy, waitFor } from '../end-to-end/rig.ts';
import { createPidsGroup } from './pids-group.ts';

const pids = createPidsGroup(1_000);
afterAll(() => pids?.remove());

function start(kubeconfig: string, flags: readonly string[], script: string) {
  const [enter = '', ...words] = pids?.enter ?? [];
  onTestFinished(() => pids?.clear());
  const args = ['--lock-name', 'job', ...flags, '--', 'sh', '-c', script];
  return startBy([enter, ...words, leaderRun], kubeconfig, args);
}

/** Each child leaves one of its own behind. */
const storm = `perl -e 'while (1) { my $pid = fork; if (!$pid) { fork; exit } waitpid $pid, 0 }'`;

describe.skipIf(pids === null)('a storm of orphans', () => {
  test('leaves the command pids to fork, the lease is renewed, and TERM ends it', async () => {
    const server = await sandbox();
    const loop = 'while [ $((n += 1)) != 4000 ]; do (true &); done';
    const script = `n=0; ${loop}; echo all forked; while :; do (true &); done`;
    const leader = start(server.kubeconfigPath, ['--retry-period', '1s'], script);
    await waitFor(leader.stderr, 'Leading lease');
    const first = await readLease(server, 'job');
    await waitFor(leader.stdout, 'all forked');
    while ((await readLease(server, 'job'))?.spec.renewTime === first?.spec.renewTime)
      await delay(50);
    leader.kill('SIGTERM');
    const { exitCode, stderr } = await leader;
    expect(exitCode).toBe(143);
    expect(stderr).not.toContain('fork');
    await until('nothing is left', () => pids?.isEmpty() ?? true);
  });

  test('that outlives its command is killed after the grace, and the lease released', async () => {
    const { kubeconfigPath } = await sandbox();
    const script = `trap '' TERM; ${storm} & ${storm} & sleep 1`;
    const leader = start(kubeconfigPath, ['--grace-period', '2s'], script);
    const { exitCode, stderr } = await leader;
    expect(stderr).toContain('Killing the remaining processes');
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('Released lease') as string]);
    await until('nothing is left', () => pids?.isEmpty() ?? true);
  });
});
