/** Exec plugins. */
import { base64, row, usual, type Row } from './row.ts';
import type { World } from './world.ts';

const v1 = 'client.authentication.k8s.io/v1';
const v1beta1 = 'client.authentication.k8s.io/v1beta1';
const credential = (status: unknown, apiVersion = v1) =>
  JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
const token = credential({ token: 'abc' });

interface Plugin {
  readonly exec?: object;
  /** What it prints. */
  readonly prints?: string | ((world: World) => string);
  /** What it does instead, as a shell script. */
  readonly does?: string;
  readonly user?: object;
  readonly userOf?: (world: World) => object;
  readonly cluster?: object;
}

function plugin(name: string, made: Plugin, difference: string | null = null): Row {
  return row(
    name,
    (world) => {
      const { exec, prints = token, does = 'exec cat "$(dirname "$0")/printed"' } = made;
      const { user = {}, userOf = () => user, cluster = {} } = made;
      const whole = { command: './plugin', apiVersion: v1, interactiveMode: 'Never', ...exec };
      return {
        files: {
          config: usual(world, { user: { exec: whole, ...userOf(world) }, cluster }),
          plugin: `#!/bin/sh\n${does}\n`,
          printed: typeof prints === 'function' ? prints(world) : prints,
        },
      };
    },
    difference,
  );
}

/** It prints what it was told as its token. */
const tells = (what: string) =>
  `t=$(printf %s "${what}" | base64 | tr -d '\\n=' | tr '/+' '_-')
printf '{"apiVersion":"${v1}","kind":"ExecCredential","status":{"token":"%s"}}' "$t"`;

