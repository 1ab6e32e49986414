/** leader-run where something is missing that is nearly always there. */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { execa } from 'execa';
import { load } from 'js-yaml';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { leaderRun, readLease, sandbox, start } from './rig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const dist = resolve(import.meta.dirname, '../../dist');
const bundle = join(dist, 'leader-run.cjs');

it('runs the command in a working directory that was deleted', async () => {
  const { kubeconfigPath } = await sandbox();
  const folder = join(temporaryFolder(), 'deleted');
  mkdirSync(folder);
  const script = `cd ${folder} && rmdir ${folder} && exec ${leaderRun} --lock-name x -q -- readlink /proc/self/cwd`;
  const run = await execa('sh', ['-c', script], {
    reject: false,
    env: { KUBECONFIG: kubeconfigPath },
  });
  expect(run.stdout).toBe(`${folder} (deleted)`);
  expect(run.exitCode).toBe(0);
});

describe('names that are not UTF-8', () => {
  /** A folder of such a name, as sh writes it; the kubeconfig is in it, and its token in a file beside it. */
  async function oddFolder(): Promise<string> {
    const { kubeconfigPath } = await sandbox();
    const folder = temporaryFolder();
    const odd = `"${folder}/$(printf 'd\\377')"`;
    const config = load(readFileSync(kubeconfigPath, 'utf8')) as {
      users: { user: { token?: string; tokenFile?: string } }[];
    };
    const [{ user } = { user: {} }] = config.users;
    writeFileSync(join(folder, 'token'), user.token ?? '');
    delete user.token;
    user.tokenFile = 'token';
    writeFileSync(join(folder, 'config'), JSON.stringify(config));
    const script = `mkdir ${odd} ${odd}/.kube && cd ${folder} && cp token config ${odd} && mv token config ${odd}/.kube`;
    await execa('sh', ['-c', script]);
    return odd;
  }

  const run = `${leaderRun} --lock-name x -q`;

  it.each([
    ['the working directory', (odd: string) => `cd ${odd} && KUBECONFIG=config exec ${run}`],
    ['$KUBECONFIG', (odd: string) => `KUBECONFIG=/none:${odd}/config exec ${run}`],
    ['--kubeconfig', (odd: string) => `exec ${run} --kubeconfig=${odd}/config`],
    ['$LEADER_RUN_KUBECONFIG', (odd: string) => `LEADER_RUN_KUBECONFIG=${odd}/config exec ${run}`],
    ['$HOME', (odd: string) => `unset KUBECONFIG; HOME=${odd} exec ${run}`],
  ])('%s', async (_, line) => {
    const script = `${line(await oddFolder())} -- sh -c 'pwd -P; exit 7'`;
    const { exitCode, stdout, stderr } = await execa('sh', ['-c', script], {
      reject: false,
      encoding: 'latin1',
    });
    expect([exitCode, stderr]).toEqual([7, '']);
    if (script.startsWith('cd')) expect(stdout).toMatch(/\/d\xff$/);
  });
});

it('needs no home directory, as a user that is a mere number has none', async () => {
  const { kubeconfigPath } = await sandbox();
  const hook = join(temporaryFolder(), 'homeless.cjs');
  writeFileSync(hook, `require('os').homedir = () => { throw new Error('ENOENT'); };\n`);
  const words = ['--require', hook, bundle, '--lock-name', 'x', '-q', '--', 'sh', '-c', 'exit 7'];
  const run = await execa(process.execPath, words, {
    reject: false,
    env: { KUBECONFIG: kubeconfigPath },
  });
  expect(run.exitCode).toBe(7);
});

it('refuses in one line when it may not open enough files', async () => {
  const { kubeconfigPath } = await sandbox();
  // With less than 12 many a sh cannot open a script, whatever is in it.
  for (const limit of [12, 13, 14, 15, 16, 17, 18, 20, 23, 26, 29, 32, 38, 45, 65]) {
    const script = `ulimit -n ${limit} && exec ${leaderRun} --lock-name x -q -- sh -c 'exit 7'`;
    const run = await execa('sh', ['-c', script], {
      reject: false,
      env: { KUBECONFIG: kubeconfigPath },
    });
    if (limit > 45) expect([run.exitCode, run.stderr]).toEqual([7, '']);
    else expect(run.exitCode).toBe(125);
    if (limit > 12 && limit <= 45)
      expect(run.stderr).toMatch(
        new RegExp(
          `^leader-run: Cannot start with "ulimit -n" ${limit}: at least \\d+ is required$`,
        ),
      );
  }
});

