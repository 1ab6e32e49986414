/** The order of a voluntary stop: the lease is renewed until the tree is dead, and released after that. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import {
  childrenOf,
  isAlive,
  parentOf,
  processesWith,
  readText,
  stateOf,
  until,
} from '../command/fixtures/processes.ts';
import { createMark } from '../command/fixtures/tree.ts';
import { createCommand } from '../fixtures/pty.ts';
import { createFamily } from './family.ts';
import { bundle, leaderRun, sandbox, start, startBy, waitFor } from './rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const lock = ['--lock-name', 'x'];
const short = ['--lease-duration', '4s', '--renew-deadline', '2s', '--retry-period', '1s'];

interface Write {
  readonly isRelease: boolean;
  readonly found: boolean;
}

/** Every write of the Lease from now on, and what was the case when the server took it. */
function writesOf({ store }: Sandbox, isTheCase: () => boolean): readonly Write[] {
  const writes: Write[] = [];
  store.subscribe(({ object }) =>
    writes.push({ isRelease: object.spec['holderIdentity'] === '', found: isTheCase() }),
  );
  return writes;
}

/** Renewals while it was the case, then the one release when it was not. */
function expectReleasedAfter(writes: readonly Write[], leastRenewals: number): void {
  const renewals = writes.filter(({ isRelease, found }) => !isRelease && found);
  expect(renewals.length).toBeGreaterThanOrEqual(leastRenewals);
  expect(writes.filter(({ isRelease }) => isRelease)).toEqual([{ isRelease: true, found: false }]);
  expect(writes.at(-1)?.isRelease).toBe(true);
}

describe('a command that ignores TERM', () => {
  it('G3: is killed after the grace; the lease is renewed until it is dead, and then released', async () => {
    const api = await sandbox();
    const command = await createCommand(['SIGTERM']);
    const flags = [...lock, ...short, '--grace-period', '3s'];
    const leader = start(api.kubeconfigPath, [...flags, '--', ...command.words]);
    const { says, pid } = await command.started;
    const writes = writesOf(api, () => isAlive(pid));
    const beganMs = performance.now();
    leader.kill('SIGTERM');
    await says.until(/got SIGTERM 1/);

    const { exitCode } = await leader;

    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(3_000);
    expect(exitCode).toBe(137);
    expectReleasedAfter(writes, 2);
  });
});

/** As root, and not in most containers. */
const mayEnterNamespaces = [
  ['unshare', '--pid', '--fork', 'true'],
  ['nsenter', '--pid', '--target', String(process.pid), 'true'],
].every(([file = '', ...words]) => spawnSync(file, words).status === 0);

describe.runIf(mayEnterNamespaces)('a daemon that the command has started by nsenter', () => {
  it('G3: is killed too, though the init of another pid namespace adopts it, and then the lease is released', async () => {
    const api = await sandbox();
    const mark = createMark();
    const other = spawn('unshare', ['--pid', '--fork', '--kill-child', 'sleep', '1000']);
    onTestFinished(() => void other.kill('SIGKILL'));
    const init = await until('it has an init', () => childrenOf(other.pid ?? 0)[0] ?? false);
    const enter = ['nsenter', '--pid', '--target', String(init), 'sh', '-c'];
    const daemon = `trap "" TERM; exec sleep ${mark}`;
    const words = [...enter, `setsid sh -c '${daemon}' & wait`];
    const leader = start(api.kubeconfigPath, [...lock, '--grace-period', '1s', '--', ...words]);
    const pid = await until('it ignores TERM', () => {
      const found = processesWith(mark);
      return found.find((each) => readText(`/proc/${each}/comm`) === 'sleep\n') ?? false;
    });
    const writes = writesOf(api, () => isAlive(pid));

    leader.kill('SIGTERM');
    await until('it is adopted', () => parentOf(pid) === init);

    expect((await leader).exitCode).toBe(143);
    expectReleasedAfter(writes, 0);
  });
});

/** perl comes with every Debian; nothing else that is found everywhere can end a single thread. */
const hasThreads = spawnSync('perl', ['-e', 'use threads']).status === 0;
const exitOfOneThread = new Map([
  ['x64', 60],
  ['arm64', 93],
]).get(process.arch);

/** Prints its pid, ends its main thread, and ignores TERM in the other. */
const twoThreads = `
  use threads;
  $SIG{TERM} = "IGNORE";
  $| = 1;
  threads->create(sub { sleep 1 while 1 });
  print "$$\\n";
  syscall(${exitOfOneThread}, 0);`;

function isActive(pid: number): boolean {
  return existsSync(`/proc/${pid}/task`) && threadsOf(pid) > 1;
}

