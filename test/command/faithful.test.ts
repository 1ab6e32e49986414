/** G5: the command cannot tell that it is wrapped, but for the variables that are documented. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type StdioOptions, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { isAlive, processesWith } from './fixtures/processes.ts';
import { type Rig, type StartOptions, createRig } from './fixtures/rig.ts';
import { shells } from './fixtures/shells.ts';

let rig: Rig;
let programs: string;
beforeAll(async () => {
  rig = await createRig();
  programs = join(rig.directory, 'programs');
  mkdirSync(programs);
  const script = '#!/bin/sh\necho the one in PATH\n';
  writeFileSync(join(programs, 'grep'), script, { mode: 0o755 });
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Runs a command to its end and returns what it wrote, one character for each byte. */
async function outputOf(command: readonly string[], options: StartOptions = {}): Promise<string> {
  const host = rig.start(command, options);
  await host.go();
  return host.allOutput();
}

const path = process.env['PATH'] ?? '';
const added = ['LEADER_RUN_FENCING_TOKEN=42', 'LEADER_RUN_TREE='];

/** The environment that the command sees, sorted; the marker's random name is cut. */
async function environmentOf(env: NodeJS.ProcessEnv, options: StartOptions = {}) {
  const output = await outputOf(['cat', '/proc/self/environ'], { ...options, env });
  const entries = output
    .replace(/(LEADER_RUN_TREE)_[0-9a-f]{32}/, '$1')
    .split('\0')
    .slice(0, -1);
  return entries.sort();
}

describe.each(shells)('gate run by %s', (shell) => {
  test('adds term and marker to the environment, and nothing else', async () => {
    const plain = {
      PATH: path,
      HOME: '/nowhere',
      EMPTY: '',
      LINES: 'one\ntwo\n',
      QUOTES: `'"\\$x`,
    };
    expect(await environmentOf(plain, { shell })).toEqual(
      [...Object.entries(plain).map(([name, value]) => `${name}=${value}`), ...added].sort(),
    );
  });

  test('leaves alone what shells think is theirs', async () => {
    const odd = {
      PATH: path,
      PWD: '/not/here',
      OLDPWD: '/nor/here',
      SHLVL: '7',
      _: 'underscore',
      IFS: 'x',
      PS1: 'prompt',
      OPTIND: '5',
      PPID: '3',
      RANDOM: '4',
      ENV: '/no/file',
      'a.b': 'dot',
      'BASH_FUNC_x%%': '() { :; }',
    };
    expect(await environmentOf(odd, { shell })).toEqual(
      [...Object.entries(odd).map(([name, value]) => `${name}=${value}`), ...added].sort(),
    );
  });

  test('passes on bytes that are no UTF-8, in variables and arguments', async () => {
    // Only a shell can make such words; node encodes all that it starts.
    const through = [
      'sh',
      '-c',
      'B=$(printf "\\377\\200\\201") exec "$@" "$(printf "\\376x")"',
      'sh',
    ];
    const output = await outputOf(['sh', '-c', 'printf "%s|%s|" "$B" "$1"', 'sh'], {
      shell,
      through,
    });
    expect(output).toBe('\xff\x80\x81|\xfex|');
  });

  test('passes on every byte in an argument', async () => {
    const all = Array.from({ length: 127 }, (_, at) => String.fromCharCode(at + 1)).join('');
    const words = [all, '', ' ', "it's", '"', '$HOME', '`id`', '\\', '\n', '-n', '*', 'ü€😀'];
    const output = await outputOf(['printf', '%s\\0', ...words], { shell });
    expect(Buffer.from(output, 'latin1').toString()).toBe(
      words.map((word) => `${word}\0`).join(''),
    );
  });

  test('becomes the command: its pid, its parent, its directory', async () => {
    const host = rig.start(['sh', '-c', 'echo $$ $PPID; pwd -P'], { shell, cwd: '/usr' });
    await host.go();
    const { pid } = await host.heard('started');
    expect(await host.allOutput()).toBe(`${pid} ${host.pid}\n/usr\n`);
  });

  test('gives the command no descriptor that it would not have without', async () => {
    const list = 'for fd in /proc/$$/fd/*; do echo "${fd##*/}"; done';
    // What this test was itself started with is not the gate's doing.
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
    const { stdout } = spawnSync('sh', ['-c', list], { stdio, encoding: 'latin1' });
    expect(await outputOf(['sh', '-c', list], { shell })).toBe(stdout);
  });

  test('puts back the limit on open files and the signals that were ignored', async () => {
    const { SIGHUP, SIGUSR2 } = constants.signals;
    // The notes are for the process that has this pid.
    const through = ['sh', '-c', 'LEADER_RUN_LAUNCHER_PID=$$ exec "$@"', 'sh'];
    const env = {
      PATH: path,
      LEADER_RUN_LAUNCHER_NOFILE: '321',
      LEADER_RUN_LAUNCHER_IGNORED: String(2 ** (SIGHUP - 1) + 2 ** (SIGUSR2 - 1)),
    };
    // Not by a shell, which might ignore some itself.
    const seen = await outputOf(['cat', '/proc/self/limits', '/proc/self/status'], {
      ...{ shell, env, through },
    });
    expect(/^Max open files +(\d+)/m.exec(seen)?.[1]).toBe('321');
    const [ignored] = /^SigIgn:\t\w+$/m.exec(seen) ?? [];
    const mask = Number.parseInt(ignored?.split('\t')[1] ?? '', 16);
    expect(mask % 2 ** 31).toBe(2 ** (SIGHUP - 1) + 2 ** (SIGUSR2 - 1));
  });

  test('runs the program that is in PATH, and none of the same name in the shell', async () => {
    for (const variables of [{}, { 'a.b': 'so that env is needed' }]) {
      const env = { PATH: `${programs}:${path}`, ...variables };
      expect(await outputOf(['grep', 'x'], { shell, env })).toBe('the one in PATH\n');
    }
  });

  test('does not show the command in the arguments of a standby', async () => {
    const mark = rig.createMark();
    const host = rig.start(['sleep', mark], { shell });
    await host.heard('ready');
    expect(processesWith(mark)).toEqual([]);
    host.tell({ call: 'cancel' });
    await host.heard('gone');
  });
});

