/** Users: every way to sign in, alone and together, right and wrong. */
import { base64, config, row, usual, users, type Row } from './row.ts';
import { freshToken, jwt, type World } from './world.ts';

const inline = ({ cert, key }: { cert: string; key: string }) => ({
  'client-certificate-data': base64(cert),
  'client-key-data': base64(key),
});
const alice = (world: World) => inline(world.alice);
const oidc = (settings: object | null, beside: object = {}) => ({
  'auth-provider': { name: 'oidc', config: settings },
  ...beside,
});
/** Where a kubeconfig has nothing to sign in with. */
const asks = 'kubectl asks a person for a name and a password; client-go goes in as anonymous';
const expired = jwt(1_000_000_000);
const issuer = (world: World) => ({
  'idp-issuer-url': `http://127.0.0.1:${world.issuer}`,
  'client-id': 'me',
});

const withFile = (name: string, content: string, user: object, difference?: string): Row =>
  row(name, (world) => ({ files: { config: usual(world, { user }), token: content } }), difference);

export const userRows: readonly Row[] = [
  ...users([
    ['nothing', {}, asks],
    ['null', null, asks],
    ['a token', { token: 'abc' }],
    ['a token of all characters', { token: 'aB1-._~+/=' }],
    ['a token with spaces round it', { token: '  abc ' }],
    ['a token with a space inside', { token: 'a b' }],
    ['a token with a line break', { token: 'a\nb' }],
    ['a token with a line break at its end', { token: 'abc\n' }],
    ['an empty token', { token: '' }, asks],
    ['a token that is null', { token: null }, asks],
    ['a token that is a number', { token: 12345 }],
    ['a token that is a list', { token: ['a'] }],
    ['name and password', { username: 'bob', password: 'p:w' }],
    ['name and password beyond ASCII', { username: 'bøb', password: 'łódź' }],
    ['a name alone', { username: 'bob' }],
    ['a password alone', { password: 'p' }, asks],
    ['token and name', { token: 'abc', username: 'bob' }],
    ['token and password', { token: 'abc', password: 'p' }],
    ['a password that is a number', { username: 'bob', password: 12 }],
    ['a token file that is missing', { tokenFile: 'token' }],
    ['a token file that is a folder', { tokenFile: '.' }],
    ['a token file that is missing, and a token', { tokenFile: 'token', token: 'beside' }],
    ['a field of another spelling', { Token: 'abc' }, asks],
    ['a field that is not known', { 'token-file': 'x', color: 'red', token: 'abc' }],
    ['as', { token: 'abc', as: 'eve' }],
    ['as with groups', { token: 'abc', as: 'eve', 'as-groups': ['a', 'b,c', ''] }],
    ['as with a uid', { token: 'abc', as: 'eve', 'as-uid': '42' }],
    [
      'as with more',
      { token: 't', as: 'eve', 'as-user-extra': { 'example.com/x': ['1', '2'], 'B%(ü': ['ü'] } },
    ],
    ['as beyond ASCII', { token: 'abc', as: 'ève', 'as-groups': ['grœp'] }],
    ['as with a line break', { token: 'abc', as: 'a\nb' }],
    ['as without another way to sign in', { as: 'eve' }, asks],
    ['groups without as', { token: 'abc', 'as-groups': ['a'] }],
    ['a uid without as', { token: 'abc', 'as-uid': '42' }],
    ['more without as', { token: 'abc', 'as-user-extra': { a: ['b'] } }],
    ['empty groups without as', { token: 'abc', 'as-groups': [], 'as-user-extra': {} }],
    ['groups that are text', { token: 'abc', as: 'eve', 'as-groups': 'a' }],
    ['a certificate', alice],
    ['a certificate and a token', (world) => ({ ...alice(world), token: 'abc' })],
    [
      'a certificate and a password',
      (world) => ({ ...alice(world), username: 'b', password: 'p' }),
    ],
    [
      'a certificate without key',
      (world) => ({ 'client-certificate-data': base64(world.alice.cert) }),
    ],
    [
      'a key without certificate',
      (world) => ({ 'client-key-data': base64(world.alice.key) }),
      asks,
    ],
    [
      "a certificate and another's key",
      (world) => ({ ...alice(world), 'client-key-data': base64(world.bob.key) }),
    ],
    [
      'a certificate that is none',
      (world) => ({ ...alice(world), 'client-certificate-data': 'YWJj' }),
    ],
    ['a key that is none', (world) => ({ ...alice(world), 'client-key-data': 'YWJj' })],
    [
      'a certificate that is not base64',
      (world) => ({ ...alice(world), 'client-certificate-data': world.alice.cert }),
    ],
    [
      'a key with spaces in its base64',
      (world) => ({
        ...alice(world),
        'client-key-data': base64(world.alice.key).replace(/^..../, '$& '),
      }),
    ],
    [
      'a key with line breaks in its base64',
      (world) => ({
        ...alice(world),
        'client-key-data': base64(world.alice.key).replaceAll(/.{64}/g, '$&\n'),
      }),
    ],
    [
      'a chain of certificates',
      (world) => ({
        ...alice(world),
        'client-certificate-data': base64(`${world.alice.cert}\n${world.authority.cert}`),
      }),
    ],
    [
      'a certificate in a file that is missing',
      { 'client-certificate': 'crt', 'client-key': 'key' },
    ],
    ['gcp', { 'auth-provider': { name: 'gcp' } }],
    ['azure with a token', { 'auth-provider': { name: 'azure', config: { 'access-token': 't' } } }],
    ['an unknown provider', { 'auth-provider': { name: 'openstack' } }],
    ['an unknown provider beside a token', { token: 't', 'auth-provider': { name: 'x' } }],
    ['a provider without a name', { 'auth-provider': {} }],
    ['oidc without config', oidc(null)],
    ['oidc without issuer', oidc({ 'client-id': 'me', 'id-token': freshToken })],
    ['oidc without client', oidc({ 'idp-issuer-url': 'http://127.0.0.1:1' })],
    ['oidc with a valid token', (world) => oidc({ ...issuer(world), 'id-token': freshToken })],
    ['oidc with an expired token', (world) => oidc({ ...issuer(world), 'id-token': expired })],
    ['oidc with a token that is none', (world) => oidc({ ...issuer(world), 'id-token': 'abc' })],
    [
      'oidc that is renewed',
      (world) => oidc({ ...issuer(world), 'id-token': expired, 'refresh-token': 'known' }),
    ],
    [
      'oidc that is renewed by a client with a secret',
      (world) => oidc({ ...issuer(world), 'client-secret': 's/', 'refresh-token': 'known' }),
    ],
    [
      'oidc whose refresh token is refused',
      (world) => oidc({ ...issuer(world), 'refresh-token': 'unknown' }),
    ],
    [
      'oidc beside a token',
      (world) => oidc({ ...issuer(world), 'id-token': freshToken }, { token: 'abc' }),
    ],
    [
      'oidc beside a certificate',
      (world) => oidc({ ...issuer(world), 'id-token': freshToken }, alice(world)),
    ],
    ['oidc with a number in its config', oidc({ 'client-id': 7 })],
  ]),
  withFile('a token file', 'abc\n', { tokenFile: 'token' }),
  withFile('a token file with spaces round it', ' \n abc \r\n', { tokenFile: './token' }),
  withFile('a token file and a token', 'abc', { tokenFile: 'token', token: 'beside' }),
  withFile('an empty token file', '\n', { tokenFile: 'token' }),
  withFile('an empty token file and a token', '', { tokenFile: 'token', token: 'beside' }),
  withFile('a token file and a name', 'abc', { tokenFile: 'token', username: 'bob' }),
  row('certificates in files', (world) => ({
    files: {
      config: usual(world, { user: { 'client-certificate': 'crt', 'client-key': './key' } }),
      crt: world.bob.cert,
      key: world.bob.key,
    },
  })),
  row('certificates in files and as data', (world) => ({
    files: {
      config: usual(world, {
        user: { ...alice(world), 'client-certificate': 'crt', 'client-key': 'key' },
      }),
      crt: world.bob.cert,
      key: world.bob.key,
    },
  })),
  row('a certificate as data with its key in a file', (world) => ({
    files: {
      config: usual(world, {
        user: { 'client-certificate-data': base64(world.bob.cert), 'client-key': 'key' },
      }),
      key: world.bob.key,
    },
  })),
  config(
    'a context without a user',
    (world) => ({ ...usual(world), contexts: [{ name: 'x', context: { cluster: 'c' } }] }),
    asks,
  ),
  config('a context whose user is missing', (world) => ({ ...usual(world), users: [] })),
];
