import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { basename, join } from 'node:path';
import { bootNowMs } from '../../src/process/clock.ts';
import { guardScript } from '../../src/command/guard/guard-script.ts';
import { killMarginMs } from '../../src/election/settings.ts';
import {
  childrenOf,
  isAlive,
  lastSeenAlive,
  processesWith,
  readText,
  sessionOf,
  stateOf,
  until,
} from './fixtures/processes.ts';
import { guardsOf } from './fixtures/guards.ts';
import { type Host, type Rig, createRig } from './fixtures/rig.ts';
import { shells } from './fixtures/shells.ts';
import { bigTree, grown } from './fixtures/tree.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

function theGuardOf(host: Host): number {
  const [guard, ...others] = guardsOf(host.pid);
  expect(others).toEqual([]);
  return guard ?? expect.unreachable('no guard');
}

async function startTree(size: number, shell: string, killAfterMs = 60_000) {
  const mark = rig.createMark();
  const host = rig.start(bigTree(mark, size), { shell, guardTimeoutMs: 500 });
  const startedAtMs = await host.go({ killAfterMs });
  const pids = await grown(mark, size);
  return { host, mark, pids, deadlineMs: startedAtMs + killAfterMs };
}

function openIn(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).flatMap((fd) => {
    try {
      return [readlinkSync(join(directory, fd))];
    } catch {
      // The one that listed the directory.
      return [];
    }
  });
}

/** How late after the deadline the tree died: between the last check that found it alive and the first that did not. */
async function lateness(mark: string, pids: readonly number[], deadlineMs: number) {
  const aliveAtMs = await lastSeenAlive(pids);
  const deadAtMs = bootNowMs();
  expect(processesWith(mark)).toEqual([]);
  return { atLeastMs: aliveAtMs - deadlineMs, atMostMs: deadAtMs - deadlineMs };
}

async function dead(mark: string, pids: readonly number[]): Promise<void> {
  await lateness(mark, pids, 0);
}