test('the settings of leader-run are not passed on, other variables of such names are', async () => {
  const env = { PATH: path, LEADER_RUN_LOCK_NAME: 'x', LEADER_RUN_PORT: 'tcp://10.0.0.1:80' };
  expect(await environmentOf(env, { settingNames: ['LEADER_RUN_LOCK_NAME'] })).toEqual(
    [`PATH=${path}`, 'LEADER_RUN_PORT=tcp://10.0.0.1:80', ...added].sort(),
  );
});

test('a command whose name looks like an option or an assignment is run all the same', async () => {
  const env = { PATH: `${rig.directory}:${path}`, 'a.b': 'so that env is needed' };
  for (const name of ['-x', 'a=b']) {
    symlinkSync('/bin/echo', join(rig.directory, name));
    expect(await outputOf([name, 'ran'], { env })).toBe('ran\n');
  }
});

describe('signals', () => {
  test('reach the command once each, in order, and no other process', async () => {
    const names = ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'ALRM', 'TERM', 'CONT', 'WINCH', 'PROF'];
    const traps = names.map((name) => `trap 'echo got ${name}' ${name}`).join('\n');
    // A shell waits for its child before it traps; `wait` is interrupted.
    const script = `${traps}; sleep 60 & echo child $!; while kill -0 $!; do wait $!; done`;
    const host = rig.start(['sh', '-c', script]);
    await host.go();
    const [, child] = await host.printed(/child (\d+)\n/);
    for (const name of names) {
      host.tell({ call: 'signal', signal: `SIG${name}` as NodeJS.Signals });
      await host.printed(new RegExp(`got ${name}\n`));
    }
    expect(host.stdout.match(/got \w+/g)).toEqual(names.map((name) => `got ${name}`));
    expect(isAlive(Number(child))).toBe(true);
    host.tell({ call: 'kill' });
    await host.heard('gone');
  });

  test('that come before "go" are not passed on', async () => {
    const host = rig.start(['echo', 'ran']);
    await host.heard('ready');
    host.tell({ call: 'signal', signal: 'SIGTERM' });
    await host.go();
    expect(await host.heard('ended')).toMatchObject({ ending: { id: 'exited', code: 0 } });
  });
});
