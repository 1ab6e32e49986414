import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { load, loaded, writeFile, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const twoContexts = `
current-context: staging
clusters:
- {name: s, cluster: {server: "https://staging:6443/"}}
- {name: p, cluster: {server: "https://[fd00::1]:6443/k8s/clusters/c-x"}}
users:
- {name: alice, user: {token: t}}
contexts:
- {name: staging, context: {cluster: s, user: alice, namespace: team}}
- {name: prod, context: {cluster: p}}
- {name: no-cluster, context: {cluster: nowhere, user: alice}}
- {name: no-user, context: {cluster: s, user: nobody}}
`;

function config(content: string): string {
  return writeFile(temporaryFolder(), 'config', content);
}

function messageOf(...args: Parameters<typeof load>): string {
  const result = load(...args);
  return result.id === 'failed' ? result.message : 'no failure';
}

describe('loadCluster reads a kubeconfig', () => {
  test('the current context gives server and namespace', () => {
    const { server, context, namespace } = loaded(config(twoContexts));
    expect({ server: server.href, context, namespace }).toEqual({
      server: 'https://staging:6443/',
      context: 'staging',
      namespace: 'team',
    });
  });

  test('--context goes before the current context, and a namespace is "default" if none is named', () => {
    const { server, context, namespace } = loaded(config(twoContexts), { context: 'prod' });
    expect({ server: server.href, context, namespace }).toEqual({
      server: 'https://[fd00::1]:6443/k8s/clusters/c-x',
      context: 'prod',
      namespace: 'default',
    });
  });

  test('~/.kube/config is read when there is neither flag nor variable', () => {
    const homeDirectory = temporaryFolder();
    mkdirSync(join(homeDirectory, '.kube'));
    writeFile(join(homeDirectory, '.kube'), 'config', twoContexts);
    expect(loaded(null, { homeDirectory }).context).toBe('staging');
  });

  test('$KUBECONFIG is a list, merged', () => {
    const users = config('users: [{name: alice, user: {token: other}}]');
    const env = { KUBECONFIG: `${users}:/nonexistent/config:${config(twoContexts)}` };
    expect(loaded(null, { env }).context).toBe('staging');
  });

  test('an explicit flag goes before $KUBECONFIG and before the service account', () => {
    const pod = fakePod();
    const env = { ...pod.env, KUBECONFIG: '/nonexistent' };
    expect(loaded(config(twoContexts), { ...pod, env }).context).toBe('staging');
  });
});

describe('loadCluster in a pod', () => {
  test('takes the service account and its namespace', () => {
    const { server, context, namespace } = loaded(null, fakePod());
    expect({ server: server.href, context, namespace }).toEqual({
      server: 'https://10.0.0.1/',
      context: null,
      namespace: 'of-the-account',
    });
  });

  test('POD_NAMESPACE goes before the namespace of the account', () => {
    const pod = fakePod();
    const env = { ...pod.env, POD_NAMESPACE: 'of-the-pod' };
    expect(loaded(null, { ...pod, env }).namespace).toBe('of-the-pod');
  });

  test('puts brackets round an IPv6 address and speaks TLS on every port', () => {
    const pod = fakePod();
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '8080' };
    expect(loaded(null, { ...pod, env }).server.href).toBe('https://[fd00::1]:8080/');
  });

  test('a kubeconfig that exists goes before it', () => {
    const pod = fakePod();
    const env = { ...pod.env, KUBECONFIG: config(twoContexts) };
    expect(loaded(null, { ...pod, env }).context).toBe('staging');
  });
});

describe('loadCluster refuses', () => {
  test('no configuration at all, and does not fall back to localhost', () => {
    expect(messageOf(null, { homeDirectory: '/home/nobody' })).toBe(
      'Cannot find a cluster: there is no kubeconfig at "/home/nobody/.kube/config" and no service account of a pod: set --kubeconfig or $KUBECONFIG',
    );
  });

  test('an explicit kubeconfig without anything in it, also in a pod', () => {
    const message =
      /^Cannot use kubeconfig ".*": it has no contexts: set --kubeconfig or \$KUBECONFIG to another$/;
    expect(messageOf(config(''), fakePod())).toMatch(message);
    expect(messageOf(config(''), { context: 'staging' })).toMatch(message);
  });

  test.for([
    [
      'a context that is not there, with those that are',
      'production',
      /^Cannot use context "production": kubeconfig ".*config" does not have it: contexts are "staging", "prod", "no-cluster", "no-user"$/,
    ],
    [
      'a context whose cluster is not there',
      'no-cluster',
      /^Cannot use context "no-cluster": kubeconfig ".*" does not have its cluster "nowhere"$/,
    ],
    [
      'a context whose user is not there',
      'no-user',
      /^Cannot use context "no-user": kubeconfig ".*" does not have its user "nobody"$/,
    ],
  ] as const)('%s', ([, context, message]) => {
    expect(messageOf(config(twoContexts), { context })).toMatch(message);
  });

  test('contexts of which none is chosen', () => {
    const content = twoContexts.replace('current-context: staging', '');
    expect(messageOf(config(content))).toMatch(
      /^Cannot choose a context: kubeconfig ".*" has no current-context: set --context to one of "staging", "prod",/,
    );
  });

  test.for(['', 'staging:6443', 'ftp://staging', 'https://', 'https://a b'])(
    'the server %j',
    (server) => {
      expect(messageOf(writeKubeconfig({ server }))).toBe(
        `Cannot use context "test": the server of its cluster is "${server}": it must be an http:// or https:// URL`,
      );
    },
  );

  test('a context that was asked for where there is no kubeconfig, also in a pod', () => {
    expect(messageOf(null, { ...fakePod(), context: 'x' })).toMatch(
      /^Cannot use context "x": there is no kubeconfig at/,
    );
  });
});

function fakePod() {
  const serviceAccountDirectory = temporaryFolder();
  writeFile(serviceAccountDirectory, 'token', 'abc\n');
  writeFile(serviceAccountDirectory, 'namespace', 'of-the-account');
  writeFile(serviceAccountDirectory, 'ca.crt', '');
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
  return { serviceAccountDirectory, env };
}