describe.each(shells)('guard run by %s', (shell) => {
  test('G2: kills a tree that ignores TERM, escaped sessions included, when leader-run is killed', async () => {
    const { host, mark, pids } = await startTree(30, shell);
    host.signal('SIGKILL');
    await dead(mark, pids);
  });

  test('G2: kills the tree at the deadline when leader-run is stopped', async () => {
    const { host, mark, pids, deadlineMs } = await startTree(10, shell, 2_500);
    host.signal('SIGSTOP');
    const late = await lateness(mark, pids, deadlineMs);
    expect(late.atLeastMs).toBeLessThan(killMarginMs);
    expect(late.atMostMs).toBeGreaterThan(-100);
  });

  test('G2: kills a daemon without marks that the command left while leader-run was stopped', async () => {
    const mark = rig.createMark();
    const sign = join(rig.directory, `${mark}.sign`);
    // When the inner shell has ended, nothing leads from the daemon to the command.
    const inner = `until [ -e ${sign} ]; do sleep 0.01; done; env -i setsid sleep "$0" &`;
    const script = `sh -c '${inner}' ${mark}; exec sleep 1000`;
    const host = rig.start(['sh', '-c', script], { shell, guardTimeoutMs: 500 });
    const deadlineMs = (await host.go({ killAfterMs: 2_500 })) + 2_500;
    await host.heard('started');
    host.signal('SIGSTOP');
    writeFileSync(sign, '');
    // In this order: while the command execs it has no environment either, and after that no mark.
    const isDaemon = (pid: number) =>
      readText(`/proc/${pid}/environ`) === '' && processesWith(mark).includes(pid);
    const daemon = await until('there is an orphan', () => {
      return childrenOf(host.pid).find(isDaemon) ?? false;
    });
    const late = await lateness(mark, [daemon], deadlineMs);
    expect(late.atLeastMs).toBeLessThan(killMarginMs);
  });

  test('G2: kills the tree at the deadline when the event loop is blocked', async () => {
    const { host, mark, pids, deadlineMs } = await startTree(10, shell, 2_500);
    host.tell({ call: 'block', ms: 5_000 });
    const late = await lateness(mark, pids, deadlineMs);
    expect(late.atLeastMs).toBeLessThan(killMarginMs);
  });

  test('keeps to the deadline that it was told last', async () => {
    const { host, mark, pids, deadlineMs } = await startTree(10, shell, 2_500);
    for (const addedMs of [500, 1_000])
      host.tell({ call: 'extend', killAtMs: deadlineMs + addedMs });
    host.tell({ call: 'block', ms: 5_000 });
    await host.heard('blocking');
    const late = await lateness(mark, pids, deadlineMs);
    expect(late.atMostMs).toBeGreaterThan(900);
    expect(late.atLeastMs).toBeLessThan(1_000 + killMarginMs);
  });

  test('strikes at the deadline though leader-run is well, and leader-run knows', async () => {
    const { host, mark, pids, deadlineMs } = await startTree(10, shell, 2_500);
    const late = await lateness(mark, pids, deadlineMs);
    expect(late.atLeastMs).toBeLessThan(killMarginMs);
    const ended = await host.heard('ended');
    expect(ended.ending).toEqual({ id: 'signalled', signal: 'SIGKILL' });
    await host.heard('gone');
  });

  test('survives every signal that can be ignored', async () => {
    const { host, mark, pids } = await startTree(10, shell);
    const guard = theGuardOf(host);
    const { SIGKILL, SIGSTOP } = constants.signals;
    for (let signal = 1; signal <= 31; signal += 1) {
      if (signal !== SIGKILL && signal !== SIGSTOP) process.kill(guard, signal);
    }
    host.signal('SIGKILL');
    await dead(mark, pids);
  });

  test('G2: keeps to its deadline though it was itself stopped for a while', async () => {
    const { host, mark, pids, deadlineMs } = await startTree(10, shell, 2_500);
    const guard = theGuardOf(host);
    for (let times = 0; times < 3; times += 1) {
      process.kill(guard, 'SIGSTOP');
      await until('it is stopped', () => stateOf(guard) === 'T');
      process.kill(guard, 'SIGCONT');
      await until('it waits again', () => stateOf(guard) === 'S');
    }
    host.signal('SIGSTOP');
    const late = await lateness(mark, pids, deadlineMs);
    expect(late.atLeastMs).toBeLessThan(killMarginMs);
    expect(late.atMostMs).toBeGreaterThan(-100);
  });

  test('is replaced when it is killed', async () => {
    const { host, mark, pids } = await startTree(10, shell);
    const first = theGuardOf(host);
    process.kill(first, 'SIGKILL');
    const { message } = await host.heard('warning');
    expect(message).toBe('Replaced the guard: it ended with SIGKILL');
    expect(pids.every(isAlive)).toBe(true);
    host.signal('SIGKILL');
    await dead(mark, pids);
  });

  test('is replaced when it does not answer, and then never strikes', async () => {
    const { host, mark, pids } = await startTree(10, shell);
    const first = theGuardOf(host);
    process.kill(first, 'SIGSTOP');
    host.tell({ call: 'extend', killAtMs: bootNowMs() + 60_000 });
    const { message } = await host.heard('warning');
    expect(message).toBe('Replaced the guard: it did not answer within 0.5s');
    await until('the silent guard is gone', () => !isAlive(first));
    expect(pids.every(isAlive)).toBe(true);
    host.signal('SIGKILL');
    await dead(mark, pids);
  });

  test('is not replaced when it was leader-run that did not listen', async () => {
    const { host } = await startTree(10, shell);
    const guard = theGuardOf(host);
    const extend = () => host.tell({ call: 'extend', killAtMs: bootNowMs() + 60_000 });
    const blockings = () => host.events.filter(({ id }) => id === 'blocking').length;
    for (let times = 1; times <= 4; times += 1) {
      extend();
      // Meanwhile the answer comes, and there is something new to tell.
      host.tell({ call: 'block', ms: 700 });
      extend();
      await until('it is blocked', () => blockings() === times);
      expect(guardsOf(host.pid)).toEqual([guard]);
    }
  });

  test('shares nothing with the command and tells nothing by its arguments', async () => {
    const { host, pids } = await startTree(10, shell);
    const guard = theGuardOf(host);
    // What the tests themselves were started with can be in all of them.
    const inherited = openIn(process.pid);
    const own = openIn(guard).filter((each) => !inherited.includes(each));
    expect(own.some((each) => each.startsWith('socket:'))).toBe(true);
    const commands = openIn(pids[0] ?? expect.unreachable('no command'));
    expect(commands.filter((each) => own.includes(each))).toEqual([]);
    expect(readlinkSync(`/proc/${guard}/cwd`)).toBe('/');
    expect(readFileSync(`/proc/${guard}/cmdline`, 'latin1')).toBe(
      [basename(shell), '-c', 'eval "$script"', ''].join('\0'),
    );
  });

  test('is gone when the tree is', async () => {
    const { host } = await startTree(10, shell);
    const guard = theGuardOf(host);
    host.tell({ call: 'kill' });
    await host.heard('gone');
    await until('the guard is gone', () => !isAlive(guard));
  });
});

describe('guard on its own', () => {
  test('kills nothing when leader-run is gone before it said what to kill', async () => {
    const { guard, socket } = startBareGuard();
    const answers: string[] = [];
    socket.on('data', (data: Buffer) => answers.push(data.toString()));
    const ended = once(guard, 'close');
    socket.end();
    await ended;
    expect(answers.join('')).not.toContain('killed');
  });

  test('leaves nothing behind when it is killed while nothing runs', async () => {
    const { guard, socket } = startBareGuard();
    await once(socket, 'data');
    socket.write(`. root=${process.pid} since=1 group=- marker=${'c'.repeat(40)} .\n`);
    await once(socket, 'data');
    guard.kill('SIGKILL');
    await until('its session is empty', () => sessionOf(guard.pid ?? 0).length === 0);
  });

  test('does not answer to half a line, and answers to the next whole one', async () => {
    const { guard, socket } = startBareGuard();
    const answers: string[] = [];
    socket.on('data', (data: Buffer) => answers.push(data.toString()));
    await until('it works', () => answers.length > 0);
    socket.write(`. root=12 since=34 group=5\n`);
    socket.write(`. deadline=${Math.floor(bootNowMs() / 10) + 6_000} .\n`);
    await until('it has answered', () => answers.join('').split('\n').length > 2);
    const ended = once(guard, 'exit');
    // Not by the end of the socket: it would be the sign to kill.
    guard.kill('SIGKILL');
    await ended;
    expect(answers.join('')).toBe('ok\nok\n');
  });
});

/** A guard without a leader-run. */
function startBareGuard() {
  const guard = spawn('/bin/sh', ['-c', 'eval "$script"'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], ignored: '15', script: guardScript },
  });
  onTestFinished(() => void guard.kill('SIGKILL'));
  return { guard, socket: guard.stdio[3] as Socket };
}