it('counts the files that are open already', async () => {
  const { kubeconfigPath } = await sandbox();
  const files = Array.from({ length: 40 }, (_, at) => `exec {fd${at}}</dev/null`).join('; ');
  const script = `${files}; ulimit -n 80; exec ${leaderRun} --lock-name x -q -- true`;
  const run = await execa('bash', ['-c', script], {
    reject: false,
    env: { KUBECONFIG: kubeconfigPath },
  });
  expect(run.exitCode).toBe(125);
  expect(run.stderr).toMatch(/^leader-run: Cannot start with "ulimit -n" 80: [^\n]*$/);
});

describe('a command that cannot run is refused before the lease is taken', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leader-run-test-'));
  const script = (name: string, text: string, mode: number) =>
    writeFileSync(join(folder, name), text, { mode });
  script('no-mode', '#!/bin/sh\n', 0o644);
  script('no-interpreter', '#! /no/such/sh -e\n', 0o755);
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = `${folder}:/usr/bin:/bin`;

  it.each([
    ['no-such-command', 127, 'not found in PATH: check its name, or give its path'],
    ['./no-such-file', 127, 'no such file'],
    ['/etc/passwd/x', 127, 'no such file'],
    ['no-mode', 126, `no permission to execute "${folder}/no-mode": check its mode, and its mount`],
    ['/etc', 126, '"/etc" is a directory'],
    ['no-interpreter', 127, 'its interpreter "/no/such/sh" does not exist: check its first line'],
  ])('%s: %i', async (name, status, why) => {
    const server = await sandbox();
    const run = await start(server.kubeconfigPath, ['--lock-name', 'x', '--', name], {
      PATH: `${path}:${process.env['PATH'] ?? ''}`,
    });
    expect([run.exitCode, run.stderr]).toEqual([
      status,
      `leader-run: Cannot run "${name}": ${why}`,
    ]);
    expect(await readLease(server, 'x')).toBeNull();
  });

  it('but not one that a later folder of PATH has', async () => {
    const { kubeconfigPath } = await sandbox();
    writeFileSync(join(folder, 'true'), '', { mode: 0o644 });
    const run = await start(kubeconfigPath, ['--lock-name', 'x', '-q', '--', 'true'], {
      PATH: `${path}:${process.env['PATH'] ?? ''}`,
    });
    expect([run.exitCode, run.stderr]).toEqual([0, '']);
  });
});

/** Without PATH the launcher's sh has its own notion of where programs are. */
const maySpareItsPath = spawnSync('env', ['-i', '/bin/sh', '-c', 'command -v node']).status === 0;

describe('without PATH the command is found where execvp looks, and gets no PATH', () => {
  it.each([
    ['started by the launcher', [leaderRun], maySpareItsPath],
    ['started without it', [process.execPath, bundle], true],
  ])('%s', async (_, program, isPossible) => {
    if (!isPossible) return;
    const { kubeconfigPath } = await sandbox();
    const words = [...program, '--lock-name', 'x', '-q', '--', 'env'];
    const run = await execa('env', ['-i', `KUBECONFIG=${kubeconfigPath}`, ...words]);
    expect(run.stdout).toContain('LEADER_RUN_FENCING_TOKEN=');
    expect(run.stdout).not.toMatch(/^PATH=/m);
  });
});

it('says that it leads before the command can say a word', async () => {
  const { kubeconfigPath } = await sandbox();
  for (let round = 0; round < 10; round += 1) {
    const words = ['--lock-name', `x${round}`, '--', 'sh', '-c', 'echo first >&2'];
    const [line] = (await start(kubeconfigPath, words)).stderr.split('\n');
    expect(line).toMatch(/^leader-run: Leading lease /);
  }
});

it('variables of the loader reach the command, and no program before it', async () => {
  const { kubeconfigPath } = await sandbox();
  const script = 'echo "$LD_PRELOAD $LD_LIBRARY_PATH"';
  const run = await start(kubeconfigPath, ['--lock-name', 'x', '-q', '--', 'sh', '-c', script], {
    LD_PRELOAD: '/no/such.so',
    LD_LIBRARY_PATH: '/no/such/folder',
  });
  expect([run.exitCode, run.stdout]).toEqual([0, '/no/such.so /no/such/folder']);
  // ld.so complains in the launcher's sh, which cannot be helped but by a static one, and in the command.
  const complaints = process.env['TESTED_FOLDER'] === undefined ? 2 : 1;
  expect(run.stderr.split('\n')).toHaveLength(complaints);
});

