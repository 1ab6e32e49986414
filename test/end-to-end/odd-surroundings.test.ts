/** leader-run where something is missing that is nearly always there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { leaderRun, sandbox, temporaryFolder } from './rig.ts';

const bundle = resolve(import.meta.dirname, '../../dist/leader-run.cjs');

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
