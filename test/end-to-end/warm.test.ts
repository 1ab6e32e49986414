/** `--warm`: the command starts at once, and is told when it leads. */
import { expect, it } from 'vitest';
import { leaderRun, readLease, sandbox, start, waitFor } from './rig.ts';

const patienceMs = 60_000;

/** Says that it is up, waits for the line, and says it. */
const waits =
  'echo up; if IFS= read -r line <&"$LEADER_RUN_FD"; then echo "leads $line"; else echo never; exit 3; fi; sleep 30 & wait';

function warm(kubeconfig: string, script: string, flags: readonly string[] = []) {
  return start(kubeconfig, ['--lock-name', 'job', '--warm', ...flags, '--', 'sh', '-c', script]);
}

it('starts on standbys too, and promotes the one that leads', { timeout: patienceMs }, async () => {
  const server = await sandbox();
  const first = warm(server.kubeconfigPath, waits);
  expect(await waitFor(first.stdout, 'leads')).toMatch(
    /^up\nleads LEADER_RUN_FENCING_TOKEN=\d+ LEADER_RUN_LEASE_TRANSITIONS=0 LEADER_RUN_ACQUIRE_TIME=20\S+Z\n/,
  );
  const second = warm(server.kubeconfigPath, waits);
  const leads = waitFor(second.stdout, 'leads');
  expect(await waitFor(second.stdout, 'up')).toBe('up\n');
  first.kill('SIGTERM');
  expect(await leads).toContain('LEASE_TRANSITIONS=1');
  second.kill('SIGTERM');
  await second;
});

it('by its line a command can ask whether it still leads', { timeout: patienceMs }, async () => {
  const { kubeconfigPath } = await sandbox();
  const check = `"${leaderRun}" check`;
  const script = `${check}; echo "before: $?"; read -r line <&4; export $line; ${check}; echo "after: $?"`;
  const { stdout, stderr } = await warm(kubeconfigPath, script);
  expect(stdout).toBe('before: 125\nafter: 0');
  expect(stderr).toContain('a warm command exports the words of its line');
});

it('a standby that is told to stop stops its command', { timeout: patienceMs }, async () => {
  const { kubeconfigPath } = await sandbox();
  const first = warm(kubeconfigPath, waits);
  await waitFor(first.stdout, 'leads');
  const second = warm(kubeconfigPath, `trap 'echo stopped; exit 0' TERM; echo up; sleep 30 & wait`);
  await waitFor(second.stdout, 'up');
  second.kill('SIGTERM');
  const { exitCode, stdout } = await second;
  expect([exitCode, stdout]).toEqual([143, 'up\nstopped']);
});

it('a standby that is told to stop twice asks its command twice', async () => {
  const { kubeconfigPath } = await sandbox();
  const first = warm(kubeconfigPath, waits);
  await waitFor(first.stdout, 'leads');
  const script = `trap 'trap "exit 0" TERM; echo asked' TERM; echo up; while :; do sleep 0.05; done`;
  const second = warm(kubeconfigPath, script, ['--grace-period', 'infinity']);
  await waitFor(second.stdout, 'up');
  const isAsked = waitFor(second.stdout, 'asked');
  second.kill('SIGTERM');
  await isAsked;
  second.kill('SIGTERM');
  expect((await second).exitCode).toBe(143);
});

it('a command that ends before it leads gives its status, and the lease is left to others', async () => {
  const server = await sandbox();
  const { exitCode } = await warm(server.kubeconfigPath, 'exit 7');
  expect(exitCode).toBe(7);
  expect((await readLease(server, 'job'))?.spec.holderIdentity ?? '').toBe('');
});

it('the end of leader-run before a promotion is the end of the command', async () => {
  const { kubeconfigPath } = await sandbox();
  const first = warm(kubeconfigPath, waits);
  await waitFor(first.stdout, 'leads');
  const second = warm(kubeconfigPath, waits);
  await waitFor(second.stdout, 'up');
  second.kill('SIGKILL');
  // Its output ends with the last of its tree.
  expect((await second).stdout).toMatch(/^up(\nnever)?$/);
});

it('--promote-signal is for programs that know signals only; closing the descriptor harms nobody', async () => {
  const { kubeconfigPath } = await sandbox();
  const script = `exec 4<&-; trap 'echo leads; exit 0' USR1; echo up; sleep 30 & wait`;
  const first = warm(kubeconfigPath, waits);
  await waitFor(first.stdout, 'leads');
  const second = warm(kubeconfigPath, script, ['--promote-signal', 'USR1']);
  await waitFor(second.stdout, 'up');
  first.kill('SIGTERM');
  const { exitCode, stdout } = await second;
  expect(stdout).toContain('leads');
  expect(exitCode).toBe(0);
});

it(
  'is not promoted by a leader-run that was stopped until its lease had passed',
  { timeout: patienceMs },
  async () => {
    const server = await sandbox();
    const flags = ['--lease-duration', '4s', '--id', 'first'];
    const first = warm(server.kubeconfigPath, waits, flags);
    await waitFor(first.stdout, 'leads');
    const second = warm(server.kubeconfigPath, waits, ['--lease-duration', '4s']);
    await waitFor(second.stdout, 'up');
    const leads = waitFor(second.stdout, 'leads');
    first.kill('SIGSTOP');
    // The guard kills the promoted command of the stopped one before the other is promoted.
    await leads;
    first.kill('SIGCONT');
    expect((await first).exitCode).toBe(75);
    second.kill('SIGTERM');
    await second;
  },
);
