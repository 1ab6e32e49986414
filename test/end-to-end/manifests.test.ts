/** `leader-run manifests`, as it is called: which namespace it prints. The objects are in test/operate/manifests.test.ts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { leaderRun } from './rig.ts';

const kubeconfig = `
current-context: here
clusters: [{ name: one, cluster: { server: 'http://127.0.0.1:1' } }]
contexts:
  - { name: here, context: { cluster: one, namespace: prod } }
  - { name: there, context: { cluster: one, namespace: staging } }
  - { name: plain, context: { cluster: one } }
`;

async function manifests(files: Readonly<Record<string, string>>, ...flags: string[]) {
  const cwd = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const env = { HOME: cwd, KUBECONFIG: 'config' in files ? join(cwd, 'config') : '' };
  return printed({ cwd, env }, flags);
}

async function printed(
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  flags: readonly string[] = [],
) {
  const args = ['manifests', '--lock-name', 'job', ...flags];
  const { stdout, stderr, exitCode } = await execa(leaderRun, args, { cwd, env, reject: false });
  const objects = loadAll(stdout) as { metadata?: { namespace?: string } }[];
  const namespaces = new Set(objects.map((object) => object.metadata?.namespace));
  return { exitCode, stderr, namespaces: [...namespaces] };
}

test.each([
  ['the context', { config: kubeconfig }, [], 'prod'],
  ['--context', { config: kubeconfig }, ['--context', 'there'], 'staging'],
  ['--kubeconfig', { other: kubeconfig }, ['--kubeconfig', 'other'], 'prod'],
  ['a context without one', { config: kubeconfig }, ['--context', 'plain'], 'default'],
  ['-n', { config: kubeconfig }, ['-n', 'mine'], 'mine'],
  ['-n, beside a kubeconfig that cannot be read', { config: '{' }, ['-n', 'mine'], 'mine'],
  ['no kubeconfig', {}, [], 'default'],
] as const)('the namespace by %s', async (_, files, flags, namespace) => {
  expect(await manifests(files, ...flags)).toEqual({
    exitCode: 0,
    stderr: '',
    namespaces: [namespace],
  });
});

test.each([
  ['an unknown --context', kubeconfig, ['--context', 'nowhere'], 'context "nowhere"'],
  ['that, beside -n', kubeconfig, ['--context', 'nowhere', '-n', 'mine'], 'context "nowhere"'],
  ['an unknown current-context', kubeconfig.replace('here', 'gone'), [], 'context "gone"'],
  ['no current-context', kubeconfig.replace('current-context: here', ''), [], 'a context'],
  ['a kubeconfig that is not YAML', '{', [], 'kubeconfig '],
] as const)('refused: %s', async (_, config, flags, what) => {
  expect(await manifests({ config }, ...flags)).toEqual({
    exitCode: 125,
    stderr: expect.stringMatching(`Cannot (use|choose|read) ${what}`) as string,
    namespaces: [],
  });
});

test('where $KUBECONFIG names a file that is not there, a warning says so, and the namespace', async () => {
  const cwd = temporaryFolder();
  const env = { HOME: cwd, KUBECONFIG: join(cwd, 'missing') };
  expect(await printed({ cwd, env })).toEqual({
    exitCode: 0,
    stderr: `leader-run: Using namespace "default": there is no kubeconfig at "${env.KUBECONFIG}": set -n or $KUBECONFIG`,
    namespaces: ['default'],
  });
});
