/** `leader-run status` and `leader-run check`, as a person and a script start them. */
import { expect, test } from 'vitest';
import { openTerminal } from '../fixtures/pty.ts';
import { callApi, leaderRun, sandbox, scriptedServer, start, waitFor } from './rig.ts';

async function status(kubeconfig: string, args: readonly string[], env = {}) {
  const { exitCode, stdout, stderr } = await start(kubeconfig, ['status', ...args], env);
  return { exitCode, stdout, stderr };
}

test('status: who leads, by exit status too', async () => {
  const { kubeconfigPath } = await sandbox();
  const none = await status(kubeconfigPath, ['x']);
  expect(none).toMatchObject({ exitCode: 1, stderr: '' });
  expect(none.stdout).toContain('default/x  (no such lease)');

  const leader = start(kubeconfigPath, ['--lock-name', 'x', '--id', 'me', '--', 'cat'], {
    LEADER_RUN_LOG_LEVEL: 'debug',
  });
  await waitFor(leader.all, 'Started command');
  const held = await status(kubeconfigPath, ['default/x', '-o', 'json']);
  expect(held.exitCode).toBe(0);
  expect(JSON.parse(held.stdout)).toMatchObject({ lock: 'default/x', leads: true, holder: 'me' });
  const all = await status(kubeconfigPath, ['-A']);
  expect(all.exitCode).toBe(0);
  expect(all.stdout).not.toContain('\u001b');
  expect(await status(kubeconfigPath, [], { LEADER_RUN_LOCK_NAME: 'y' })).toMatchObject({
    exitCode: 1,
  });
});

test('status --watch in a terminal goes on until Ctrl-C', async () => {
  const { kubeconfigPath } = await sandbox();
  const terminal = openTerminal(leaderRun, ['status', 'x', '--watch'], {
    KUBECONFIG: kubeconfigPath,
  });
  await terminal.screen.until(/no such lease/);
  await terminal.screen.until(/no such lease/);
  terminal.type('\u0003');
  expect(await terminal.ended).toBe(130);
});

test('status: a lease that someone wrote by hand', async () => {
  const api = await sandbox();
  await callApi(api, 'POST', '', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'odd', annotations: { 'leader-run/pod': 'rubbish' } },
  });
  const { exitCode, stdout } = await status(api.kubeconfigPath, ['odd', '-o', 'wide']);
  expect(exitCode).toBe(1);
  expect(stdout.split('\n')[1]).toMatch(/^default\/odd +- +- +- +- +-/);
});

test('status: a server that does not answer as one is a failure, 125', async () => {
  const { kubeconfig } = await scriptedServer((_, response) => response.end('hello'));
  const { exitCode, stderr } = await status(kubeconfig, ['x']);
  expect(exitCode).toBe(125);
  expect(stderr).toBe('leader-run: Cannot read lease "default/x": the answer is not a JSON object');
});

test.each([
  [['a', 'b'], 'takes one lock at most'],
  [['a/B'], 'Cannot use lock "a/B": not a valid RFC 1123 subdomain'],
  [['x', '-A'], 'Cannot combine --all-namespaces and a lock'],
  [['-o', 'yaml'], 'it must be table, wide or json'],
  [['--lease-duration', '3s'], 'unknown option'],
])('status %j is refused', async (args, message) => {
  const { exitCode, stderr } = await status('/nonexistent', args);
  expect(stderr).toContain(message);
  expect(exitCode).toBe(125);
});

test('check: 0 while the command leads, 1 once another holds the lease, 125 elsewhere', async () => {
  const api = await sandbox();
  // Each line on stdin asks again.
  const script = `while read -r _; do "${leaderRun}" check 2>/dev/null; echo "check $?"; done`;
  const leader = start(api.kubeconfigPath, ['--lock-name', 'x', '--', 'sh', '-c', script]);
  leader.stdin.write('\n');
  await waitFor(leader.stdout, 'check 0');
  const [edited] = await Promise.all([
    callApi(api, 'PATCH', '/x', { spec: { holderIdentity: 'other' } }),
    // It is being stopped already, and may not live long enough to ask.
    waitFor(leader.all, 'is held by "other" now'),
  ]);
  expect(edited.status).toBe(200);
  const outside = await start(api.kubeconfigPath, ['check']);
  expect(outside.exitCode).toBe(125);
  expect(outside.stderr).toContain('this is not the command of a leader-run');
  const inside = await start(api.kubeconfigPath, ['check'], {
    LEADER_RUN_LOCK: 'default/x',
    LEADER_RUN_IDENTITY: 'me',
    LEADER_RUN_ACQUIRE_TIME: '2026-01-01T00:00:00.000000Z',
    LEADER_RUN_RENEW_DEADLINE_SECONDS: '10',
  });
  expect(inside.exitCode).toBe(1);
  expect(inside.stderr).toContain('Not leading lease "default/x"');
});
