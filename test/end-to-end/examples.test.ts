/** The scripts, jobs and units of `examples`, run as their readers' machines would. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { leaderRun, sandbox, start, startBy, waitFor } from './rig.ts';

const examples = resolve(import.meta.dirname, '../../examples');
const script = join(examples, 'migrate.sh');
const path = `${dirname(leaderRun)}:${process.env['PATH'] ?? ''}`;

describe('examples/migrate.sh', () => {
  it.each([
    ['true', 0, 'migrate.sh: done'],
    ['exit 3', 3, 'migrate.sh: the migration failed with 3'],
    ['exit 75', 75, 'migrate.sh: the lease was lost'],
  ])('runs the migration `%s` and exits with %i', async (command, status, said) => {
    const { kubeconfigPath } = await sandbox();
    const run = startBy([script], kubeconfigPath, ['sh', '-c', command], { PATH: path });
    const { exitCode, all } = await run;
    expect(all).toContain(said);
    expect(exitCode).toBe(status);
  });

  it('exits with 124 while someone else migrates', async () => {
    const { kubeconfigPath } = await sandbox();
    const holder = start(kubeconfigPath, [
      '--lock-name',
      'migrate',
      '--',
      'sh',
      '-c',
      'echo runs; exec sleep 1000',
    ]);
    await waitFor(holder.all, 'runs');
    const { exitCode, all } = await startBy([script], kubeconfigPath, ['true'], {
      PATH: path,
      WAIT: '0',
    });
    expect(all).toContain('migrate.sh: someone else is migrating');
    expect(exitCode).toBe(124);
  });

  it('says how it is used', async () => {
    const { exitCode, all } = await startBy([script], '', [], { PATH: path });
    expect(all).toContain('usage: migrate.sh');
    expect(exitCode).toBe(2);
  });
});

/** A folder with a program that notes its arguments, and fails where another runs. */
function workplace(name: string) {
  const folder = temporaryFolder();
  const program = join(folder, name);
  const notes = join(folder, 'notes');
  writeFileSync(notes, '');
  writeFileSync(
    program,
    `#!/bin/sh
mkdir ${folder}/alone || exit 9
echo "$*" >>${notes}
sleep 0.2
rmdir ${folder}/alone
`,
  );
  chmodSync(program, 0o755);
  return { folder, program, runs: () => readFileSync(notes, 'utf8').split('\n').slice(0, -1) };
}

/** The status of a line of shell with `leader-run` in its PATH. */
async function run(
  words: readonly [string, ...string[]],
  kubeconfig: string,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
) {
  const [file, ...args] = words;
  const { exitCode, all } = await execa(file, args, {
    ...{ cwd, reject: false, all: true },
    env: { PATH: path, KUBECONFIG: kubeconfig, ...env },
  });
  return { exitCode, all };
}

const patienceMs = 60_000;

describe('examples/gitlab-ci.yml', () => {
  const jobs = load(readFileSync(join(examples, 'gitlab-ci.yml'), 'utf8')) as Record<
    string,
    { readonly script: readonly string[] }
  >;
  // The shell of GitLab's runner.
  const bash = (job: string) =>
    ['bash', '-c', `set -eo pipefail\n${jobs[job]?.script.join('\n') ?? 'false'}`] as const;

  it('deploys one at a time, each pipeline', { timeout: patienceMs }, async () => {
    const { kubeconfigPath } = await sandbox();
    const { folder, runs } = workplace('deploy.sh');
    const variables = { CI_ENVIRONMENT_NAME: 'production' };
    const pipelines = [1, 2, 3].map(() => run(bash('deploy'), kubeconfigPath, folder, variables));
    expect((await Promise.all(pipelines)).map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(runs()).toEqual(['production', 'production', 'production']);
  });

  it('migrates once for each commit', { timeout: patienceMs }, async () => {
    const { kubeconfigPath } = await sandbox();
    const { folder, runs } = workplace('migrate.sh');
    const pipelines = ['a1', 'a1', 'b2'].map((commit) =>
      run(bash('migrate'), kubeconfigPath, folder, { CI_COMMIT_SHA: commit }),
    );
    expect((await Promise.all(pipelines)).map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(runs()).toHaveLength(2);
  });
});

it('examples/Makefile deploys one at a time', { timeout: patienceMs }, async () => {
  const { kubeconfigPath } = await sandbox();
  const { folder, runs } = workplace('deploy.sh');
  const make = [
    'make',
    '-s',
    '-f',
    join(examples, 'Makefile'),
    'deploy',
    'CONTEXT=sandbox',
  ] as const;
  const people = [1, 2].map(() => run(make, kubeconfigPath, folder));
  expect((await Promise.all(people)).map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(runs()).toEqual(['sandbox', 'sandbox']);
});

it('examples/crontab runs its job once a day, and is silent', { timeout: patienceMs }, async () => {
  const { kubeconfigPath } = await sandbox();
  const { folder, program, runs } = workplace('backup.sh');
  const lines = readFileSync(join(examples, 'crontab'), 'utf8').split('\n');
  const job = lines.find((line) => /^\d/.test(line))?.replace(/^(\S+ ){5}/, '') ?? 'false';
  const line = job.replaceAll('\\%', '%').replace('/usr/local/bin/backup.sh', program);
  for (let start = 0; start < 2; start += 1) {
    const { exitCode, all } = await run(['/bin/sh', '-c', line], kubeconfigPath, folder);
    expect([exitCode, all]).toEqual([0, '']);
  }
  expect(runs()).toHaveLength(1);
});

describe('the units', () => {
  it.each([
    ['nightly.service', 'backup.sh', 1],
    ['worker.service', 'worker', 2],
  ])('examples/%s starts its command', { timeout: patienceMs }, async (unit, name, times) => {
    const { kubeconfigPath } = await sandbox();
    const { folder, program, runs } = workplace(name);
    const text = readFileSync(join(examples, unit), 'utf8');
    const variables = [...text.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(
      ([, key = '', value = '']) => [key, key === 'LEADER_RUN_KUBECONFIG' ? kubeconfigPath : value],
    );
    const [, line = ''] = /^ExecStart=(.*)$/m.exec(text) ?? [];
    const words = line
      .replace('/usr/local/bin/leader-run', leaderRun)
      .replace(`/usr/local/bin/${name}`, program)
      .split(' ') as [string, ...string[]];
    for (let start = 0; start < 2; start += 1) {
      const env = Object.fromEntries(variables) as Record<string, string>;
      expect((await run(words, '', folder, env)).exitCode).toBe(0);
    }
    expect(runs()).toHaveLength(times);
  });
});