const setpriv = ['--reuid', '60973', '--clear-groups'];
const maySetUser = spawnSync('setpriv', [...setpriv, 'true']).status === 0;

it.runIf(maySetUser)('runs in a working directory that it could not enter', async () => {
  const { kubeconfigPath } = await sandbox();
  const folder = temporaryFolder();
  const config = join(mkdtempSync(join(tmpdir(), 'leader-run-test-')), 'config');
  onTestFinished(() => rmSync(dirname(config), { recursive: true }));
  writeFileSync(config, readFileSync(kubeconfigPath), { mode: 0o644 });
  chmodSync(dirname(config), 0o755);
  const words = ['--lock-name', 'x', '-q', '--', 'readlink', '/proc/self/cwd'];
  const run = await execa('setpriv', [...setpriv, leaderRun, ...words], {
    reject: false,
    cwd: folder,
    env: { KUBECONFIG: config },
  });
  expect([run.stdout, run.stderr]).toEqual([folder, '']);
});

it.runIf(maySetUser)('says so when no process can be started', async () => {
  const script = `ulimit -u 1 && exec ${leaderRun} --version`;
  // bash has `ulimit -u`, dash has not.
  const run = await execa('setpriv', [...setpriv, 'bash', '--norc', '-c', script], {
    reject: false,
  });
  expect(run.exitCode).toBe(125);
  expect(run.stderr).toMatch(/^([^\n]*\n)?leader-run: Cannot start: a limit is reached, [^\n]*$/);
});

/** A copy of what is installed. */
function installed(): string {
  const folder = temporaryFolder();
  for (const name of ['bin', 'dist']) {
    cpSync(resolve(import.meta.dirname, '../..', name), join(folder, name), { recursive: true });
  }
  return folder;
}

it('says so when a part of it is missing', async () => {
  const folder = installed();
  rmSync(join(folder, 'dist', 'program.js'));
  const run = await execa(join(folder, 'bin', 'leader-run'), ['--help'], { reject: false });
  expect(run.exitCode).toBe(125);
  expect(run.stderr).toMatch(
    /^leader-run: Cannot start: .*program\.js.*: install leader-run again$/,
  );
});

describe('the code that V8 keeps beside the program', () => {
  it('is of the program, and this Node takes it', () => {
    const source = readFileSync(join(dist, 'program.js'));
    const file = readFileSync(join(dist, 'program.cache'));
    const cachedData = file.subarray(32);
    const digest = createHash('sha256').update(source).update(cachedData).digest();
    expect(file.subarray(0, 32)).toEqual(digest);
    const { cachedDataRejected } = new Script(source.toString('latin1'), { cachedData });
    expect(cachedDataRejected).toBe(false);
  });

  it('is not taken for that of another program of the same length', async () => {
    const folder = installed();
    const program = join(folder, 'dist', 'program.js');
    const text = readFileSync(program, 'latin1');
    writeFileSync(program, text.replaceAll('Run a command', 'RUN a command'), 'latin1');
    const run = await execa(join(folder, 'bin', 'leader-run'), ['--help']);
    expect(run.stdout).toContain('RUN a command');
  });

  it.each([
    ['is missing', (file: string) => rmSync(file)],
    ['is not code', (file: string) => writeFileSync(file, 'junk')],
    ['is cut short', (file: string) => truncateSync(file, 5000)],
    [
      'is damaged',
      (file: string) => {
        const code = readFileSync(file);
        writeFileSync(file, code.fill(0, code.length / 2));
      },
    ],
  ])('is done without when it %s', async (_, spoil) => {
    const { kubeconfigPath } = await sandbox();
    const folder = installed();
    spoil(join(folder, 'dist', 'program.cache'));
    const words = ['--lock-name', 'x', '-q', '--', 'sh', '-c', 'exit 7'];
    const run = await execa(join(folder, 'bin', 'leader-run'), words, {
      reject: false,
      env: { KUBECONFIG: kubeconfigPath },
    });
    expect([run.exitCode, run.stderr]).toEqual([7, '']);
  });
});
