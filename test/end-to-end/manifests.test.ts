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
  const env = { HOME: cwd, KUBECONFIG: join(cwd, 'config') };
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
  ['no kubeconfig', {}, [], 'default'],
  ['a kubeconfig that cannot be read', { config: '{' }, [], 'default'],
] as const)('the namespace by %s', async (_, files, flags, namespace) => {
  expect(await manifests(files, ...flags)).toEqual({
    exitCode: 0,
    stderr: '',
    namespaces: [namespace],
  });
});

test('a context that was asked for and is not there is refused', async () => {
  const { exitCode, stderr } = await manifests({ config: kubeconfig }, '--context', 'nowhere');
  expect([exitCode, stderr]).toEqual([
    125,
    expect.stringContaining('Cannot use context "nowhere"') as string,
  ]);
});
