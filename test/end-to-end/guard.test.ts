/** What becomes of the command when leader-run is gone or stopped. */
import { writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bootNowMs } from '../../src/process/clock.ts';
import { guardsOf } from '../command/fixtures/guards.ts';
import { isAlive, lastSeenAlive, processesWith, until } from '../command/fixtures/processes.ts';
import { bigTree, createMark, grown } from '../command/fixtures/tree.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { type Family, createFamily } from './family.ts';
import {
  type Started,
  bundle,
  leaderRun,
  readLease,
  sandbox,
  start,
  startBy,
  waitFor,
} from './rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const lock = ['--lock-name', 'x'];
const firstRealTimeSignal = 34;
const size = 30;
/** The shortest lease that leaves room for everything. */
const short = ['--lease-duration', '4s', '--renew-deadline', '2s', '--retry-period', '1s'];
/** From the sending of a renewal until the tree is dead at the latest: L less 1 %, less the margin. */
const killAfterMs = 4_000 * 0.99 - 1_000;
const toleranceMs = 100;

/**
 * Eight workers, each with a child every 20 ms that only its parent shows. When the leader of their session dies, the
 * kernel continues a worker that was stopped.
 */
const workers = `
  use POSIX;
  for (1 .. 8) {
    next if fork;
    setpgid 0, 0;
    for (1 .. 100) {
      select undef, undef, undef, 0.02;
      if (!fork) { setsid; exec 'env', '-i', '/bin/sleep', $ARGV[0] }
    }
    sleep 60;
  }
  sleep 60`;

describe('SIGKILL of leader-run', () => {
  it('G2, G3: leaves nothing of a tree of 30 that ignores TERM, and nothing releases the lease', async () => {
    const api = await sandbox();
    const family = createFamily();
    const mark = createMark();
    const leader = start(api.kubeconfigPath, [...lock, '--', ...bigTree(mark, size)], family.env);
    const pids = await grown(mark, size);
    const { pid = 0 } = leader;
    await until('all are found', () => {
      const members = family.members();
      return [pid, ...guardsOf(pid), ...pids].every((each) => members.includes(each));
    });
    const before = await readLease(api, 'x');

    leader.kill('SIGKILL');
    await family.extinct();

    const after = await readLease(api, 'x');
    expect(before?.spec.holderIdentity).toMatch(/./);
    // A renewal that was under way may have arrived.
    expect({ ...after?.spec, renewTime: '' }).toEqual({ ...before?.spec, renewTime: '' });
  });

  it('G2: leaves nothing of workers in groups of their own, who fork all the time', async () => {
    const api = await sandbox();
    const mark = createMark();
    onTestFinished(() => {
      for (const pid of processesWith(mark)) process.kill(pid, 'SIGKILL');
    });
    const leader = start(api.kubeconfigPath, [...lock, '--', 'perl', '-e', workers, mark]);
    await until('they have forked', () => processesWith(mark).length > 60);

    leader.kill('SIGKILL');

    await until('nothing lives', () => processesWith(mark).length === 0);
    // One that was being forked would be seen now.
    await leader;
    expect(processesWith(mark)).toEqual([]);
  });
});

describe('a signal that tells of a fault, or that Node knows no listener for', () => {
  it.each(['SIGILL', 'SIGSEGV', firstRealTimeSignal])(
    'G2: %s ends leader-run, the guard ends the tree, and nothing releases the lease',
    async (signal) => {
      const api = await sandbox();
      const family = createFamily();
      const withoutCore = ['sh', '-c', 'ulimit -c 0; exec "$@"', 'sh', leaderRun] as const;
      const command = ['sh', '-c', "trap '' TERM; echo up; sleep 600 & sleep 600; sleep 600"];
      const leader = startBy(
        withoutCore,
        api.kubeconfigPath,
        [...lock, '--', ...command],
        family.env,
      );
      await waitFor(leader.stdout, 'up');

      process.kill(leader.pid ?? 0, signal);
      await family.extinct();

      expect((await readLease(api, 'x'))?.spec.holderIdentity).toMatch(/./);
    },
  );
});

/** A leader-run that can be made to do nothing for a while, and to go on. */
interface Stallable {
  readonly leader: Started;
  readonly stall: () => void;
  readonly goOn: () => void;
}

function stopped(kubeconfig: string, args: readonly string[], env: Family['env']): Stallable {
  const leader = start(kubeconfig, args, env);
  return {
    leader,
    stall: () => leader.kill('SIGSTOP'),
    goOn: () => leader.kill('SIGCONT'),
  };
}

/** Code that the test brings along keeps the event loop busy as long as a certain file exists. */
function blocked(kubeconfig: string, args: readonly string[], env: Family['env']): Stallable {
  const file = join(temporaryFolder(), 'blocked');
  const code = `
    import { existsSync } from 'node:fs';
    setInterval(() => { while (existsSync(${JSON.stringify(file)})); }, 5).unref();`;
  const injection = `data:text/javascript,${encodeURIComponent(code)}`;
  const program = [process.execPath, '--import', injection, bundle] as const;
  const leader = startBy(program, kubeconfig, args, env);
  return { leader, stall: () => writeFileSync(file, ''), goOn: () => rmSync(file) };
}

describe.each([
  ['stopped by SIGSTOP', stopped],
  ['kept busy by an endless loop', blocked],
])('a leader-run that is %s', (_, begin) => {
  it('G1, G2: its tree is dead at the deadline, the next command starts after that, and it owns up', async () => {
    const api = await sandbox();
    const mark = createMark();
    const args = [...lock, ...short, '--id', 'first', '--', ...bigTree(mark, size)];
    const { leader, stall, goOn } = begin(api.kubeconfigPath, args, createFamily().env);
    const pids = await grown(mark, size);
    const next = start(api.kubeconfigPath, [
      ...lock,
      ...short,
      '--',
      'cut',
      '-f1',
      '-d ',
      '/proc/uptime',
    ]);
    await waitFor(next.stderr, 'Waiting for lease');

    stall();
    const aliveAtMs = await lastSeenAlive(pids);

    expect(aliveAtMs).toBeLessThan(renewedAtMs(api, 'first') + killAfterMs + toleranceMs);
    const { stdout, exitCode } = await next;
    expect(exitCode).toBe(0);
    expect(Number(stdout) * 1_000).toBeGreaterThan(aliveAtMs);
    expect(pids.some(isAlive)).toBe(false);
    goOn();
    const late = await leader;
    expect(late.exitCode).toBe(75);
    expect(late.stderr).toMatch(/past its lease/);
  });
});

/** When the last renewal of this holder was sent, on the boot clock. */
function renewedAtMs({ store }: Sandbox, holder: string): number {
  const writes = store.eventsAfter(store.oldestRevision) ?? [];
  const last = writes.findLast(({ object }) => object.spec['holderIdentity'] === holder);
  const sinceThenMs = Date.now() - Date.parse(last?.object.spec['renewTime'] as string);
  return bootNowMs() - sinceThenMs;
}
