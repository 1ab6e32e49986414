/** Shells, editors, pagers and pipelines work through leader-run as without it. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCommand, ctrlC, ctrlZ } from '../fixtures/pty.ts';
import { line, shell, released, statusOf, stopped } from './terminal-rig.ts';

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
