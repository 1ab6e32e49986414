import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunOptions } from '../../src/cli/options.ts';
import { read } from '../cli/run-line.ts';
import { readText, root } from './files.ts';

interface Container {
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [Container];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly rules?: readonly {
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec };
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
  };
}

interface GitLabJob {
  readonly script: readonly string[];
}

function example(name: string): string {
  return readText(join('examples', name));
}

function manifests(name: string): Manifest[] {
  return loadAll(example(name)) as Manifest[];
}

/** The options of leader-run, which must not have anything to complain about. */
function accepted(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunOptions {
  const line = read(words, env);
  if (line.id !== 'run') throw new Error(`Not accepted: ${JSON.stringify(line)}`);
  expect(line.options.warnings).toEqual([]);
  return line.options;
}

/** The words of a line behind the first "leader-run". */
function wordsOf(line: string): string[] {
  const [, words = ''] = /\bleader-run (.*)$/.exec(line) ?? [];
  return words.split(' ');
}

const rights = manifests('rbac.yaml').find(({ kind }) => kind === 'Role')?.rules ?? [];

describe('the manifests', () => {
  const files = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.yaml'));

  it.each(files)('%s: every object has what an object needs', (name) => {
    for (const { apiVersion, kind, metadata } of manifests(name))
      expect([apiVersion, kind, metadata.name, metadata.namespace]).not.toContain(undefined);
  });

  it('grant what leader-run needs, and nothing more', () => {
    expect(rights.flatMap(({ verbs }) => verbs).toSorted()).toEqual([
      'create',
      'get',
      'update',
      'watch',
    ]);
  });

  it.each(['deployment.yaml', 'cronjob.yaml'])(
    '%s: the Pod may lead, and has the time to stop',
    (name) => {
      const [{ spec } = {}] = manifests(name);
      const pod = spec?.template?.spec ?? spec?.jobTemplate?.spec.template.spec;
      if (pod === undefined) throw new Error(`${name} has no Pod`);
      const [container] = pod.containers;
      const env = Object.fromEntries(container.env.map((one) => [one.name, one.value ?? 'pod']));
      const options = accepted(['--', ...(container.args ?? ['./worker'])], env);
      const names = rights.flatMap(({ resourceNames = [] }) => resourceNames);
      expect(names).toContain(options.lockName);
      expect(pod.terminationGracePeriodSeconds * 1_000).toBe(
        options.settings.gracePeriodMs + 5_000,
      );
      expect(manifests('rbac.yaml').map(({ metadata }) => metadata.name)).toContain(
        pod.serviceAccountName,
      );
    },
  );
});

describe('the lines that start leader-run', () => {
  it('in the crontab', () => {
    const jobs = example('crontab')
      .split('\n')
      .filter((line) => /^[\d*]/.test(line));
    expect(jobs).toHaveLength(1);
    for (const job of jobs) {
      expect(job).toMatch(/^(?:[\d*,/-]+ ){5}leader-run /);
      // cron takes % for a line break.
      expect(job).not.toMatch(/[^\\]%/);
      expect(accepted(wordsOf(job.replace(/"\$\(.*?\)"/, '2026-01-01')))).toMatchObject({
        flags: { conflictExitCode: 0 },
        settings: { waitMs: 0 },
      });
    }
  });

  it('in the systemd unit', () => {
    const unit = example('worker.service');
    const env = Object.fromEntries(
      [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    );
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    expect(accepted(wordsOf(command), env)).toMatchObject({ lockName: 'worker' });
  });

  it('in the unit of the job', () => {
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(example('nightly.service')) ?? [];
    expect(accepted(wordsOf(command))).toMatchObject({
      settings: { once: { id: 'period' }, waitMs: 0 },
    });
  });

  it('in the Makefile', () => {
    const printed = execFileSync('make', ['-n', '-f', join(root, 'examples/Makefile'), 'deploy']);
    expect(accepted(wordsOf(printed.toString().trim()))).toMatchObject({
      flags: { context: 'staging' },
      command: ['./deploy.sh', 'staging'],
    });
  });

  it('in the GitLab CI jobs', () => {
    const { migrate, deploy } = load(example('gitlab-ci.yml')) as Record<string, GitLabJob>;
    expect(accepted(wordsOf(migrate?.script[0] ?? ''))).toMatchObject({
      lockName: 'migrate',
      settings: { once: { id: 'key' }, waitMs: 1_800_000 },
    });
    expect(accepted(wordsOf(deploy?.script[0] ?? ''))).toMatchObject({ lockName: 'deploy' });
  });

  it('in the README and the pages', () => {
    const pages = ['README.md', 'docs/scripts-and-cron.md', 'docs/terminal.md'];
    const lines = pages.flatMap((page) => {
      const text = readText(page);
      return [...text.matchAll(/^(?:\$ )?leader-run (?!sandbox)--?\w.*$/gm)].map(([line]) => line);
    });
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) accepted(wordsOf(line.replace(/"\$\(.*?\)"/, 'key')));
  });
});

it('the shell script is one', () => {
  execFileSync('sh', ['-n', join(root, 'examples/migrate.sh')]);
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

it.skipIf(!hasSystemd).each(['worker.service', 'nightly.timer'])('systemd takes %s', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'leader-run-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const unit = join(folder, name);
  // It asks for the program as well, and for the service of a timer.
  for (const each of [name, 'nightly.service'])
    writeFileSync(
      join(folder, each),
      example(each).replace('/usr/local/bin/leader-run', process.execPath),
    );
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