export const execRows: readonly Row[] = [
  plugin('a token', {}),
  plugin('v1beta1', { exec: { apiVersion: v1beta1 }, prints: credential({ token: 'b' }, v1beta1) }),
  plugin('v1beta1 without interactiveMode', {
    exec: { apiVersion: v1beta1, interactiveMode: undefined },
    prints: credential({ token: 'b' }, v1beta1),
  }),
  plugin('v1alpha1', { exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1' } }),
  plugin('v1alpha1 beside a token', {
    exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1' },
    user: { token: 't' },
  }),
  plugin('an apiVersion of nobody', { exec: { apiVersion: 'x' } }),
  plugin('without apiVersion', { exec: { apiVersion: undefined } }),
  plugin('v1 without interactiveMode', { exec: { interactiveMode: undefined } }),
  plugin('with another interactiveMode', { exec: { interactiveMode: 'Sometimes' } }),
  plugin('interactive if available', { exec: { interactiveMode: 'IfAvailable' } }),
  plugin('always interactive, without a terminal', { exec: { interactiveMode: 'Always' } }),
  plugin('without command', { exec: { command: '' } }),
  plugin('with command null', { exec: { command: null } }),
  plugin('a command that is missing', { exec: { command: './missing' } }),
  plugin('a command that is missing in PATH', { exec: { command: 'no-such-plugin' } }),
  plugin('a command that is beside the kubeconfig but not in PATH', {
    exec: { command: 'plugin' },
  }),
  plugin('a command by way of another folder', { exec: { command: 'home/../plugin' } }),
  plugin('a command that may not be executed', { exec: { command: './printed' } }),
  plugin('a command in PATH', {
    exec: { command: 'cat', args: ['printed'] },
  }),
  plugin('args', { exec: { args: ['a b', ''] }, does: tells('$#:$1:$2') }),
  plugin('args that are no text', { exec: { args: ['--x', true] } }),
  plugin('args with a number', { exec: { args: [1] } }),
  plugin('args that are text', { exec: { args: '--x' } }),
  plugin('args null', { exec: { args: null } }),
  plugin('env', { exec: { env: [{ name: 'A', value: 'x y' }] }, does: tells('$A') }),
  plugin('env that is empty', {
    exec: { env: [{ name: 'HOME', value: '' }] },
    does: tells('$HOME'),
  }),
  plugin('env without a name', { exec: { env: [{ value: 'x' }] } }),
  plugin('env with a number', { exec: { env: [{ name: 'A', value: 1 }] } }),
  plugin('env null', { exec: { env: null } }),
  plugin('what it is told', { does: tells('$KUBERNETES_EXEC_INFO') }),
  plugin('what it is told of the cluster', {
    exec: { provideClusterInfo: true },
    does: tells('$KUBERNETES_EXEC_INFO'),
  }),
  plugin('what it is told of the cluster, with all there is', {
    exec: { provideClusterInfo: true },
    cluster: {
      'tls-server-name': 'api.test',
      'disable-compression': true,
      extensions: [
        { name: 'other', extension: { a: 1 } },
        {
          name: 'client.authentication.k8s.io/exec',
          extension: { audience: 'x', l: [true], n: 1.5 },
        },
      ],
    },
    does: tells('$KUBERNETES_EXEC_INFO'),
  }),
  plugin('what it is told of an insecure cluster', {
    exec: { provideClusterInfo: true },
    cluster: { 'certificate-authority-data': undefined, 'insecure-skip-tls-verify': true },
    does: tells('$KUBERNETES_EXEC_INFO'),
  }),
  plugin('that reads its stdin', { does: `cat >/dev/null; ${tells('$(id -u)')}` }),
  plugin('that says something', { does: `echo hello >&2; ${tells('x')}` }),
  plugin('that fails', { does: 'echo no >&2; exit 1' }),
  plugin('that fails after it has printed', { does: `${tells('x')}; exit 1` }),
  plugin('that is killed', { does: 'kill -KILL $$' }),
  plugin('nothing', { prints: '' }),
  plugin('rubbish', { prints: 'Please log in' }),
  plugin('YAML', { prints: `apiVersion: ${v1}\nkind: ExecCredential\nstatus:\n  token: abc\n` }),
  plugin('JSON with a byte order mark', { prints: `\ufeff${token}` }),
  plugin('JSON with spaces round it', { prints: `\n  ${token}\n\n` }),
  plugin('another version', { prints: credential({ token: 'abc' }, v1beta1) }),
  plugin('no version', {
    prints: JSON.stringify({ kind: 'ExecCredential', status: { token: 'a' } }),
  }),
  plugin('another kind', { prints: JSON.stringify({ apiVersion: v1, kind: 'Pod' }) }),
  plugin('no status', { prints: JSON.stringify({ apiVersion: v1, kind: 'ExecCredential' }) }),
  plugin('an empty status', { prints: credential({}) }),
  plugin('an empty token', { prints: credential({ token: '' }) }),
  plugin('a token that has expired', {
    prints: credential({ token: 'abc', expirationTimestamp: '2020-01-01T00:00:00Z' }),
  }),
  plugin('a token that will expire', {
    prints: credential({ token: 'abc', expirationTimestamp: '2099-01-01T00:00:00+02:00' }),
  }),
  plugin('a time that is none', {
    prints: credential({ token: 'abc', expirationTimestamp: 'soon' }),
  }),
  plugin('a token that is a number', { prints: credential({ token: 1 }) }),
  plugin('a certificate', {
    prints: ({ alice }) =>
      credential({ clientCertificateData: alice.cert, clientKeyData: alice.key }),
  }),
  plugin('a certificate and a token', {
    prints: ({ alice }) =>
      credential({ token: 'a', clientCertificateData: alice.cert, clientKeyData: alice.key }),
  }),
  plugin('a certificate without key', {
    prints: ({ alice }) => credential({ token: 'a', clientCertificateData: alice.cert }),
  }),
  plugin('a certificate that is broken', {
    prints: credential({ clientCertificateData: 'x', clientKeyData: 'y' }),
  }),
  plugin('beside a token', { user: { token: 'mine' } }),
  plugin('beside a password', { user: { username: 'bob', password: 'p' } }),
  plugin('beside a certificate', {
    userOf: ({ bob }) => ({
      'client-certificate-data': base64(bob.cert),
      'client-key-data': base64(bob.key),
    }),
  }),
  plugin('beside a provider', {
    user: {
      'auth-provider': { name: 'oidc', config: { 'idp-issuer-url': 'http://x', 'client-id': 'c' } },
    },
  }),
  plugin('with as', { user: { as: 'eve' } }),
];
