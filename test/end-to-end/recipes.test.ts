/** The recipes of docs/scripts-and-cron.md that no other test runs. */
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { leaderRun, sandbox, start, waitFor } from './rig.ts';

/** A script in which `leader-run` is ours. */
function script(kubeconfig: string, text: string) {
  const definition = `leader-run() { '${leaderRun}' "$@"; }`;
  return execa('bash', ['-c', `set -euo pipefail\n${definition}\n${text}`], {
    reject: false,
    env: { KUBECONFIG: kubeconfig, PING_URL: 'pinged' },
  });
}

describe('set -euo pipefail', () => {
  it('a script goes on where someone else holds the lease, and stops where the job fails', async () => {
    const { kubeconfigPath } = await sandbox();
    const line = 'leader-run --lock-name report --try --conflict-exit-code 0 -- ';
    const failed = await script(kubeconfigPath, `${line} sh -c 'exit 3'; echo went on`);
    expect([failed.exitCode, failed.stdout]).toEqual([3, '']);
    const piped = await script(
      kubeconfigPath,
      `${line} sh -c 'echo a; exit 3' | cat; echo went on`,
    );
    expect([piped.exitCode, piped.stdout]).toEqual([3, 'a']);
    const holder = start(kubeconfigPath, [
      '--lock-name',
      'report',
      '--',
      'sh',
      '-c',
      'echo up; sleep 60',
    ]);
    await waitFor(holder.stdout, 'up');
    const held = await script(kubeconfigPath, `${line} sh -c 'echo runs'; echo went on`);
    expect([held.exitCode, held.stdout]).toEqual([0, 'went on']);
    holder.kill('SIGTERM');
    await holder;
  });
});

it('a ping behind the job comes only when the job ran and succeeded', async () => {
  const { kubeconfigPath } = await sandbox();
  const run = (job: string) =>
    script(
      kubeconfigPath,
      `leader-run --lock-name nightly --once-per 23h --try -E 0 -- sh -c '${job} && echo "$PING_URL"'`,
    );
  expect((await run('false')).stdout).toBe('');
  expect((await run('true')).stdout).toBe('pinged');
  const done = await run('true');
  expect([done.exitCode, done.stdout]).toEqual([0, '']);
});

it('timeout inside limits the job, and releases the lease', async () => {
  const { kubeconfigPath } = await sandbox();
  const { exitCode } = await script(
    kubeconfigPath,
    'leader-run --lock-name nightly -- timeout 0.2 sleep 60',
  );
  expect(exitCode).toBe(124);
  expect(
    (await script(kubeconfigPath, 'leader-run --lock-name nightly --try -- true')).exitCode,
  ).toBe(0);
});
