import { describe, expect, test } from 'vitest';
import { writeKubeconfig } from '../fixtures/api/kubeconfig.ts';

import { config, fakePod, messageOf, twoContexts } from '../fixtures/clusters.ts';

describe('loadCluster refuses what client-go refuses', () => {
  const exec = {
    command: 'x',
    apiVersion: 'client.authentication.k8s.io/v1',
    interactiveMode: 'Never',
  };
  const cert = { 'client-certificate-data': 'YQ==' };
  const oidc = (config: unknown) => ({ 'auth-provider': { name: 'oidc', config } });
  const methods =
    'more than one authentication method found for test-user; found [token basicAuth], only one is allowed';

  test.for([
    [{ token: 't', username: 'u' }, methods],
    [{ token: 't', password: 'p' }, methods],
    [
      { tokenFile: '/dev/null', username: 'u' },
      'username/password or bearer token may be set for test-user, but not both',
    ],
    [
      cert,
      'client-key-data or client-key must be specified for test-user to use the clientCert authentication method',
    ],
    [
      { ...cert, 'client-certificate': 'c' },
      'client-cert-data and client-cert are both specified for test-user',
    ],
    [
      { ...cert, 'client-key-data': 'YQ==', 'client-key': 'k' },
      'client-key-data and client-key are both specified for test-user',
    ],
    [
      { 'client-certificate': '/nonexistent/crt', 'client-key': '/nonexistent/key' },
      'unable to read client-certificate /nonexistent/crt for test-user: ENOENT',
    ],
    ...[{ 'as-groups': ['g'] }, { 'as-uid': '7' }, { 'as-user-extra': { a: ['b'] } }].map(
      (user) =>
        [
          user,
          'requesting uid, groups or user-extra for test-user without impersonating a user',
        ] as const,
    ),
    [
      { exec: { ...exec, interactiveMode: undefined } },
      'interactiveMode must be specified for test-user to use exec authentication plugin',
    ],
    [
      { exec: { ...exec, interactiveMode: 'Sometimes' } },
      'invalid interactiveMode for test-user: "Sometimes": it must be Never, IfAvailable or Always',
    ],
    [
      { exec: { ...exec, apiVersion: undefined } },
      'apiVersion must be specified for test-user to use exec authentication plugin',
    ],
    [
      { exec: { ...exec, apiVersion: 'client.authentication.k8s.io/v1alpha1' } },
      'exec plugin: invalid apiVersion "client.authentication.k8s.io/v1alpha1" for test-user: it must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1',
    ],
    [
      { exec: { ...exec, command: '' } },
      'command must be specified for test-user to use exec authentication plugin',
    ],
    [
      { exec: { ...exec, env: [{ value: 'x' }] } },
      'env variable name must be specified for test-user to use exec authentication plugin',
    ],
    [
      { exec, ...oidc({}) },
      'authProvider cannot be provided in combination with an exec plugin for test-user',
    ],
    [oidc(null), 'Must provide idp-issuer-url in auth-provider.config of user "test-user"'],
    [
      oidc({ 'idp-issuer-url': 'https://i' }),
      'Must provide client-id in auth-provider.config of user "test-user"',
    ],
    [
      { 'auth-provider': { name: 'openstack' } },
      'no Auth Provider found for name "openstack" of user "test-user": only oidc is known',
    ],
    [
      { 'auth-provider': {} },
      'no Auth Provider found for name "" of user "test-user": only oidc is known',
    ],
    [
      { 'auth-provider': { name: 'gcp' } },
      'the gcp auth plugin of user "test-user" has been removed from Kubernetes clients: use the exec plugin gke-gcloud-auth-plugin: https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl',
    ],
    [
      { 'auth-provider': { name: 'azure', config: { 'access-token': 't' } } },
      'the azure auth plugin of user "test-user" has been removed from Kubernetes clients: use the exec plugin kubelogin: https://github.com/Azure/kubelogin',
    ],
  ] as const)('in a user: %j', ([user, message]) => {
    expect(messageOf(writeKubeconfig({ server: 'https://c' }, user))).toBe(
      `Cannot use context "test": ${message}`,
    );
  });

  const ca = { 'certificate-authority-data': 'YQ==' };
  const scheme = (found: string) => `unsupported scheme "${found}", must be http, https, or socks5`;

  test.for([
    [
      { ...ca, 'certificate-authority': 'c' },
      'certificate-authority-data and certificate-authority are both specified for test-cluster',
    ],
    [
      { ...ca, 'insecure-skip-tls-verify': true },
      'specifying a root certificates file with the insecure flag is not allowed: cluster "test-cluster" has both certificate-authority and insecure-skip-tls-verify',
    ],
    [
      { 'certificate-authority': '/nonexistent/ca.crt' },
      'unable to read certificate-authority /nonexistent/ca.crt for test-cluster: ENOENT',
    ],
    [
      { 'proxy-url': 'proxy.example.com:3128' },
      `invalid 'proxy-url' "proxy.example.com:3128" for cluster "test-cluster": ${scheme('proxy.example.com')}`,
    ],
    [
      { 'proxy-url': 'proxy' },
      `invalid 'proxy-url' "proxy" for cluster "test-cluster": ${scheme('')}`,
    ],
    [
      { 'proxy-url': 'socks4://user:secret@proxy:1080' },
      `invalid 'proxy-url' "socks4://…@proxy:1080" for cluster "test-cluster": ${scheme('socks4')}`,
    ],
  ] as const)('in a cluster: %j', ([cluster, message]) => {
    expect(messageOf(writeKubeconfig({ server: 'https://c', ...cluster }))).toBe(
      `Cannot use context "test": ${message}`,
    );
  });

  test('a proxy of the environment that is none, without its password', () => {
    const env = { HTTPS_PROXY: 'ftp://user:secret@proxy' };
    expect(messageOf(writeKubeconfig({ server: 'https://c' }), { env })).toBe(
      `Cannot use HTTPS_PROXY "ftp://…@proxy": ${scheme('ftp')}`,
    );
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

  test.for(['ftp://staging', 'https://', 'https://a b', 'staging/path', 'a b', ':6443'])(
    'the server %j',
    (server) => {
      expect(messageOf(writeKubeconfig({ server }))).toBe(
        `Cannot use context "test": the server of its cluster is "${server}": it must be an http:// or https:// URL or a host:port pair`,
      );
    },
  );

  test.for([{ server: '' }, {}])('a cluster without a server: %j', (cluster) => {
    expect(messageOf(writeKubeconfig(cluster))).toBe(
      'Cannot use context "test": no server found for cluster "test-cluster"',
    );
  });

  test('a context that was asked for where there is no kubeconfig, also in a pod', () => {
    expect(messageOf(null, { ...fakePod(), context: 'x' })).toMatch(
      /^Cannot use context "x": there is no kubeconfig at/,
    );
  });
});
