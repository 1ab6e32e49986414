import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kubeconfigFiles } from '../../src/lease/kubeconfig.ts';
import { writeFile } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { failureOf, read } from './kubeconfig-rig.ts';

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

  test('takes a $KUBECONFIG of empty parts for no files at all, as kubectl does', () => {
    const none = { KUBECONFIG: delimiter };
    expect(kubeconfigFiles(null, none, '/home/u')).toEqual({ paths: [], isRequired: false });
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

  test('what is null, missing or unknown is passed over', () => {
    const content =
      'clusters: ~\nusers: [{name: u, user: ~, extra: 1}, {name: v, user: {token: ~, color: red}}]\ncurrent-context:\n';
    const odd = read(writeFile(temporaryFolder(), 'odd', content));
    expect([odd.clusters.size, odd.contexts.size, odd.currentContext]).toEqual([0, 0, null]);
    expect([...odd.users]).toEqual([
      ['u', {}],
      ['v', {}],
    ]);
  });
});

describe('readKubeconfig refuses', () => {
  test.for([
    ['clusters: 7', 'clusters must be a list'],
    ['users: [3]', 'users[0] must be a mapping'],
    ['users: {a: b}', 'users must be a list'],
    ['contexts: [{name: [a]}]', 'contexts[0].name must be text'],
    ['current-context: [x]', 'current-context must be text'],
    ['kind: Pod', 'it is not a kubeconfig: kind is "Pod": it must be "Config"'],
    ['apiVersion: v2', 'it is not a kubeconfig: apiVersion is "v2": it must be "v1"'],
    [
      'users: [{name: u, user: {token: 12345}}]',
      'users[0].user.token must be text: put its value into quotes',
    ],
    [
      'users: [{name: u, user: {exec: {args: [--x, true]}}}]',
      'users[0].user.exec.args[1] must be text: put its value into quotes',
    ],
    [
      'users: [{name: u, user: {exec: {env: [{name: A, value: 1}]}}}]',
      'users[0].user.exec.env[0].value must be text: put its value into quotes',
    ],
    [
      'users: [{name: u, user: {auth-provider: {config: {client-id: 7}}}}]',
      'users[0].user.auth-provider.config.client-id must be text: put its value into quotes',
    ],
    ['users: [{name: u, user: {as-groups: dev}}]', 'users[0].user.as-groups must be a list'],
    [
      'clusters: [{name: c, cluster: {insecure-skip-tls-verify: "yes"}}]',
      'clusters[0].cluster.insecure-skip-tls-verify is "yes": it must be true or false',
    ],
    [
      'clusters: [{name: c, cluster: {insecure-skip-tls-verify: 1}}]',
      'clusters[0].cluster.insecure-skip-tls-verify is "1": it must be true or false',
    ],
    [
      'users: [{name: u, user: {client-key-data: "-----BEGIN KEY-----"}}]',
      'users[0].user.client-key-data must be base64',
    ],
    ['users: [{name: u}, {name: v}, {name: u}]', 'duplicate name "u" in users'],
    ['clusters: [{name: c}, {name: c}]', 'duplicate name "c" in clusters'],
    ['contexts: [{name: c}, {name: c}]', 'duplicate name "c" in contexts'],
  ] as const)('what kubectl refuses, too: %s', ([content, message]) => {
    const path = writeFile(temporaryFolder(), 'config', content);
    expect(failureOf(path)).toBe(`Cannot read kubeconfig "${path}": ${message}`);
  });

  test('what is neither UTF-8 nor says what else it is', () => {
    const path = join(temporaryFolder(), 'config');
    writeFileSync(path, Buffer.from('current-context: gr\u00f6\n', 'latin1'));
    expect(failureOf(path)).toMatch(/: it is not YAML: .*encod/);
  });

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
    const expected = process.getuid?.() === 0 ? /^no failure$/ : /: it cannot be opened: EACCES/;
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
