/** `leader-run transfer`, between running candidates. */
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { callApi, leaderRun, readLease, sandbox, start, waitFor } from './rig.ts';

const patienceMs = 60_000;

function candidate(kubeconfig: string, id: string, flags: readonly string[] = []) {
  const args = ['--lock-name', 'job', '--id', id, ...flags];
  return start(kubeconfig, [...args, '--', 'sh', '-c', 'echo runs; exec sleep 60']);
}

function transfer(kubeconfig: string, ...args: string[]) {
  const env = { KUBECONFIG: kubeconfig };
  return execa(leaderRun, ['transfer', 'job', ...args], { reject: false, all: true, env });
}

it(
  'hands the lease to the one that is named, past others that wait',
  { timeout: patienceMs },
  async () => {
    const { kubeconfigPath } = await sandbox();
    const first = candidate(kubeconfigPath, 'first');
    await waitFor(first.stdout, 'runs');
    const others = ['a', 'b', 'web-1_7f', 'c'].map((id) => candidate(kubeconfigPath, id));
    await Promise.all(others.map((other) => waitFor(other.stderr, 'Waiting for')));
    const said = waitFor(first.stderr, 'asked to transfer');
    const { exitCode, stdout } = await transfer(kubeconfigPath, '--to', 'web-1');
    expect([exitCode, stdout]).toEqual([0, 'Transferred lease "default/job": "web-1_7f" leads']);
    expect(await said).toContain('to "web-1"');
    // As by TERM.
    expect((await first).exitCode).toBe(143);
  },
);

it('says who leads when the one that is named does not come', { timeout: patienceMs }, async () => {
  const server = await sandbox();
  const { kubeconfigPath } = server;
  const first = candidate(kubeconfigPath, 'first', ['--on-lost', 'rejoin']);
  await waitFor(first.stdout, 'runs');
  const second = candidate(kubeconfigPath, 'second');
  await waitFor(second.stderr, 'Waiting for');
  const { exitCode, stderr } = await transfer(kubeconfigPath, '--to', 'nowhere');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Cannot transfer lease "default/job" to "nowhere": "second" leads now');
  // Neither annotation is left behind.
  const { annotations } = (await readLease(server, 'job'))?.metadata ?? {};
  expect(Object.keys(annotations ?? {}).toSorted()).toEqual([
    'leader-run/lease-duration-seconds',
    'leader-run/term',
  ]);
});

it('gives up on a holder that ignores it, and takes the request back', async () => {
  const server = await sandbox();
  const time = '2026-01-01T12:00:00.000000Z';
  const spec = {
    holderIdentity: 'go',
    leaseDurationSeconds: 15,
    acquireTime: time,
    renewTime: time,
  };
  await callApi(server, 'POST', '', { metadata: { name: 'job' }, spec });
  const { exitCode, stderr } = await transfer(server.kubeconfigPath, '--wait', '100ms');
  expect(exitCode).toBe(124);
  expect(stderr).toContain('"go" did not step down, and is not a leader-run');
  expect((await readLease(server, 'job'))?.metadata.annotations ?? {}).toEqual({});
});

it('refuses what cannot be transferred', async () => {
  const { kubeconfigPath } = await sandbox();
  expect((await transfer(kubeconfigPath)).stderr).toContain('there is no such Lease');
  const { exitCode, stderr } = await transfer(kubeconfigPath, 'another');
  expect([exitCode, stderr]).toEqual([
    125,
    'leader-run: Cannot transfer more than one lease: "another" is one too many',
  ]);
});
