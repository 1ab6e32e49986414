/** /opt/leader-run in images. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readLease, sandbox, waitFor } from '../end-to-end/rig.ts';
import { arm64, busybox, images, nothing, ownShell, workerOf } from './images.ts';
import { startIn, untilNothingRunsIn } from './start-in.ts';

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot).each(Object.entries(images))('in an image with %s', (_, image) => {
  it('leads, ends on TERM with the status of the command, and leaves nothing', async ({ skip }) => {
    if (image.missing !== undefined) skip(image.missing);
    const { kubeconfigPath, ...api } = await sandbox();
    const words = ['--lock-name', 'x', '--', ...(image.command ?? workerOf(ownShell))];
    const { child, root, leaderRunPid } = startIn(image, kubeconfigPath, words);

    await waitFor(child.stdout, 'leads');
    process.kill(leaderRunPid(), 'SIGTERM');
    const { exitCode, stderr } = await child;

    expect([exitCode, stderr]).toEqual([7, expect.stringContaining('Leading lease "default/x"')]);
    // It could do all that it can do anywhere: with koffi, /proc, the clock and the guard.
    const complaints = stderr.match(/(Cannot|There is no|Without)[^:]*/g) ?? [];
    expect(complaints).toEqual(image.complaints ?? []);
    expect((await readLease(api, 'x'))?.spec.holderIdentity).toBe('');
    await untilNothingRunsIn(root);
  });

  it('is killed, and the guard kills the command', async ({ skip }) => {
    if (image.missing !== undefined) skip(image.missing);
    const { kubeconfigPath } = await sandbox();
    const words = ['--lock-name', 'x', '-q', '--', ...(image.command ?? workerOf(ownShell))];
    const { child, root, leaderRunPid } = startIn(image, kubeconfigPath, words);

    await waitFor(child.stdout, 'leads');
    process.kill(leaderRunPid(), 'SIGKILL');

    await untilNothingRunsIn(root);
  });
});

it.skipIf(!isRoot)('on arm64 koffi calls the system', async ({ skip }) => {
  if (arm64.missing !== undefined) skip(arm64.missing);
  const { kubeconfigPath } = await sandbox();
  const libexec = '/opt/leader-run/libexec';
  const script = `const library = require('/opt/leader-run/dist/koffi-linux-arm64').load(null);
    console.log(process.arch, library.func('int getpid()')() === process.pid)`;
  const words = ['--library-path', libexec, `${libexec}/node`, '-e', script];
  const { child } = startIn(arm64, kubeconfigPath, words, `${libexec}/ld.so`);
  expect((await child).stdout).toBe('arm64 true');
});

it.skipIf(!isRoot)('hands the environment on as it is, where there is no env(1)', async () => {
  const { kubeconfigPath } = await sandbox();
  const words = ['--lock-name', 'x', '-q', '--', '/opt/leader-run/libexec/busybox', 'env'];
  const image = { fill: nothing, variables: { 'a.b': 'c', IFS: 'x' } };
  const { child } = startIn(image, kubeconfigPath, words);
  const { stdout, stderr } = await child;
  expect(stderr).toBe('');
  const names = stdout.split('\n').map((line) => line.split('=')[0]);
  expect(names.filter((name) => name?.startsWith('LEADER_RUN_') !== true).sort()).toEqual(
    ['IFS', 'KUBECONFIG', 'PATH', 'a.b'].sort(),
  );
  expect(stdout).not.toContain('LAUNCHER');
});

it.skipIf(!isRoot)('has no process that "pkill -f leader-run" finds but its own', async () => {
  const { kubeconfigPath } = await sandbox();
  const words = ['--lock-name', 'x', '-q', '--', '/bin/sh', '-c', 'echo leads; sleep 60'];
  const { child, leaderRunPid } = startIn({ fill: busybox }, kubeconfigPath, words);
  await waitFor(child.stdout, 'leads');
  const pid = leaderRunPid();
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  const lines = children.map((each) => readFileSync(`/proc/${each}/cmdline`, 'latin1'));
  expect(lines.find((line) => line.includes('eval'))).toBe('sh\0-c\0eval "$script"\0');
  expect(lines.filter((line) => line.includes('leader-run'))).toEqual([]);
});
