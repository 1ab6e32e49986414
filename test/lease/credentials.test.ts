import { unlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createAuthority, createServerCertificate } from '../fixtures/certificates.ts';
import { connect, writeFile, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { json, leaseObject, startServer, startTlsServer } from '../fixtures/api/scripted-server.ts';

const longMs = 30_000;
const minuteMs = 60_000;
const ok = json(200, leaseObject('1'));

/** The headers that arrive from a user with this section. */
async function headersFrom(user: object | null) {
  const server = await startTlsServer([ok]);
  const api = connect(writeKubeconfig(server.cluster, user));
  expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
  return server.received[0]?.headers ?? {};
}

describe('a user', () => {
  test('with a token', async () => {
    expect((await headersFrom({ token: 'abc' })).authorization).toBe('Bearer abc');
  });

  test('with name and password', async () => {
    const { authorization } = await headersFrom({ username: 'üser', password: 'p:w' });
    expect(authorization).toBe(`Basic ${Buffer.from('üser:p:w').toString('base64')}`);
  });

  test('with a name alone has an empty password', async () => {
    const { authorization } = await headersFrom({ username: 'bob' });
    expect(authorization).toBe(`Basic ${Buffer.from('bob:').toString('base64')}`);
  });

  test('with nothing, or no user at all', async () => {
    expect((await headersFrom({})).authorization).toBe(undefined);
    expect((await headersFrom(null)).authorization).toBe(undefined);
  });

  test('who impersonates another, with all that belongs to that', async () => {
    const headers = await headersFrom({
      token: 'abc',
      as: 'bob',
      'as-uid': '42',
      'as-groups': ['dev', 'ops'],
      'as-user-extra': { 'example.com/reason': ['a', 'b'] },
    });
    expect(headers).toMatchObject({
      'impersonate-user': 'bob',
      'impersonate-uid': '42',
      'impersonate-group': 'dev, ops',
      'impersonate-extra-example.com%2freason': 'a, b',
    });
  });

  test('is sent in UTF-8, as Go sends it', async () => {
    const headers = await headersFrom({
      token: 'abc',
      as: 'bøb',
      'as-user-extra': { 'a(b': ['ł'] },
    });
    const utf8 = (text: string | string[] | undefined) =>
      Buffer.from(String(text), 'latin1').toString();
    expect(utf8(headers['impersonate-user'])).toBe('bøb');
    expect(utf8(headers['impersonate-extra-a%28b'])).toBe('ł');
  });

  test('whose token cannot be in a header is told so', async () => {
    const server = await startTlsServer([ok]);
    const api = connect(writeKubeconfig(server.cluster, { token: 'a\nb' }));
    expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({
      failure: { reason: 'credentials' },
    });
  });
});

describe('to an http:// server', () => {
  const secrets = {
    token: { token: 'abc' },
    password: { username: 'bob', password: 'p' },
    file: { tokenFile: '/etc/hostname' },
    plugin: {
      exec: {
        command: '/nonexistent/plugin',
        apiVersion: 'client.authentication.k8s.io/v1',
        interactiveMode: 'Never',
      },
    },
    provider: { 'auth-provider': { name: 'oidc', config: {} } },
  };

  test.for(Object.entries(secrets))('nothing secret is sent: no %s', async ([, user]) => {
    const server = await startServer([ok]);
    const notices: string[] = [];
    const api = connect(writeKubeconfig(server.cluster, { ...user, as: 'eve' }), {
      onNotice: ({ level, text }) => void notices.push(`${level}: ${text}`),
    });
    expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
    expect(server.received[0]?.headers).not.toHaveProperty('authorization');
    expect(server.received[0]?.headers).toMatchObject({ 'impersonate-user': 'eve' });
    expect(notices).toEqual([
      `debug: Not sending the credentials of the kubeconfig to ${server.url}: it is not an https:// server`,
    ]);
  });
});

describe('of several ways to sign in', () => {
  const exec = {
    command: '/nonexistent/plugin',
    apiVersion: 'client.authentication.k8s.io/v1',
    interactiveMode: 'Never',
  };

  test('a token or a password goes before an exec plugin and a provider', async () => {
    expect((await headersFrom({ token: 'abc', exec })).authorization).toBe('Bearer abc');
    expect((await headersFrom({ username: 'b', exec })).authorization).toMatch(/^Basic /);
    const provider = { name: 'oidc', config: { 'idp-issuer-url': 'https://i', 'client-id': 'c' } };
    const both = { token: 'abc', 'auth-provider': provider };
    expect((await headersFrom(both)).authorization).toBe('Bearer abc');
  });
});

describe('a token file', () => {
  async function setUp(beside: object = {}) {
    const folder = temporaryFolder();
    const tokenFile = writeFile(folder, 'token', 'first\n');
    const server = await startTlsServer([ok]);
    const clock = { nowMs: 0 };
    const user = { tokenFile: 'token', ...beside };
    const kubeconfig = writeKubeconfig(server.cluster, user, folder);
    const api = connect(kubeconfig, { nowMs: () => clock.nowMs });
    const get = () => api.send({ id: 'get' }, longMs).answer;
    const sent = () => server.received.map(({ headers }) => headers.authorization);
    return { folder, tokenFile, clock, get, sent };
  }

  test('is trimmed, goes before a token, and is read again each minute', async () => {
    const { folder, clock, get, sent } = await setUp({ token: 'beside' });
    await get();
    writeFile(folder, 'token', 'second\n');
    clock.nowMs = minuteMs - 1;
    await get();
    clock.nowMs = minuteMs;
    await get();
    expect(sent()).toEqual(['Bearer first', 'Bearer first', 'Bearer second']);
  });

  test('that is missing for a moment leaves the token as it was', async () => {
    const { tokenFile, clock, get, sent } = await setUp();
    await get();
    unlinkSync(tokenFile);
    clock.nowMs = minuteMs;
    await get();
    expect(sent()).toEqual(['Bearer first', 'Bearer first']);
  });

  test('that cannot be read, or is empty, has a substitute in the token beside it', async () => {
    const { folder, tokenFile, clock, get, sent } = await setUp({ token: 'beside' });
    unlinkSync(tokenFile);
    await get();
    writeFile(folder, 'token', '\n');
    clock.nowMs = minuteMs;
    await get();
    expect(sent()).toEqual(['Bearer beside', 'Bearer beside']);
  });

  test('that is empty is a failure', async () => {
    const { folder, get } = await setUp();
    writeFile(folder, 'token', ' \n');
    expect(await get()).toMatchObject({
      failure: {
        reason: 'credentials',
        message: expect.stringMatching(/^read empty token from file ".*token"$/) as string,
      },
    });
  });

  test('that was never there is a failure', async () => {
    const { tokenFile, get, sent } = await setUp();
    unlinkSync(tokenFile);
    expect(await get()).toMatchObject({
      failure: {
        reason: 'credentials',
        message: expect.stringMatching(/^ENOENT: .*token/) as string,
      },
    });
    expect(sent()).toEqual([]);
  });
});

describe('in a pod', () => {
  test('the token and the authority of the service account are used', async () => {
    const authority = await createAuthority('cluster');
    const server = await startServer([ok], await createServerCertificate(authority));
    const serviceAccountDirectory = temporaryFolder();
    writeFile(serviceAccountDirectory, 'token', 'abc\n');
    writeFile(serviceAccountDirectory, 'ca.crt', authority.cert);
    const env = {
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(server.port),
    };
    const clock = { nowMs: 0 };
    const api = connect(null, { env, serviceAccountDirectory, nowMs: () => clock.nowMs });
    expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
    writeFile(serviceAccountDirectory, 'token', 'rotated\n');
    clock.nowMs = minuteMs;
    await api.send({ id: 'get' }, longMs).answer;
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer abc',
      'Bearer rotated',
    ]);
  });
});
