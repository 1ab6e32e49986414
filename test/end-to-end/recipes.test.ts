/** The recipes of docs/scripts-and-cron.md that no other test runs. */
import { chmodSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { readText } from '../docs/files.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { writeFile } from '../fixtures/api/kubeconfig.ts';
import { leaderRun, readLease, sandbox, start, waitFor } from './rig.ts';

/** A script in which `leader-run` is ours. */
function script(kubeconfig: string, text: string, env: Readonly<Record<string, string>> = {}) {
  const definition = `leader-run() { '${leaderRun}' "$@"; }`;
  return execa('bash', ['-c', `set -euo pipefail\n${definition}\n${text}`], {
    reject: false,
    env: { KUBECONFIG: kubeconfig, ...env },
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

it('a ping behind the job comes only when the job ran and succeeded, and does not fail it', async () => {
  const { kubeconfigPath } = await sandbox();
  const [recipe = ''] =
    /^leader-run .*PING_URL.*$/m.exec(readText('docs/scripts-and-cron.md')) ?? [];
  expect(recipe).toContain('./backup.sh');
  const folder = temporaryFolder();
  const curl = writeFile(folder, 'curl', '#!/bin/sh\necho "$*" >&2\nexit 22\n');
  chmodSync(curl, 0o755);
  const env = { PATH: `${folder}:${process.env['PATH']}`, PING_URL: 'https://ping.example/1' };
  const run = (job: string) => script(kubeconfigPath, recipe.replace('./backup.sh', job), env);
  const ping = '-fsS -m 10 -o /dev/null https://ping.example/1';
  const failed = await run('false');
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).not.toContain(ping);
  const ran = await run('echo runs');
  expect([ran.exitCode, ran.stdout]).toEqual([0, 'runs']);
  expect(ran.stderr).toContain(ping);
  const done = await run('echo runs');
  expect([done.exitCode, done.stdout]).toEqual([0, '']);
  expect(done.stderr).not.toContain(ping);
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

describe('two clusters', () => {
  /** What a machine of the second cluster has: that one is its current context. */
  function bothClusters(clusters: Readonly<Record<string, Sandbox>>): string {
    const entries = Object.entries(clusters);
    const config = {
      'current-context': 'second',
      // No credentials are sent without TLS; the sandbox takes its token in the path, too.
      clusters: entries.map(([name, { url, token }]) => ({
        name,
        cluster: { server: `${url}/${token}` },
      })),
      contexts: entries.map(([name]) => ({ name, context: { cluster: name } })),
    };
    return writeFile(temporaryFolder(), 'config', JSON.stringify(config));
  }

  it('share a job by the Lease of one of them', async () => {
    const [first, second] = [await sandbox(), await sandbox()];
    const kubeconfig = bothClusters({ first, second });
    const job = (flags: string) =>
      `leader-run ${flags} --lock-name nightly --once today --try -E 0 -q -- echo runs`;
    const here = script(first.kubeconfigPath, job(''));
    const there = script(kubeconfig, job('--context first'));
    const ends = await Promise.all([here, there]);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(ends.map(({ stdout }) => stdout).toSorted()).toEqual(['', 'runs']);
    expect(await readLease(second, 'nightly')).toBeNull();
    // Without the context it would be another Lease, and the job would run once more.
    const own = await script(kubeconfig, job(''));
    expect([own.exitCode, own.stdout, own.stderr]).toEqual([0, 'runs', '']);
  });

  it('where that one is down, the job runs nowhere, and says so', async () => {
    const [first, second] = [await sandbox(), await sandbox()];
    const kubeconfig = bothClusters({ first, second });
    await first.close();
    const { exitCode, stdout, stderr } = await script(
      kubeconfig,
      'leader-run --context first --lock-name nightly --once today --wait 1s -- echo runs',
    );
    expect([exitCode, stdout]).toEqual([125, '']);
    expect(stderr).toContain('ECONNREFUSED');
  });
});
