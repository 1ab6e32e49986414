/**
 * In a terminal the command must not notice that leader-run stands between it and the shell, and neither must the shell.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type RunningCommand,
  type Terminal,
  createCommand,
  ctrlBackslash,
  ctrlC,
  ctrlZ,
  openShell,
  openTerminal,
} from '../fixtures/pty.ts';
import { leaderRun, readLease, sandbox } from './rig.ts';

const quiet = ['--lock-name', 'x', '-q'];
/** The shortest lease that leaves room for everything. */
const short = ['--lease-duration', '4s', '--renew-deadline', '2s', '--retry-period', '1s'];

/** A line for a shell that runs leader-run, quietly, around these words. */
function line(words: readonly string[], flags: readonly string[] = quiet): string {
  return [leaderRun, ...flags, '--', ...words].map((word) => `'${word}'`).join(' ');
}

/** leader-run leads the session of a terminal, as after `ssh -t host leader-run …` or `docker run -it`. */
async function alone(signals: readonly NodeJS.Signals[] = []) {
  const { kubeconfigPath, ...api } = await sandbox();
  const command = await createCommand(signals);
  const terminal = openTerminal(leaderRun, [...quiet, '--', ...command.words], {
    KUBECONFIG: kubeconfigPath,
  });
  return { api, terminal, command: await command.started };
}

/** leader-run is a job in the foreground of an interactive shell. */
async function asJob(signals: readonly NodeJS.Signals[] = [], flags: readonly string[] = []) {
  const { kubeconfigPath, ...api } = await sandbox();
  const command = await createCommand(signals);
  const terminal = await openShell({ KUBECONFIG: kubeconfigPath });
  terminal.type(`${line(command.words, [...quiet, ...flags])}\r`);
  return { api, terminal, command: await command.started };
}

/** A shell for one line with leader-run in it. */
async function shell() {
  const { kubeconfigPath, ...api } = await sandbox();
  return { api, terminal: await openShell({ KUBECONFIG: kubeconfigPath }) };
}

/** Everything that leader-run passed on before this has arrived at the command, which must catch USR1. */
async function settled({ parentPid, says }: RunningCommand): Promise<void> {
  process.kill(parentPid, 'SIGUSR1');
  await says.until(/got SIGUSR1/);
}

