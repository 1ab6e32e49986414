/** Root file systems for /opt/leader-run: what is in each of them beside it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { whyNoForeign } from './foreign.ts';

export interface Image {
  readonly fill: (root: string) => void;
  /** In front of chroot, in a mount namespace of its own. */
  readonly mounts?: string;
  readonly user?: number;
  readonly isPid1?: true;
  /** Its programs are for arm64. */
  readonly isForeign?: true;
  readonly variables?: Readonly<Record<string, string>>;
  /** Says "leads" and waits, and exits with 7 on TERM. */
  readonly command?: readonly string[];
  /** What leader-run says that it cannot do there. */
  readonly complaints?: readonly string[];
  /** Why there is no such image on this machine. */
  readonly missing?: string | undefined;
}

const folder = inject('folder');
const debian = inject('debian');

export const ownShell = '/opt/leader-run/libexec/sh';

export function workerOf(shell: string): string[] {
  return [...[shell, '-c'], "trap 'exit 7' TERM; echo leads; while :; do sleep 1 & wait; done"];
}

export function nothing(): void {
  // Not even a shell.
}

export function busybox(root: string): void {
  mkdirSync(join(root, 'bin'));
  copyFileSync(join(folder, 'libexec/busybox'), join(root, 'bin/busybox'));
  for (const name of ['sh', 'sleep', 'env']) symlinkSync('busybox', join(root, 'bin', name));
}

/** busybox, musl's loader, which is its C library, too, and a command that is linked with it. */
function musl(root: string): void {
  busybox(root);
  const [source, program] = [join(root, 'worker.c'), join(root, 'bin/worker')];
  const text = `
    #include <signal.h>
    #include <stdio.h>
    #include <unistd.h>
    static void end(int signal) { _exit(7); }
    int main(void) { signal(SIGTERM, end); puts("leads"); fflush(stdout); for (;;) pause(); }`;
  writeFileSync(source, text);
  execFileSync('musl-gcc', ['-o', program, source]);
  const [loader] = /\/lib\/ld-musl-[\w.-]+/.exec(readFileSync(program, 'latin1')) ?? [];
  if (loader === undefined) throw new Error('musl-gcc has made a program without a loader');
  mkdirSync(join(root, 'lib'));
  copyFileSync(loader, join(root, loader));
}

const hasMusl = spawnSync('musl-gcc', ['--version']).status === 0;

function copyOfDebian(root: string): void {
  if ('root' in debian) execFileSync('cp', ['-a', `${debian.root}/.`, root]);
}

const readOnly = 'mount -o remount,bind,ro "$root"; mount -t tmpfs none "$root/tmp"';

export const arm64: Image = {
  fill: nothing,
  isForeign: true,
  // qemu-user refuses PR_SET_CHILD_SUBREAPER, which every kernel grants.
  complaints: ['Cannot keep orphans together on this machine'],
  missing: whyNoForeign(),
};

export const images: Readonly<Record<string, Image>> = {
  'nothing but the command': { fill: nothing },
  'nothing, as PID 1': { fill: nothing, isPid1: true },
  'nothing, read-only with a tmpfs': { fill: nothing, mounts: readOnly },
  'nothing, as a user that has no name': { fill: nothing, user: 12_345 },
  'nothing, all of that': { fill: nothing, mounts: readOnly, user: 12_345, isPid1: true },
  busybox: { fill: busybox, command: workerOf('/bin/sh') },
  'busybox, as PID 1': { fill: busybox, command: workerOf('/bin/sh'), isPid1: true },
  'musl, which the command is linked with': {
    ...{ fill: musl, command: ['/bin/worker'] },
    missing: hasMusl ? undefined : 'there is no musl-gcc (musl-tools)',
  },
  'a Debian': {
    ...{ fill: copyOfDebian, command: workerOf('/bin/sh') },
    missing: 'missing' in debian ? debian.missing : undefined,
  },
  "this machine's": {
    fill: nothing,
    mounts:
      'for each in bin etc lib lib64 usr; do mkdir -p "$root/$each"; mount --rbind "/$each" "$root/$each"; done',
    command: workerOf('/bin/sh'),
  },
  'nothing, for arm64, run by qemu': arm64,
};
