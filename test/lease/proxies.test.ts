/** API servers that are reached through a proxy, of the kubeconfig or of the environment. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createAuthority,
  createServerCertificate,
  type KeyPair,
} from '../fixtures/certificates.ts';
import { connect, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { startHttpProxy, startSocksProxy } from '../fixtures/api/proxies.ts';
import { json, leaseObject, startServer } from '../fixtures/api/scripted-server.ts';

const longMs = 30_000;
const ok = json(200, leaseObject('1'));

describe('through a proxy', () => {
  let authority: KeyPair;
  let pair: KeyPair;
  beforeAll(async () => {
    authority = await createAuthority('cluster');
    pair = await createServerCertificate(authority, ['api.test']);
  });
  const secure = (section: object) => ({
    server: 'https://api.test:6443',
    'certificate-authority-data': Buffer.from(authority.cert).toString('base64'),
    ...section,
  });

  test('an https:// server is reached by HTTP CONNECT, on one connection', async () => {
    const server = await startServer([ok], pair);
    const proxy = await startHttpProxy(server.port);
    const proxyUrl = `http://user:p%40ss@127.0.0.1:${proxy.port}`;
    const api = connect(writeKubeconfig(secure({ 'proxy-url': proxyUrl })));
    for (let i = 0; i < 3; i += 1)
      expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
    expect(proxy.targets).toEqual(['user:p@ss@api.test:6443']);
    expect(server.connections()).toBe(1);
  });

  test.for(['socks5', 'socks5h'])(
    'an https:// server is reached by %s, on one connection',
    async (scheme) => {
      const server = await startServer([ok], pair);
      const proxy = await startSocksProxy(server.port);
      const proxyUrl = `${scheme}://127.0.0.1:${proxy.port}`;
      const api = connect(writeKubeconfig(secure({ 'proxy-url': proxyUrl })));
      for (let i = 0; i < 3; i += 1)
        expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
      expect(proxy.targets).toEqual(['api.test:6443']);
      expect(server.connections()).toBe(1);
    },
  );

  test('an http:// server is reached by either', async () => {
    const server = await startServer([ok]);
    const http = await startHttpProxy(server.port);
    const socks = await startSocksProxy(server.port);
    for (const proxyUrl of [`http://127.0.0.1:${http.port}`, `socks5h://127.0.0.1:${socks.port}`]) {
      const cluster = { server: 'http://api.test:8080', 'proxy-url': proxyUrl };
      const api = connect(writeKubeconfig(cluster));
      expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
    }
    expect([...http.targets, ...socks.targets]).toEqual(['http://api.test:8080', 'api.test:8080']);
  });

  test('that HTTPS_PROXY names may speak SOCKS, want a password, and know names that are known there alone', async () => {
    const server = await startServer([ok], pair);
    const proxy = await startSocksProxy(server.port, 'bob:p:w');
    const get = (user: string) => {
      const env = { HTTPS_PROXY: `socks5://${user}@127.0.0.1:${proxy.port}` };
      return connect(writeKubeconfig(secure({})), { env }).send({ id: 'get' }, longMs).answer;
    };
    expect(await get('bob:p%3Aw')).toMatchObject({ id: 'lease' });
    expect(proxy.targets).toEqual(['api.test:6443']);
    expect(await get('bob:no')).toMatchObject({ failure: { reason: 'credentials' } });
  });

  test('an IPv6 address is asked for in brackets', async () => {
    const server = await startServer([ok], await createServerCertificate(authority));
    const proxy = await startHttpProxy(server.port);
    const cluster = { server: 'https://[::1]:6443', 'proxy-url': `http://127.0.0.1:${proxy.port}` };
    const api = connect(writeKubeconfig(secure(cluster)));
    expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });
    expect(proxy.targets).toEqual(['[::1]:6443']);
  });

  test('that HTTPS_PROXY names, unless NO_PROXY exempts the server', async () => {
    const server = await startServer([ok], pair);
    const proxy = await startHttpProxy(server.port);
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
    const proxied = connect(writeKubeconfig(secure({})), { env });
    expect(await proxied.send({ id: 'get' }, longMs).answer).toMatchObject({ id: 'lease' });

    const exempt = { ...env, NO_PROXY: 'api.test' };
    const direct = connect(writeKubeconfig(secure({})), { env: exempt });
    expect(await direct.send({ id: 'get' }, longMs).answer).toMatchObject({
      failure: { reason: 'network' },
    });
    expect(proxy.targets).toEqual(['api.test:6443']);
  });

  test('the certificate of the server is verified all the same', async () => {
    const server = await startServer([ok], await createServerCertificate(authority, ['other']));
    const http = await startHttpProxy(server.port);
    const socks = await startSocksProxy(server.port);
    for (const proxyUrl of [`http://127.0.0.1:${http.port}`, `socks5h://127.0.0.1:${socks.port}`]) {
      const api = connect(writeKubeconfig(secure({ 'proxy-url': proxyUrl })));
      expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({
        failure: { reason: 'certificate' },
      });
    }
    expect(server.received).toEqual([]);
  });

  test('that refuses, a network failure names its status', async () => {
    const proxy = await startHttpProxy(1, 403);
    const proxyUrl = `http://127.0.0.1:${proxy.port}`;
    const api = connect(writeKubeconfig(secure({ 'proxy-url': proxyUrl })));
    expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({
      failure: {
        reason: 'network',
        message: `proxy 127.0.0.1:${proxy.port} answers CONNECT with 403`,
      },
    });
  });

  test('that wants a password, the credentials are unusable', async () => {
    const proxy = await startHttpProxy(1, 407);
    const proxyUrl = `http://127.0.0.1:${proxy.port}`;
    const api = connect(writeKubeconfig(secure({ 'proxy-url': proxyUrl })));
    expect(await api.send({ id: 'get' }, longMs).answer).toMatchObject({
      failure: {
        reason: 'credentials',
        message: `proxy 127.0.0.1:${proxy.port} requires authentication (407): put user and password into the URL of the proxy`,
      },
    });
  });
});
