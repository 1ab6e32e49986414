import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.ts';
import { read } from './kubeconfig-rig.ts';

describe('readKubeconfig reads YAML as Go does', () => {
  /** The sections of a file with this content. */
  const ofContent = (content: string | Buffer) => {
    const path = join(temporaryFolder(), 'config');
    writeFileSync(path, content);
    return read(path);
  };

  test('with merge keys, which go after the keys beside them', () => {
    const { users, clusters } = ofContent(`
common: &common {as: bob, token: shared}
users:
- {name: a, user: {<<: *common}}
- {name: b, user: {<<: *common, token: own}}
- name: c
  user:
    token: own
    <<: [*common, {as: eve, as-uid: "7"}]
base: &base {certificate-authority-data: Y2E=}
clusters:
- {name: c, cluster: {<<: *base, server: "https://c"}}
`);
    expect([...users.values()]).toEqual([
      { as: 'bob', token: 'shared' },
      { as: 'bob', token: 'own' },
      { as: 'bob', token: 'own', 'as-uid': '7' },
    ]);
    expect(clusters.get('c')).toEqual({
      server: 'https://c',
      'certificate-authority-data': 'Y2E=',
    });
  });

  test('with the last of several keys of one name', () => {
    const { currentContext, clusters, users } = ofContent(
      'current-context: one\nusers: [{name: u, user: {token: a, token: b}}]\ncurrent-context: two\nclusters: []\nclusters: [{name: c}]\n',
    );
    expect(currentContext).toBe('two');
    expect(users.get('u')).toEqual({ token: 'b' });
    expect([...clusters.keys()]).toEqual(['c']);
  });

  test.for([
    'current-context: x\n---\nusers: [\n',
    '# a comment\n%YAML 1.1\n---\ncurrent-context: x\n...\n]]]\n',
    '--- {current-context: x}\n--- [',
    'current-context: x\r\n---\r\n}',
  ])('and nothing behind the first document: %j', (content) => {
    expect(ofContent(content).currentContext).toBe('x');
  });

  test.for([
    ['UTF-8', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16, little end first', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16, big end first', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ] as const)('in %s with a byte order mark', ([, encode]) => {
    expect(ofContent(encode('current-context: größe\n')).currentContext).toBe('größe');
  });

  test.for([
    ['yes', true],
    ['Yes', true],
    ['on', true],
    ['y', true],
    ['TRUE', true],
    ['no', false],
    ['off', false],
    ['n', false],
  ] as const)('with the booleans of YAML 1.1: %s', ([word, expected]) => {
    const { clusters, users } = ofContent(
      `clusters: [{name: c, cluster: {insecure-skip-tls-verify: ${word}}}]\nusers: [{name: u, user: {exec: {provideClusterInfo: ${word}}}}]`,
    );
    expect(clusters.get('c')).toEqual({ 'insecure-skip-tls-verify': expected });
    expect(users.get('u')).toEqual({ exec: { provideClusterInfo: expected } });
  });

  test.for(['yes', 'off', '2024-01-05', '12:30', '0x10', '1_000', '017', '1e3', '.inf'])(
    'and a name is as it is written: %s',
    (name) => {
      const { contexts, currentContext } = ofContent(
        `current-context: ${name}\ncontexts: [{name: ${name}, context: {cluster: ${name}, user: ${name}, namespace: ${name}}}]`,
      );
      expect(currentContext).toBe(name);
      expect([...contexts]).toEqual([[name, { cluster: name, user: name, namespace: name }]]);
    },
  );

  test('and the config of an exec plugin is what the values are', () => {
    const { clusters } = ofContent(
      'clusters: [{name: c, cluster: {extensions: [{name: e, extension: {a: yes, b: "yes", c: 017, d: 1e3, e: ~, f: [2024-01-05]}}]}}]',
    );
    expect(clusters.get('c')).toEqual({
      extensions: [
        { name: 'e', extension: { a: true, b: 'yes', c: 15, d: 1000, e: null, f: ['2024-01-05'] } },
      ],
    });
  });
});
