import { build } from 'esbuild';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Seen, shells, stub } from './fixtures/launched.ts';

const launcher = new URL('../../bin/leader-run', import.meta.url).pathname;

let folder: string;
let installed: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'a folder '));
  installed = join(folder, 'bin', 'leader-run');
  path = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
  await mkdir(dirname(installed));
  await copyFile(launcher, installed);
  await build({
    stdin: { contents: stub, resolveDir: folder },
    outfile: join(folder, 'dist', 'leader-run.cjs'),
    bundle: true,
    platform: 'node',
    logLevel: 'warning',
  });
});

afterAll(() => rm(folder, { recursive: true }));

interface Start {
  readonly args?: readonly string[];
  /** The whole environment besides PATH. */
  readonly environment?: readonly string[];
  /** Shell code that is run first, in the shell that then becomes the launcher. */
  readonly before?: string;
  readonly file?: string;
  readonly stdin?: string;
}

/** Starts the launcher, read by `shell`, with exactly these bytes: a script can hold any but NUL. */
function start(shell: readonly string[], options: Start = {}) {
  const { args = [], environment = [], before = ':', file = installed, stdin = '' } = options;
  const words = ['env', '-i', `PATH=${path}`, ...environment, ...shell, file, ...args];
  const script = join(folder, 'start.sh');
  writeFileSync(script, `${before}\nexec ${words.map(quoted).join(' ')}\n`, 'latin1');
  return spawnSync('/bin/sh', [script], { input: stdin, encoding: 'utf8' });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What the stub saw; the launcher has said nothing. */
function seen(shell: readonly string[], options: Start = {}): Seen & { startedAs: number } {
  const { stdout, stderr, status, pid } = start(shell, options);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return { ...(JSON.parse(stdout) as Seen), startedAs: pid };
}

/** A folder with what ld.so would take for the library that every program needs. */
function brokenLibraries(): string {
  const libraries = join(folder, 'libraries');
  mkdirSync(libraries, { recursive: true });
  writeFileSync(join(libraries, 'libstdc++.so.6'), 'not a library');
  return libraries;
}

const everyByte = String.fromCharCode(...Array.from({ length: 255 }, (_, index) => index + 1));

describe.each(shells.map((shell) => ({ shell, name: shell.join(' ') })))(
  'the launcher under $name',
  ({ shell }) => {
    it('becomes node: the process that was started is the one that runs the bundle', () => {
      const { pid, startedAs } = seen(shell);

      expect(pid).toBe(startedAs);
    });

    it('starts the node that its folder brings, by its own loader, and notes its own sh', async () => {
      const own = await mkdtemp(join(folder, 'own '));
      const write = (name: string, text: string) => {
        mkdirSync(dirname(join(own, name)), { recursive: true });
        writeFileSync(join(own, name), text, { mode: 0o755 });
      };
      write('bin/leader-run', readFileSync(launcher, 'utf8'));
      write('dist/leader-run.cjs', readFileSync(join(folder, 'dist/leader-run.cjs'), 'utf8'));
      write('libexec/node', '');
      // In place of a loader: it notes how it was called.
      write('libexec/ld.so', '#!/bin/sh\nshift 3; own=$1; shift; exec node "$@" "$own"\n');
      const environment = ['LEADER_RUN_LAUNCHER_SHELL=/from/outside'];
      const { shell: noted, args } = seen(shell, {
        file: join(own, 'bin/leader-run'),
        environment,
      });

      expect(noted).toBe(join(own, 'libexec/sh'));
      expect(args.at(-1)).toBe(`${own}/bin/../libexec/node`);
      expect(seen(shell, { environment }).shell).toBe('/bin/sh');
    });

    it('hands on every argument byte for byte', () => {
      const args = ['', ' ', 'a b', '*', "it's", '"$HOME"', 'line\nline\n', '-n', '--', everyByte];

      expect(seen(shell, { args }).args.slice(-args.length)).toEqual(args);
    });

    it('notes the environment byte for byte, also what sh would drop or change', () => {
      const environment = [
        'discovery.type=single-node',
        '1st=digit',
        'dash-ed=',
        'EMPTY=',
        'TEXT=one\ntwo\n',
        `BYTES=${everyByte}`,
        'PWD=/not/here',
        'OLDPWD=/nor/here',
        'SHLVL=7',
        '_=/usr/bin/something',
        'IFS=x',
      ];

      expect(seen(shell, { environment }).environment).toEqual([`PATH=${path}`, ...environment]);
    });

    it('notes an environment larger than the kernel takes as one string', () => {
      const environment = Array.from({ length: 1_000 }, (_, index) =>
        `SERVICE_${index}_PORT=tcp://10.0.0.1:443`.padEnd(300, 'x'),
      );

      expect(seen(shell, { environment }).environment).toEqual([`PATH=${path}`, ...environment]);
    });

    it('keeps every variable that Node knows from its own node, and notes it for the command', () => {
      const known = execFileSync(process.execPath, ['--help'], { encoding: 'utf8' });
      const names = [...new Set(known.match(/^NODE_\w+/gm)), 'NODE_OPTIONS', 'NODE_UNIQUE_ID'];
      const environment = names.map((name) => `${name}=--require ./missing.js`);
      const { nodeVariables, environment: noted } = seen(shell, { environment });

      expect(names.length).toBeGreaterThan(10);
      expect(nodeVariables).toEqual([]);
      expect(noted).toEqual([`PATH=${path}`, ...environment]);
    });

    it('keeps variables of the loader from its own node, and notes them for the command', () => {
      const environment = [
        `LD_LIBRARY_PATH=${brokenLibraries()}`,
        // Of this the shell's own loader complains.
        'LD_PRELOAD=/no/such.so',
        'GLIBC_TUNABLES=glibc.malloc.check=3',
      ];
      const { environment: noted } = JSON.parse(start(shell, { environment }).stdout) as Seen;

      expect(noted).toEqual([`PATH=${path}`, ...environment]);
    });

    it.each([
      ['no base64 in PATH', '', ''],
      ['another base64 in PATH', 'base64', ''],
      ['no base64 at all', '', 'leader-run-alone'],
    ])('notes the environment with %s', async (_, names, copy) => {
      // Where the system's folders are not looked at.
      const alone = readFileSync(installed, 'utf8').replace('PATH=/usr/bin:/bin:', 'PATH=');
      writeFileSync(join(folder, 'bin', 'leader-run-alone'), alone, { mode: 0o755 });
      const file = copy === '' ? installed : join(folder, 'bin', copy);
      const programs = join(folder, 'programs');
      await mkdir(programs);
      await symlink(process.execPath, join(programs, 'node'));
      if (names !== '')
        writeFileSync(join(programs, names), '#!/bin/sh\necho QT0xAA==\n', { mode: 0o755 });
      const environment = [`PATH=${programs}`, 'B.C=2', 'NODE_OPTIONS=--no-such-flag'];
      const { environment: noted } = seen(shell, { environment, file });
      await rm(programs, { recursive: true });

      expect(noted).toEqual(environment);
    });

    it('notes the soft limit on open files, which node raises', () => {
      expect(seen(shell, { before: 'ulimit -S -n 234' }).softOpenFilesLimit).toBe('234');
    });

    it('notes which signals are ignored, which node forgets', () => {
      const ignored = (before: string) => seen(shell, { before }).ignoredSignals;

      expect(ignored(':')).toEqual([]);
      expect(ignored("trap '' HUP")).toEqual(['SIGHUP']);
      expect(ignored("trap '' QUIT")).toEqual(['SIGQUIT']);
      expect(ignored("trap '' INT QUIT USR1 PIPE")).toEqual([
        ...['SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGPIPE'],
      ]);
    });

    it('believes none of its notes that come from outside', () => {
      const environment = [
        'LEADER_RUN_LAUNCHER_ENV_1=QT0xAA==',
        'LEADER_RUN_LAUNCHER_ENV_2=Qj0yAA==',
        'LEADER_RUN_LAUNCHER_NOFILE=1',
        'LEADER_RUN_LAUNCHER_IGNORED=1',
        'LEADER_RUN_LAUNCHER_PID=1',
      ];
      const {
        environment: noted,
        ignoredSignals,
        launcherVariables,
      } = seen(shell, { environment });

      expect(noted).toEqual([`PATH=${path}`]);
      expect(ignoredSignals).toEqual([]);
      expect([...launcherVariables].sort()).toEqual([
        ...['LEADER_RUN_LAUNCHER_ENV_1', 'LEADER_RUN_LAUNCHER_NOFILE', 'LEADER_RUN_LAUNCHER_PID'],
      ]);
    });

    it('works with nothing in the environment but PATH, through links and relative paths', async () => {
      const link = join(folder, 'node_modules', '.bin', 'leader-run');
      await mkdir(dirname(link), { recursive: true });
      await symlink('../../bin/leader-run', link);
      await symlink(link, join(folder, 'linked'));

      seen(shell, { file: link });
      seen(shell, { file: join(folder, 'linked') });
      seen(shell, { file: 'bin/leader-run', before: `cd ${quoted(folder)}` });
      seen(shell, { file: 'leader-run', before: `cd ${quoted(join(folder, 'bin'))}` });
      await rm(join(folder, 'node_modules'), { recursive: true });
      await rm(join(folder, 'linked'));
    });

    it('reads nothing of stdin and opens nothing for node', () => {
      const { stdin, descriptors } = seen(shell, { stdin: 'first byte to last\0' });

      expect(stdin).toBe('first byte to last\0');
      expect(descriptors.filter((target) => target.includes(folder))).toEqual([]);
    });

    it('says in one line why it cannot start, and exits 125', async () => {
      const lone = join(folder, 'lone');
      await mkdir(join(lone, 'bin'), { recursive: true });
      await copyFile(launcher, join(lone, 'bin', 'leader-run'));
      const noBundle = start(shell, { file: join(lone, 'bin', 'leader-run') });
      const noNode = start(shell, { environment: [`PATH=${lone}`] });
      await rm(lone, { recursive: true });

      expect(noBundle.status).toBe(125);
      expect(noBundle.stderr).toMatch(
        /^leader-run: Cannot start: ".*leader-run.cjs" cannot be read: .*\n$/,
      );
      expect(noNode.status).toBe(125);
      expect(noNode.stderr).toMatch(/^leader-run: Cannot start: there is no "node" in PATH: .*\n$/);
    });
  },
);

it('the launcher can be run as it is', async () => {
  expect((await stat(launcher)).mode & 0o111).toBe(0o111);
  expect(execFileSync(installed, { env: { PATH: path }, input: 'x', encoding: 'utf8' })).toContain(
    '"stdin":"x"',
  );
});

it.each([
  ['nothing', {}],
  ['notes of no process', {}],
  ['notes of another process', { LEADER_RUN_LAUNCHER_PID: '1' }],
])('started without the launcher, and with %s, it takes what there is', (what, pid) => {
  const bundle = join(folder, 'dist', 'leader-run.cjs');
  const notes = {
    LEADER_RUN_LAUNCHER_ENV_1: 'QT0xAA==',
    LEADER_RUN_LAUNCHER_NOFILE: '1',
    LEADER_RUN_LAUNCHER_IGNORED: '1',
    ...pid,
  };
  const stdout = execFileSync(process.execPath, [bundle], {
    env: { A: '1', B: '2\n', ...(what === 'nothing' ? {} : notes) },
    input: '',
    encoding: 'utf8',
  });
  const { environment, softOpenFilesLimit, ignoredSignals } = JSON.parse(stdout) as Seen;

  expect(environment).toEqual(['A=1', 'B=2\n']);
  expect(softOpenFilesLimit).toBeNull();
  expect(ignoredSignals).toEqual([]);
});
