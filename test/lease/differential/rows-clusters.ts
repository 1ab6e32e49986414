/** Clusters: servers, names and authorities. */
import { base64, clusters, config, row, usual, type Row } from './row.ts';

const noAuthority = { 'certificate-authority-data': undefined };
const broken = '-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n';

/** A server over plain HTTP, and a user who has a secret. */
const plain = (
  name: string,
  server: (port: number) => string,
  user: object = { token: 'secret' },
  difference: string | null = null,
): Row =>
  config(
    name,
    (world) =>
      usual(world, { cluster: { ...noAuthority, server: server(world.ports.plain) }, user }),
    difference,
  );

export const clusterRows: readonly Row[] = [
  ...clusters([
    ['the authority as data', {}],
    ['no authority', noAuthority],
    ['another authority', ({ other }) => ({ 'certificate-authority-data': base64(other.cert) })],
    ['an authority that is empty', { 'certificate-authority-data': '' }],
    ['an authority that is not base64', { 'certificate-authority-data': '---' }],
    ['an authority that is no certificate', { 'certificate-authority-data': 'YWJj' }],
    ['an authority that is broken', { 'certificate-authority-data': base64(broken) }],
    [
      'an authority behind a broken one',
      ({ authority }) => ({ 'certificate-authority-data': base64(broken + authority.cert) }),
    ],
    [
      'an authority in front of a broken one',
      ({ authority }) => ({ 'certificate-authority-data': base64(`${authority.cert}\n${broken}`) }),
    ],
    [
      'an authority among others, with text between',
      ({ authority, other }) => ({
        'certificate-authority-data': base64(`# a\n${other.cert}\nsome text\n${authority.cert}`),
      }),
    ],
    [
      'an authority with its key',
      ({ authority }) => ({ 'certificate-authority-data': base64(authority.key + authority.cert) }),
    ],
    [
      'an intermediate authority alone',
      ({ intermediate, ports }) => ({
        server: `https://localhost:${ports.intermediate}`,
        'certificate-authority-data': base64(intermediate.cert),
      }),
    ],
    [
      'a root whose intermediate the server does not send',
      ({ ports }) => ({ server: `https://localhost:${ports.intermediate}` }),
    ],
    [
      'the certificate of the server as its authority',
      ({ server }) => ({ 'certificate-authority-data': base64(server.cert) }),
    ],
    ['an authority in a file that is missing', { ...noAuthority, 'certificate-authority': 'ca' }],
    ['insecure', { ...noAuthority, 'insecure-skip-tls-verify': true }],
    ['insecure and an authority', { 'insecure-skip-tls-verify': true }],
    ['not insecure', { 'insecure-skip-tls-verify': false }],
    ['insecure as text', { ...noAuthority, 'insecure-skip-tls-verify': 'true' }],
    ['insecure as a number', { ...noAuthority, 'insecure-skip-tls-verify': 1 }],
    ['insecure null', { 'insecure-skip-tls-verify': null }],
    [
      'insecure and another name',
      { ...noAuthority, 'insecure-skip-tls-verify': true, 'tls-server-name': 'x.test' },
    ],
    ['a tls-server-name', { 'tls-server-name': 'api.test' }],
    ['a tls-server-name in capitals', { 'tls-server-name': 'API.test' }],
    ['a tls-server-name with a dot at its end', { 'tls-server-name': 'api.test.' }],
    ['a tls-server-name that the certificate has not', { 'tls-server-name': 'x.test' }],
    ['a tls-server-name that is an address', { 'tls-server-name': '127.0.0.1' }],
    [
      'a tls-server-name that is an address the certificate has not',
      { 'tls-server-name': '127.0.0.2' },
    ],
    ['an empty tls-server-name', { 'tls-server-name': '' }],
    [
      'a certificate with its name in the subject alone',
      ({ ports }) => ({ server: `https://localhost:${ports.nameless}` }),
    ],
    ['an address', ({ ports }) => ({ server: `https://127.0.0.1:${ports.tls}` })],
    ['an IPv6 address', ({ ports }) => ({ server: `https://[::1]:${ports.tls}` })],
    [
      'a name in capitals',
      ({ ports }) => ({ server: `HTTPS://LOCALHOST:${ports.tls}` }),
      'Node writes the names of URLs in lower case; they are the same',
    ],
    [
      'a name with a dot at its end',
      ({ ports }) => ({ server: `https://localhost.:${ports.tls}` }),
    ],
    ['a path', ({ ports }) => ({ server: `https://localhost:${ports.tls}/k8s/c-1` })],
    [
      'a path with a slash at its end',
      ({ ports }) => ({ server: `https://localhost:${ports.tls}/k8s/` }),
    ],
    ['a slash', ({ ports }) => ({ server: `https://localhost:${ports.tls}/` })],
    ['a query', ({ ports }) => ({ server: `https://localhost:${ports.tls}/a?b=c#d` })],
    [
      'user and password in the URL',
      ({ ports }) => ({ server: `https://u:p@localhost:${ports.tls}` }),
    ],
    ['a scheme of another kind', ({ ports }) => ({ server: `ftp://localhost:${ports.tls}` })],
    ['a port that is none', { server: 'https://localhost:x' }],
    ['a port that is too large', { server: 'https://localhost:70000' }],
    ['no host', { server: 'https://' }],
    ['a space', { server: 'https://a b' }],
    ['a path without a scheme', { server: 'localhost/path' }],
    ['nothing that listens', { server: 'https://127.0.0.1:1' }],
    ['a server that is a number', { server: 6443 }],
    ['compression off', { 'disable-compression': true }],
    ['compression off as text', { 'disable-compression': 'true' }],
    ['extensions', { extensions: [{ name: 'a', extension: { b: 1 } }] }],
    [
      'TLS asked of a plain server',
      ({ ports }) => ({ server: `https://localhost:${ports.plain}` }),
    ],
    [
      'plain HTTP asked of a TLS server',
      ({ ports }) => ({ ...noAuthority, server: `http://localhost:${ports.tls}` }),
    ],
    ['no server', { server: undefined }],
  ]),
  ...[
    'insecure-skip-tls-verify: yes',
    'insecure-skip-tls-verify: on',
    'insecure-skip-tls-verify: Y',
  ].map((line) =>
    config(
      `plain YAML: ${line}`,
      ({ ports }) =>
        `current-context: x
clusters: [{name: c, cluster: {server: "https://localhost:${ports.tls}", ${line}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: abc}}]
`,
    ),
  ),
  row('the authority in a file', (world) => ({
    files: {
      config: usual(world, { cluster: { ...noAuthority, 'certificate-authority': './ca.crt' } }),
      'ca.crt': world.authority.cert,
    },
  })),
  row('the authority in a file and as data', (world) => ({
    files: {
      config: usual(world, { cluster: { 'certificate-authority': 'ca.crt' } }),
      'ca.crt': world.authority.cert,
    },
  })),
  row('the authority in a file that is empty', (world) => ({
    files: {
      config: usual(world, { cluster: { ...noAuthority, 'certificate-authority': 'ca.crt' } }),
      'ca.crt': '',
    },
  })),
  plain('plain HTTP with a token', (port) => `http://localhost:${port}`),
  plain('plain HTTP with a password', (port) => `http://localhost:${port}`, {
    username: 'b',
    password: 'p',
  }),
  plain('plain HTTP with as', (port) => `http://localhost:${port}`, {
    token: 't',
    as: 'eve',
    'as-groups': ['g'],
  }),
  plain('plain HTTP with an exec plugin that is missing', (port) => `http://localhost:${port}`, {
    exec: {
      command: './missing',
      apiVersion: 'client.authentication.k8s.io/v1',
      interactiveMode: 'Never',
    },
  }),
  plain('plain HTTP with a provider that is unknown', (port) => `http://localhost:${port}`, {
    'auth-provider': { name: 'x' },
  }),
  plain('plain HTTP with two ways to sign in', (port) => `http://localhost:${port}`, {
    token: 't',
    username: 'b',
  }),
  plain('plain HTTP with a certificate without key', (port) => `http://localhost:${port}`, {
    'client-certificate-data': 'YQ==',
  }),
  plain('plain HTTP with user and password in the URL', (port) => `http://u:p@localhost:${port}`),
  plain('host and port', (port) => `localhost:${port}`),
  plain('address and port', (port) => `127.0.0.1:${port}`),
  plain('IPv6 address and port', (port) => `[::1]:${port}`),
  plain('host and port with a slash', (port) => `localhost:${port}/`),
  config('plain HTTP with an authority that is insecure', ({ ports, authority }) => ({
    ...usual({ ports, authority } as never, {
      cluster: { server: `http://localhost:${ports.plain}`, 'insecure-skip-tls-verify': true },
      user: { token: 't' },
    }),
  })),
  config('host and port with an authority', (world) =>
    usual(world, { cluster: { server: `localhost:${world.ports.plain}` }, user: { token: 't' } }),
  ),
];
