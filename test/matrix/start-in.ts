/** Starts leader-run in a root file system. Needs root, for chroot and mounts. */
import { execa } from 'execa';
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { announceForeign, foreignNamespace } from './foreign.ts';
import type { Image } from './images.ts';

/** Starts leader-run there, or another program of it; the pid is its own. */
export function startIn(
  image: Image,
  kubeconfig: string,
  words: readonly string[],
  program = '/opt/leader-run/bin/leader-run',
) {
  const root = temporaryFolder();
  chmodSync(root, 0o755);
  for (const name of ['dev', 'proc', 'tmp', 'opt/leader-run'])
    mkdirSync(join(root, name), { recursive: true });
  image.fill(root);
  copyFileSync(kubeconfig, join(root, 'kubeconfig'));
  chmodSync(join(root, 'kubeconfig'), 0o644);
  const script = `set -e; root=$1 folder=$2; shift 2
mount --make-rprivate /
${image.isForeign ? announceForeign : ':'}
mount --bind "$root" "$root"
mount --bind "$folder" "$root/opt/leader-run"
mount --rbind /dev "$root/dev"
${image.isPid1 ? 'mount -t proc proc' : 'mount --rbind /proc'} "$root/proc"
${image.mounts ?? ':'}
exec "$@"`;
  const unshare = [
    '--mount',
    ...(image.isPid1 ? ['--pid', '--fork', '--kill-child'] : []),
    ...(image.isForeign ? foreignNamespace : []),
  ];
  const folder = inject('folders')[image.isForeign ? 'arm64' : process.arch] ?? '';
  const { PATH = '' } = process.env;
  const variables = Object.entries({ PATH, KUBECONFIG: '/kubeconfig', ...image.variables });
  // Not through the sh above, which has variables of its own.
  const env = ['env', '-i', ...variables.map(([name, value]) => `${name}=${value}`)];
  const user = image.user === undefined ? [] : [`--userspec=${image.user}:${image.user}`];
  const chroot = [...env, 'chroot', ...user, root];
  const child = execa(
    'unshare',
    [...unshare, 'sh', '-c', script, 'sh', root, folder, ...chroot, program, ...words],
    { reject: false },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const { pid = 0 } = child;
  const leaderRunPid = () =>
    image.isPid1 ? Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) : pid;
  return { child, root, leaderRunPid };
}

/** Waits for the last to end: the guard is killed, and not waited for. */
export async function untilNothingRunsIn(root: string): Promise<void> {
  await expect.poll(() => processesIn(root), { timeout: 60_000 }).toEqual([]);
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