async function released(api: { url: string; token: string }): Promise<void> {
  for (;;) {
    const lease = await readLease(api, 'x');
    if (lease?.spec.holderIdentity === '') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function statusOf(terminal: Terminal): Promise<number> {
  terminal.type('echo "status is $?"\r');
  const [, status] = await terminal.screen.until(/status is (\d+)/);
  return Number(status);
}

/** The only job of the shell is stopped. */
async function stopped(terminal: Terminal): Promise<void> {
  for (;;) {
    terminal.type('jobs\r');
    const [, state] = await terminal.screen.until(/jobs\r\n[^]*?(Running|Stopped)[^]*?\$ $/);
    if (state === 'Stopped') return;
  }
}

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

describe('an interactive shell as the command', () => {
  it('has job control: Ctrl-Z and Ctrl-C are for its own jobs, and its status is kept', async () => {
    const { terminal } = await shell();
    terminal.type(`PS1='inner> ' ${line(['/bin/sh', '-i'])}\r`);
    await terminal.screen.until(/inner> $/);

    const inner = await createCommand(['SIGCONT']);
    terminal.type(`${inner.words.join(' ')}\r`);
    const job = await inner.started;
    terminal.type(ctrlZ);
    await terminal.screen.until(/Stopped[^]*inner> $/);
    terminal.type('fg\r');
    await job.says.until(/got SIGCONT/);
    terminal.type(ctrlC);
    await job.gone;
    await terminal.screen.until(/inner> $/);
    terminal.type('exit 7\r');
    await terminal.screen.until(/\$ $/);

    expect(await statusOf(terminal)).toBe(7);
    expect(terminal.screen.text).not.toMatch(/job control|tty/);
  });
});

describe('programs that use the terminal', () => {
  const has = (name: string): boolean =>
    (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

  it('read a line, and change how the terminal echoes', async () => {
    const { terminal } = await shell();
    const script = 'stty -echo; echo ask; read -r x; stty echo; echo "got:$x"';
    terminal.type(`${line(['sh', '-c', script])}\r`);

    await terminal.screen.until(/\nask\r\n/);
    terminal.type('secret\r');
    await terminal.screen.until(/got:secret/);

    expect(terminal.screen.text.match(/secret/g)).toHaveLength(1);
  });

  it('find the terminal as the program before them left it', async () => {
    const { api, terminal } = await shell();
    terminal.type(`${line(['stty', '-echo'])}\r`);
    await released(api);
    await terminal.screen.until(/\$ $/);

    terminal.type('echo once\r');
    await terminal.screen.until(/once\r\n\$ $/);

    expect(terminal.screen.text.match(/once/g)).toHaveLength(1);
  });

  it('in the background are stopped when they read, and go on after fg', async () => {
    const { terminal } = await shell();
    terminal.type(`${line(['sh', '-c', 'read -r x; echo "got:$x"'])} &\r`);
    await terminal.screen.until(/\$ $/);

    await stopped(terminal);
    terminal.type('fg\r');
    await terminal.screen.until(/fg\r\n/);
    terminal.type('line\r');

    await terminal.screen.until(/got:line/);
  });

  it('in the background are stopped along with leader-run where that may not write, and go on after fg', async () => {
    const { terminal } = await shell();
    terminal.type('stty tostop\r');
    await terminal.screen.until(/\$ $/);
    terminal.type(`${line(['echo', 'written'], ['--lock-name', 'x'])} &\r`);
    await terminal.screen.until(/\$ $/);
    await stopped(terminal);

    terminal.type('fg\r');

    await terminal.screen.until(/\nwritten\r\n/);
    await terminal.screen.until(/Released lease/);
  });

  it.runIf(has('less'))('less pages what comes from a pipe, and takes its keys', async () => {
    const { api, terminal } = await shell();
    terminal.type(`seq 1 200 | ${line(['less'])}\r`);

    await terminal.screen.until(/\b22\r\n[^]*:/);
    terminal.type('G');
    await terminal.screen.until(/\b200\r\n[^]*\(END\)/);
    terminal.type('q');

    await released(api);
    expect(await statusOf(terminal)).toBe(0);
  });

  it.runIf(has('vim'))('vim edits, stops by Ctrl-Z and goes on after fg', async () => {
    const { api, terminal } = await shell();
    terminal.type(`${line(['vim', '-u', 'NONE'])}\r`);

    await terminal.screen.until(/~/);
    terminal.type('ihello\x1b');
    await terminal.screen.until(/hello/);
    terminal.type(ctrlZ);
    await terminal.screen.until(/Stopped/);
    terminal.type('fg\r');
    await terminal.screen.until(/hello/);
    terminal.type(':cq 3\r');

    await released(api);
    expect(await statusOf(terminal)).toBe(3);
  });
});

describe('in a pipeline', () => {
  it('what comes in goes through the command and out, and nothing else', async () => {
    const { terminal } = await shell();
    terminal.type(`printf 'a\\nb\\n' | ${line(['tr', 'ab', 'xy'])} | sed 's/$/./'; echo end\r`);

    const [, output] = await terminal.screen.until(/echo end\r\n([^]*)end\r\n/);
    expect(output).toBe('x.\r\ny.\r\n');
  });

  it('the end of the reader ends the command by PIPE', async () => {
    const { api, terminal } = await shell();
    terminal.type(`{ ${line(['yes'])}; echo "status is $?" >&2; } | sed 1q\r`);

    await terminal.screen.until(/\ny\r\n/);
    await terminal.screen.until(/status is 141/);
    await released(api);
  });

  it('Ctrl-C ends all of it', async () => {
    const { api, terminal } = await shell();
    const command = await createCommand();
    terminal.type(`cat | ${line(command.words)} | cat\r`);
    const running = await command.started;

    terminal.type(ctrlC);
    await running.gone;

    await terminal.screen.until(/\$ $/);
    await released(api);
  });
});

it('a loop of the shell is ended by Ctrl-C along with the command', async () => {
  const { terminal } = await shell();
  const command = await createCommand();
  terminal.type(`for i in 1 2 3; do ${line(command.words)}; echo after; done\r`);
  const running = await command.started;

  terminal.type(ctrlC);
  await running.gone;

  expect(await statusOf(terminal)).toBe(130);
  expect(terminal.screen.text).not.toMatch(/\nafter/);
});
