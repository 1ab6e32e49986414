/** What the guard asks of a shell, and the members that it is told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { guardScript } from '../../src/command/guard/guard-script.ts';
import { Guard } from '../../src/command/guard/guard.ts';
import { readProcess } from '../../src/process/process-table.ts';
import { asSh, find, shells } from './fixtures/shells.ts';

const fail = () => expect.unreachable('it is not to be called');
const nothing = { timeoutMs: 2_000, onReplaced: fail, onKilled: fail };

test.each([
  ['yash', 'reads nothing behind a NUL byte'],
  ['posh', 'has no builtin "kill"'],
])('%s is refused by its name', async (name, why) => {
  const shell = asSh(name);
  if (shell === null) return;
  const message = await new Promise((resolve) => {
    new Guard({ ...nothing, shell, onArmed: fail, onLost: resolve });
  });
  expect(message).toBe(`the guard, run by ${shell} -> ${name}, ${why}`);
});

test.skipIf(find('dash') === null)('dash is refused where there is no sleep', async () => {
  const guard = spawn(find('dash') ?? '', ['-c', 'eval "$script"'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { PATH: '/nowhere', script: guardScript },
  });
  const [answer] = (await once(guard.stdio[3] as Socket, 'data')) as [Buffer];
  expect(answer.toString()).toBe('cannot: has no "read -t", and "sleep 0.01" does not work\n');
});

async function startDaemon(): Promise<ChildProcess> {
  const child = spawn('/bin/sleep', ['1000'], { detached: true, stdio: 'ignore', env: {} });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child;
}

describe.each(shells)('guard run by %s', (shell) => {
  test('kills the members that it was told last, and no other process of such a number', async () => {
    const [root, before, member, reused] = await Promise.all(
      Array.from({ length: 4 }, startDaemon),
    );
    const known = (child: ChildProcess | undefined) => {
      const pid = child?.pid ?? 0;
      return { pid, startTicks: readProcess(pid)?.startTicks ?? 0 };
    };
    const ended = [root, member].map((child) => once(child ?? expect.unreachable(), 'exit'));
    await new Promise<void>((resolve) => {
      const guard = new Guard({
        ...nothing,
        shell,
        onArmed: () => {
          guard.include([known(before)]);
          guard.include([
            known(member),
            { pid: reused?.pid ?? 0, startTicks: known(reused).startTicks - 1 },
          ]);
          guard.extend(0);
        },
        onKilled: resolve,
        onLost: fail,
      });
      guard.arm({ ...known(root), hasOwnGroup: true, marker: 'c'.repeat(40) });
    });
    await Promise.all(ended);
    expect([before?.signalCode, reused?.signalCode]).toEqual([null, null]);
  });

  test('spares a group of the number that the tree has left', async () => {
    const leader = spawn('/bin/sh', ['-c', 'sleep 1000 >&- & echo $!'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(leader.stdout, 'data')) as [Buffer];
    const member = Number(line);
    onTestFinished(() => void process.kill(member, 'SIGKILL'));
    if (leader.exitCode === null) await once(leader, 'exit');
    await new Promise<void>((resolve) => {
      const guard = new Guard({
        ...nothing,
        shell,
        onArmed: () => {
          guard.include([], false);
          guard.extend(0);
        },
        onKilled: resolve,
        onLost: fail,
      });
      const pid = leader.pid ?? 0;
      guard.arm({ pid, startTicks: 1, hasOwnGroup: true, marker: 'c'.repeat(40) });
    });
    expect(readProcess(member)?.state).toBe('S');
  });
});
