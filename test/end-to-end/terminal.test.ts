/**
 * Keys, hang-ups and job control: the command must not notice that leader-run stands between it and the shell, and neither must
 * the shell.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { stateOf, until } from '../command/fixtures/processes.ts';
import {
  createCommand,
  ctrlBackslash,
  ctrlC,
  ctrlZ,
  openShell,
  openTerminal,
} from '../fixtures/pty.ts';
import { leaderRun, readLease, sandbox } from './rig.ts';
import { quiet, short, line, alone, asJob, settled, released, statusOf } from './terminal-rig.ts';

describe.each([
  ['leading the session', alone],
  ['as a job of a shell', asJob],
])('%s', (_, open) => {
  it.each([
    ['Ctrl-C', ctrlC, 'SIGINT'],
    ['Ctrl-\\', ctrlBackslash, 'SIGQUIT'],
  ] as const)(
    '%s reaches the command once and stops nothing: a REPL survives it',
    async (__, key, signal) => {
      const { terminal, command } = await open([signal, 'SIGUSR1']);

      terminal.type(key);
      await command.says.until(new RegExp(`got ${signal} 1`));
      await settled(command);
      terminal.type(key);
      await command.says.until(new RegExp(`got ${signal} 2`));
      await settled(command);

      expect(command.says.text.match(new RegExp(`got ${signal}`, 'g'))).toHaveLength(2);
    },
  );

  it('a new size of the window reaches the command once', async () => {
    const { terminal, command } = await open(['SIGWINCH', 'SIGUSR1']);

    terminal.resize(101, 37);
    await command.says.until(/got SIGWINCH 1/);
    await settled(command);
    command.order('size');

    await command.says.until(/size 101 37/);
    expect(command.says.text.match(/got SIGWINCH/g)).toHaveLength(1);
  });

  it('Ctrl-C ends a command that does not catch it, and releases the lease', async () => {
    const { api, terminal, command } = await open();

    terminal.type(ctrlC);
    await command.gone;

    await released(api);
  });

  it('a hang-up ends the command and releases the lease', async () => {
    const { api, terminal, command } = await open();

    terminal.hangUp();
    await command.gone;

    await released(api);
  });

  it('a hang-up is told to a command that catches it, once', async () => {
    const { api, terminal, command } = await open(['SIGHUP', 'SIGUSR1']);

    terminal.hangUp();
    await command.says.until(/got SIGHUP/);
    await settled(command);
    command.order('exit 0');

    await released(api);
    expect(command.says.text.match(/got SIGHUP/g)).toHaveLength(1);
  });

  it('TERM, sent by another program, stops the command and releases the lease', async () => {
    const { api, command } = await open(['SIGTERM', 'SIGUSR1']);

    process.kill(command.parentPid, 'SIGTERM');
    await command.says.until(/got SIGTERM/);
    await settled(command);
    command.order('exit 0');

    await released(api);
    expect(command.says.text.match(/got SIGTERM/g)).toHaveLength(1);
  });
});

describe('Ctrl-Z', () => {
  it('stops the job, and fg goes on with it, leader still; the command hears of it once', async () => {
    const { api, terminal, command } = await asJob(['SIGUSR1', 'SIGCONT']);
    const before = await readLease(api, 'x');

    terminal.type(ctrlZ);
    await terminal.screen.until(/Stopped/);
    terminal.type('fg\r');
    await terminal.screen.until(/fg\r\n/);
    await command.says.until(/got SIGCONT 1/);
    await settled(command);
    command.order('exit 7');
    await command.gone;

    expect(command.says.text).not.toMatch(/SIGCONT 2/);
    expect(await statusOf(terminal)).toBe(7);
    expect(before?.spec.leaseTransitions).toBe(0);
  });

  it('and then kill %1 end the job: the command gets TERM, and the status is 143', async () => {
    const { api, terminal, command } = await asJob(['SIGUSR1']);

    terminal.type(ctrlZ);
    await terminal.screen.until(/Stopped/);
    // Not every sh continues what it sends a signal to.
    terminal.type('kill %1; fg\r');
    await terminal.screen.until(/fg\r\n/);
    await command.gone;

    expect(await statusOf(terminal)).toBe(143);
    await released(api);
  });

  it('that the command reads as a key, as a REPL does, gives the shell its terminal back', async () => {
    const { terminal, command } = await asJob(['SIGUSR1']);

    command.order('suspend');
    await terminal.screen.until(/Stopped/);
    terminal.type('fg\r');
    await terminal.screen.until(/fg\r\n/);
    await settled(command);
    command.order('exit 6');
    await command.gone;

    expect(await statusOf(terminal)).toBe(6);
  });

  it('that the command ignores does not stop the job either', async () => {
    const { terminal, command } = await asJob(['SIGTSTP', 'SIGUSR1']);

    terminal.type(ctrlZ);
    await command.says.until(/got SIGTSTP 1/);
    await settled(command);
    command.order('exit 5');
    await command.gone;

    expect(await statusOf(terminal)).toBe(5);
    expect(terminal.screen.text).not.toMatch(/Stopped/);
  });

  it('while standby stops leader-run, and it goes on waiting after fg', async () => {
    const { kubeconfigPath, ...api } = await sandbox();
    const holder = await createCommand();
    const holding = openTerminal(leaderRun, [...quiet, '--', ...holder.words], {
      KUBECONFIG: kubeconfigPath,
    });
    await holder.started;
    const waiting = await createCommand();
    const terminal = await openShell({ KUBECONFIG: kubeconfigPath });
    terminal.type(`${line(waiting.words, ['--lock-name', 'x'])}\r`);
    await terminal.screen.until(/Waiting for lease/);

    terminal.type(ctrlZ);
    await terminal.screen.until(/Stopped/);
    terminal.type('fg\r');
    await terminal.screen.until(/fg\r\n/);
    holding.type(ctrlC);
    const command = await waiting.started;
    command.order('exit 4');
    await command.gone;

    expect(await statusOf(terminal)).toBe(4);
    await released(api);
  });

  it('for longer than the lease lasts: the command is dead, fg says so, and the status is 75', async () => {
    const { terminal, command } = await asJob([], short);

    terminal.type(ctrlZ);
    await terminal.screen.until(/Stopped/);
    await command.gone;
    terminal.type('fg\r');

    await terminal.screen.until(/past its lease|not renewed/);
    expect(await statusOf(terminal)).toBe(75);
  });
});

describe('while standby', () => {
  async function standby() {
    const { kubeconfigPath, ...api } = await sandbox();
    const holder = await createCommand();
    openTerminal(leaderRun, [...quiet, '--', ...holder.words], { KUBECONFIG: kubeconfigPath });
    await holder.started;
    const args = ['--lock-name', 'x', '--', 'echo', 'started'];
    const terminal = openTerminal(leaderRun, args, { KUBECONFIG: kubeconfigPath });
    await terminal.screen.until(/Waiting for lease/);
    return { api, terminal };
  }

  it.each([
    ['Ctrl-C', ctrlC, 130],
    ['Ctrl-\\', ctrlBackslash, 131],
  ])('%s ends leader-run at once, and nothing was started', async (_, key, status) => {
    const { terminal } = await standby();

    terminal.type(key);

    expect(await terminal.ended).toBe(status);
    expect(terminal.screen.text).not.toMatch(/^started/m);
  });

  it('a hang-up ends it', async () => {
    const { terminal } = await standby();

    terminal.hangUp();

    expect(await terminal.ended).toBe(129);
  });
});

it('a command that somebody stops stays stopped where no shell could continue it', async () => {
  const { command } = await alone(['SIGCONT', 'SIGUSR1']);

  process.kill(command.pid, 'SIGSTOP');
  await until('it is stopped', () => stateOf(command.pid) === 'T');
  // Nothing shows that leader-run has read it.
  await delay(300);
  expect(stateOf(command.pid)).toBe('T');

  process.kill(command.pid, 'SIGCONT');
  // The kernel delivers the lower number first of two that are pending.
  await command.says.until(/got SIGCONT/);
  await settled(command);
  expect(command.says.text.match(/got SIGCONT/g)).toHaveLength(1);
});
