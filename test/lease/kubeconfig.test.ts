import { chmodSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kubeconfigFiles, readKubeconfig, type Kubeconfig } from '../../src/lease/kubeconfig.ts';
import { writeFile } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

function read(...paths: string[]): Kubeconfig {
  const result = readKubeconfig({ paths, isRequired: false });
  if (result.id === 'failed') throw new Error(result.message);
  return result.kubeconfig;
}

function failureOf(path: string): string {
  const result = readKubeconfig({ paths: [path], isRequired: true });
  return result.id === 'failed' ? result.message : 'no failure';
}

describe('kubeconfigFiles', () => {
  const env = { KUBECONFIG: ['/a', '', '/b'].join(delimiter) };

  test('takes the flag alone, and the file must exist', () => {
    expect(kubeconfigFiles('/flag:x', env, '/home/u')).toEqual({
      paths: ['/flag:x'],
      isRequired: true,
    });
  });

  test('splits $KUBECONFIG and leaves out empty parts', () => {
    expect(kubeconfigFiles(null, env, '/home/u')).toEqual({
      paths: ['/a', '/b'],
      isRequired: false,
    });
  });

  test('looks into the home directory when $KUBECONFIG is unset or empty', () => {
    const expected = { paths: ['/home/u/.kube/config'], isRequired: false };
    expect(kubeconfigFiles(null, {}, '/home/u')).toEqual(expected);
    expect(kubeconfigFiles(null, { KUBECONFIG: '' }, '/home/u')).toEqual(expected);
  });
});

describe('readKubeconfig merges', () => {
  test('the first mention of a name wins and nothing throws on duplicates', () => {
    const folder = temporaryFolder();
    const first = writeFile(
      folder,
      'first',
      'clusters:\n- {name: c, cluster: {server: "https://first"}}\n',
    );
    const second = writeFile(
      folder,
      'second',
      `current-context: two
clusters:
- {name: c, cluster: {server: "https://second"}}
- {name: d, cluster: {server: "https://d"}}
`,
    );
    const third = writeFile(folder, 'third', 'current-context: three\n');
    const merged = read(first, second, third);
    expect(merged.clusters.get('c')).toEqual({ server: 'https://first' });
    expect(merged.clusters.get('d')).toEqual({ server: 'https://d' });
    expect(merged.currentContext).toBe('two');
    expect(merged.files).toEqual([first, second, third]);
  });

  test('files that do not exist are skipped', () => {
    const folder = temporaryFolder();
    const there = writeFile(folder, 'there', 'current-context: x\n');
    expect(read(join(folder, 'missing'), there).files).toEqual([there]);
  });

  test('an empty file counts as empty configuration', () => {
    const folder = temporaryFolder();
    for (const content of ['', '\n# nothing\n', '---\n', 'null']) {
      expect(read(writeFile(folder, 'empty', content)).contexts.size).toBe(0);
    }
  });

  test('relative paths belong to the folder of their own file', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    const file = writeFile(
      join(folder, 'sub'),
      'config',
      `
clusters:
- {name: c, cluster: {certificate-authority: ../ca.crt}}
users:
- {name: u, user: {client-certificate: u.crt, client-key: /abs/u.key, tokenFile: token}}
- {name: relative, user: {exec: {command: ./bin/plugin}}}
- {name: in-path, user: {exec: {command: plugin}}}
`,
    );
    const { clusters, users } = read(file);
    expect(clusters.get('c')).toEqual({ 'certificate-authority': join(folder, 'ca.crt') });
    expect(users.get('u')).toEqual({
      'client-certificate': join(folder, 'sub/u.crt'),
      'client-key': '/abs/u.key',
      tokenFile: join(folder, 'sub/token'),
    });
    expect(users.get('relative')).toEqual({ exec: { command: join(folder, 'sub/bin/plugin') } });
    expect(users.get('in-path')).toEqual({ exec: { command: 'plugin' } });
  });

  test('sections and entries of the wrong kind are passed over', () => {
    const folder = temporaryFolder();
    const file = writeFile(
      folder,
      'odd',
      'clusters: 7\nusers: [null, 3, {user: {}}, {name: u}]\ncontexts: {a: b}\ncurrent-context: [x]\n',
    );
    const odd = read(file);
    expect([odd.clusters.size, odd.contexts.size, odd.currentContext]).toEqual([0, 0, null]);
    expect([...odd.users]).toEqual([['u', {}]]);
  });
});

describe('readKubeconfig refuses', () => {
  test('a file of the flag that does not exist', () => {
    expect(failureOf('/nonexistent/config')).toBe(
      'Cannot read kubeconfig "/nonexistent/config": it does not exist: give the path of an existing file',
    );
  });

  test('what is no file', () => {
    expect(failureOf(temporaryFolder())).toMatch(
      /^Cannot read kubeconfig ".*": it cannot be opened: EISDIR/,
    );
  });

  test('a file that may not be read', () => {
    const path = writeFile(temporaryFolder(), 'secret', 'current-context: x\n');
    chmodSync(path, 0o000);
    // Root reads everything: there the file is simply read.
    const expected = process.getuid?.() === 0 ? /^no failure$/ : /as it cannot be opened: EACCES/;
    expect(failureOf(path)).toMatch(expected);
  });

  test('what is not YAML, with the place', () => {
    const path = writeFile(temporaryFolder(), 'broken', 'clusters:\n- {name: c\nusers: [\n');
    const message = failureOf(path);
    expect(message).toMatch(/^Cannot read kubeconfig ".*broken": it is not YAML: .*\(\d+:\d+\)/);
    expect(message).not.toContain('\n');
  });

  test('YAML that is no mapping', () => {
    const path = writeFile(temporaryFolder(), 'list', '- a\n- b\n');
    expect(failureOf(path)).toContain('it is not a kubeconfig: the top level is not a mapping');
  });
});
