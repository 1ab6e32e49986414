/** /opt/leader-run in images: root file systems that have nothing else, busybox, or all of this machine. Needs root, for chroot and mounts. */
import { execa } from 'execa';
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { readLease, sandbox, waitFor } from '../end-to-end/rig.ts';

const isRoot = process.getuid?.() === 0;
const folder = inject('folder');
const launcher = '/opt/leader-run/bin/leader-run';
const own = '/opt/leader-run/libexec/sh';

interface Image {
  /** What is in it beside /opt/leader-run. */
  readonly fill: (root: string) => void;
  /** In front of chroot, in a mount namespace of its own. */
  readonly mounts?: string;
  readonly user?: number;
  readonly isPid1?: true;
  readonly variables?: Readonly<Record<string, string>>;
  /** What runs the command. */
  readonly shell?: string;
}

function nothing(): void {
  // Not even a shell.
}

function busybox(root: string): void {
  mkdirSync(join(root, 'bin'));
  copyFileSync(join(folder, 'libexec/busybox'), join(root, 'bin/busybox'));
  for (const name of ['sh', 'sleep', 'env']) symlinkSync('busybox', join(root, 'bin', name));
}

const images: Readonly<Record<string, Image>> = {
  'nothing but the command': { fill: nothing },
  'nothing, as PID 1': { fill: nothing, isPid1: true },
  'nothing, read-only with a tmpfs': {
    fill: nothing,
    mounts: 'mount -o remount,bind,ro "$root"; mount -t tmpfs none "$root/tmp"',
  },
  'nothing, as a user that has no name': { fill: nothing, user: 12_345 },
  'nothing, all of that': {
    fill: nothing,
    mounts: 'mount -o remount,bind,ro "$root"; mount -t tmpfs none "$root/tmp"',
    user: 12_345,
    isPid1: true,
  },
  busybox: { fill: busybox, shell: '/bin/sh' },
  'busybox, as PID 1': { fill: busybox, shell: '/bin/sh', isPid1: true },
  "this machine's": {
    fill: nothing,
    mounts:
      'for each in bin etc lib lib64 usr; do mkdir -p "$root/$each"; mount --rbind "/$each" "$root/$each"; done',
    shell: '/bin/sh',
  },
};

/** Starts leader-run there; the pid is its own. */
function startIn(image: Image, kubeconfig: string, words: readonly string[]) {
  const root = temporaryFolder();
  chmodSync(root, 0o755);
  for (const name of ['dev', 'proc', 'tmp', 'opt/leader-run'])
    mkdirSync(join(root, name), { recursive: true });
  image.fill(root);
  copyFileSync(kubeconfig, join(root, 'kubeconfig'));
  chmodSync(join(root, 'kubeconfig'), 0o644);
  const script = `set -e; root=$1 folder=$2; shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind "$folder" "$root/opt/leader-run"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
${image.mounts ?? ':'}
exec "$@"`;
  const { user = 0 } = image;
  const unshare = ['--mount', ...(image.isPid1 ? ['--pid', '--fork', '--kill-child'] : [])];
  const { PATH = '' } = process.env;
  const variables = Object.entries({ PATH, KUBECONFIG: '/kubeconfig', ...image.variables });
  // Not through the sh above, which has variables of its own.
  const env = ['env', '-i', ...variables.map(([name, value]) => `${name}=${value}`)];
  const chroot = [...env, 'chroot', `--userspec=${user}:${user}`, root];
  const child = execa(
    'unshare',
    [...unshare, 'sh', '-c', script, 'sh', root, folder, ...chroot, launcher, ...words],
    { reject: false },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const { pid = 0 } = child;
  const leaderRunPid = () =>
    image.isPid1 ? Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) : pid;
  return { child, root, leaderRunPid };
}

/** The processes that see this folder as their root. */
function processesIn(root: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/root`) === root;
    } catch {
      return false;
    }
  });
}

describe.skipIf(!isRoot).each(Object.entries(images))('in an image with %s', (_, image) => {
  it('leads, ends on TERM with the status of the command, and leaves nothing', async () => {
    const { kubeconfigPath, ...api } = await sandbox();
    const shell = image.shell ?? own;
    const command = "trap 'exit 7' TERM; echo leads; while :; do sleep 1 & wait; done";
    const words = ['--lock-name', 'x', '--', shell, '-c', command];
    const { child, root, leaderRunPid } = startIn(image, kubeconfigPath, words);

    await waitFor(child.stdout, 'leads');
    process.kill(leaderRunPid(), 'SIGTERM');
    const { exitCode, stderr } = await child;

    expect([exitCode, stderr]).toEqual([7, expect.stringContaining('Leading lease "default/x"')]);
    // It could do all that it can do anywhere: with koffi, /proc, the clock and the guard.
    expect(stderr).not.toMatch(/Cannot|There is no|Without/);
    expect((await readLease(api, 'x'))?.spec.holderIdentity).toBe('');
    // The guard is killed last, and not waited for.
    await expect.poll(() => processesIn(root)).toEqual([]);
  });
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