describe.runIf(hasThreads && exitOfOneThread !== undefined)(
  'a process whose main thread has ended',
  () => {
    it.each([
      ['in its place', ''],
      ['orphaned, in a session of its own', 'setsid '],
    ])(
      'G3: lives on in its other thread, %s, and is killed before the lease is released',
      async (_, prefix) => {
        const api = await sandbox();
        const flags = [...lock, ...short, '--grace-period', '2s'];
        const script = `(${prefix}perl -e '${twoThreads}' &) ; read line; exit 5`;
        const leader = start(api.kubeconfigPath, [...flags, '--', 'sh', '-c', script]);
        const pid = Number(await waitFor(leader.stdout, '\n'));
        await until('its main thread has ended', () => stateOf(pid) === 'Z');
        const writes = writesOf(api, () => isActive(pid));

        leader.stdin.end('\n');

        expect((await leader).exitCode).toBe(5);
        expectReleasedAfter(writes, 1);
      },
    );

    it('G2: is found by the guard, orphaned and in a session of its own', async () => {
      const { kubeconfigPath } = await sandbox();
      const script = `(setsid perl -e '${twoThreads}' &) ; read line`;
      const leader = start(kubeconfigPath, [...lock, '--', 'sh', '-c', script]);
      const pid = Number(await waitFor(leader.stdout, '\n'));
      await until('its main thread has ended', () => stateOf(pid) === 'Z');
      leader.kill('SIGKILL');
      await until('it has ended', () => !isActive(pid));
    });
  },
);

const isRoot = process.getuid?.() === 0;

describe.runIf(isRoot)('a process of the tree that may not be signalled', () => {
  it('G3: counts as alive: the lease is renewed as long as it lives, and then released', async () => {
    const api = await sandbox();
    const folder = sharedFolder();
    // Ends the survivor should the test fail.
    const family = createFamily();
    const becomeRoot = setUidCopy('setpriv', folder);
    const survivor = `${becomeRoot} --reuid=0 --regid=0 --clear-groups sh -c 'echo $$; exec sleep 1000' &`;
    const args = [...lock, ...short, '--grace-period', '1s', '--', 'sh', '-c'];
    const leader = startBy(
      ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', installIn(folder)],
      readableCopy(api.kubeconfigPath, folder),
      [...args, `${survivor} read line; exit 5`],
      family.env,
    );
    const pid = Number(await waitFor(leader.stdout, '\n'));
    const writes = writesOf(api, () => isAlive(pid));

    leader.stdin.end('\n');
    await waitFor(leader.stderr, 'Killing the remaining');
    const before = writes.length;
    // Three renewals after SIGKILL was in vain.
    await until('it was renewed', () => writes.length >= before + 3);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');

    expect((await leader).exitCode).toBe(5);
    expectReleasedAfter(writes, 3);
  });
});

const canLimit = spawnSync('prlimit', ['--version']).status === 0;

describe.runIf(canLimit)('a leader-run that can open no file any more', () => {
  it('G3: does not take a tree for gone that it cannot see, and goes on when it can', async () => {
    const api = await sandbox();
    const script = `trap '' TERM; setsid sleep 1000 & echo $!; trap - TERM; exec sleep 1000`;
    const flags = [...lock, ...short, '--grace-period', '1s'];
    const leader = start(api.kubeconfigPath, [...flags, '--', 'sh', '-c', script]);
    const pid = Number(await waitFor(leader.stdout, '\n'));
    const writes = writesOf(api, () => isAlive(pid));
    const limit = (soft: number) =>
      execFileSync('prlimit', ['--pid', String(leader.pid), `--nofile=${soft}:`]);
    limit(3);

    leader.kill('SIGTERM');
    await waitFor(leader.stderr, 'was killed by SIGTERM');
    const before = writes.length;
    await until('it was renewed', () => writes.length >= before + 2);
    expect(isAlive(pid)).toBe(true);
    limit(1_000);

    expect((await leader).exitCode).toBe(143);
    expectReleasedAfter(writes, 2);
  });
});

/** A folder that everyone may read. */
function sharedFolder(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  return folder;
}

/** leader-run where everybody may run it, which the checkout may not be. */
function installIn(folder: string): string {
  cpSync(leaderRun, join(folder, 'bin/leader-run'));
  cpSync(dirname(bundle), join(folder, 'dist'), { recursive: true });
  return join(folder, 'bin/leader-run');
}

function readableCopy(path: string, folder: string): string {
  const copy = join(folder, 'kubeconfig');
  copyFileSync(path, copy);
  chmodSync(copy, 0o644);
  return copy;
}

/** A program that runs as root whoever starts it. */
function setUidCopy(name: string, folder: string): string {
  const copy = join(folder, name);
  copyFileSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), copy);
  chmodSync(copy, 0o4755);
  return copy;
}

function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}
