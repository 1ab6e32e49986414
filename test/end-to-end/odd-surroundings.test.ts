/** leader-run where something is missing that is nearly always there. */
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { leaderRun, sandbox } from './rig.ts';
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

const setpriv = ['--reuid', '60973', '--clear-groups'];
const maySetUser = spawnSync('setpriv', [...setpriv, 'true']).status === 0;

it.runIf(maySetUser)('says so when no process can be started', async () => {
  const script = `ulimit -u 1 && exec ${leaderRun} --version`;
  // bash has `ulimit -u`, dash has not.
  const run = await execa('setpriv', [...setpriv, 'bash', '-c', script], { reject: false });
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
    writeFileSync(program, text.replaceAll('Usage: leader-run', 'USAGE: leader-run'), 'latin1');
    const run = await execa(join(folder, 'bin', 'leader-run'), ['--help']);
    expect(run.stdout).toContain('USAGE: leader-run');
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
