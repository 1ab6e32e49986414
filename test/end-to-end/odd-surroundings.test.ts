/** leader-run where something is missing that is nearly always there. */
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Script } from 'node:vm';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { leaderRun, sandbox, temporaryFolder } from './rig.ts';

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
  for (let limit = 20; limit <= 30; limit += 1) {
    const script = `ulimit -n ${limit} && exec ${leaderRun} --lock-name x -q -- sh -c 'exit 7'`;
    const run = await execa('sh', ['-c', script], {
      reject: false,
      env: { KUBECONFIG: kubeconfigPath },
    });
    expect([7, 125]).toContain(run.exitCode);
    if (run.exitCode === 125) expect(run.stderr).toMatch(/^(leader-run: Cannot [^\n]*\n?)+$/);
  }
});

describe('the code that V8 keeps beside the program', () => {
  /** A copy of what is installed. */
  function installed(): string {
    const folder = temporaryFolder();
    for (const name of ['bin', 'dist']) {
      cpSync(resolve(import.meta.dirname, '../..', name), join(folder, name), { recursive: true });
    }
    return folder;
  }

  it('is of the program, and this Node takes it', () => {
    const { cachedDataRejected } = new Script(readFileSync(join(dist, 'program.js'), 'latin1'), {
      cachedData: readFileSync(join(dist, 'program.cache')),
    });
    expect(cachedDataRejected).toBe(false);
  });

  it.each([
    ['is missing', (file: string) => rmSync(file)],
    ['is not code', (file: string) => writeFileSync(file, 'junk')],
    ['is cut short', (file: string) => truncateSync(file, 5000)],
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
