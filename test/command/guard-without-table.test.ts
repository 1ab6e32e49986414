/** The guard where /proc shows nothing of ours: there is none, or it is that of another pid namespace. */
import { afterAll, describe, expect, test } from 'vitest';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { bootNowMs, toCentiseconds } from '../../src/process/clock.ts';
import { guardScript } from '../../src/command/guard/guard-script.ts';
import { isAlive } from './fixtures/processes.ts';
import { shells } from './fixtures/shells.ts';

const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
});

async function startGuard(shell: string): Promise<{ guard: ChildProcess; socket: Socket }> {
  const guard = spawn(shell, ['-c', 'eval "$script"'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], ignored: '15', script: guardScript },
  });
  started.push(guard);
  const socket = guard.stdio[3] as Socket;
  // Before it has said that it works it is told nothing.
  await once(socket, 'data');
  return { guard, socket };
}

async function startCommand(): Promise<ChildProcess> {
  const command = spawn('sh', ['-c', 'sleep 60 & echo up; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(command);
  // There are two of the group from now on.
  await once(command.stdout, 'data');
  return command;
}

describe.each(shells)('guard run by %s', (shell) => {
  test('kills the group when leader-run is gone', async () => {
    const { guard, socket } = await startGuard(shell);
    const command = await startCommand();
    const ends = [once(command, 'exit'), once(guard, 'exit')];
    socket.end(`. root=${command.pid} since=- group=${command.pid} marker=${'c'.repeat(40)} .\n`);
    await Promise.all(ends);
    expect(command.signalCode).toBe('SIGKILL');
  });

  test('kills the command alone where the group is not its own', async () => {
    const { guard, socket } = await startGuard(shell);
    const [command, bystander] = [await startCommand(), await startCommand()];
    const ends = [once(command, 'exit'), once(guard, 'exit')];
    socket.end(`. root=${command.pid} since=- group=- marker=${'c'.repeat(40)} .\n`);
    await Promise.all(ends);
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
    for (const { pid } of [command, bystander]) process.kill(-(pid ?? 0), 'SIGKILL');
  });

  test('keeps to the deadline that it was told last', async () => {
    const { guard, socket } = await startGuard(shell);
    const command = await startCommand();
    const ended = Promise.all([once(command, 'exit'), once(guard, 'exit')]);
    const nowMs = bootNowMs();
    socket.write(`. root=${command.pid} since=- group=${command.pid} marker=${'c'.repeat(40)} .\n`);
    for (const afterMs of [300, 600, 900])
      socket.write(`. deadline=${toCentiseconds(nowMs + afterMs)} .\n`);
    await ended;
    expect(bootNowMs() - nowMs).toBeGreaterThan(850);
    socket.destroy();
  });
});
