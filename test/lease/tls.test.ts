import { describe, expect, test } from 'vitest';
import { createAuthority, createServerCertificate } from '../fixtures/certificates.ts';
import { connect, writeFile, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { startSocksProxy } from '../fixtures/api/proxies.ts';
import { startServer } from '../fixtures/api/scripted-server.ts';
import {
  longMs,
  minuteMs,
  ok,
  authority,
  otherAuthority,
  localhost,
  internal,
  base64,
  serve,
  attempt,
} from './tls-rig.ts';

describe("the server's certificate", () => {
  test('is verified by the authority in the kubeconfig', async () => {
    expect((await attempt({})).outcome).toBe('lease');
  });

  test('is verified by the authority in a file', async () => {
    const file = writeFile(temporaryFolder(), 'ca.crt', authority.cert);
    const cluster = { 'certificate-authority-data': '', 'certificate-authority': file };
    expect((await attempt(cluster)).outcome).toBe('lease');
  });

  test('is verified, too, when the context has no user', async () => {
    expect((await attempt({}, null)).outcome).toBe('lease');
  });

  test('of an unknown authority is a certificate failure', async () => {
    const { outcome, server } = await attempt({
      'certificate-authority-data': base64(otherAuthority.cert),
    });
    expect(outcome).toMatchObject({
      reason: 'certificate',
      code: 'SELF_SIGNED_CERT_IN_CHAIN',
    });
    expect(server.received).toEqual([]);
  });

  test('for another name is a certificate failure', async () => {
    const { outcome } = await attempt({}, null, internal);
    expect(outcome).toEqual({
      reason: 'certificate',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      message: 'it is for DNS:api.internal, and not for 127.0.0.1',
    });
    const named = await attempt({ 'tls-server-name': 'api.external' }, null, internal);
    expect(named.outcome).toMatchObject({
      message: 'it is for DNS:api.internal, and not for api.external',
    });
  });

  test('that has expired is a certificate failure', async () => {
    const expired = await createServerCertificate(
      authority,
      [],
      [],
      new Date(Date.now() - minuteMs),
    );
    const { outcome } = await attempt({}, null, expired);
    expect(outcome).toMatchObject({ reason: 'certificate', code: 'CERT_HAS_EXPIRED' });
  });

  test('is checked against tls-server-name', async () => {
    const cluster = { 'tls-server-name': 'api.internal' };
    expect((await attempt(cluster, null, internal)).outcome).toBe('lease');
  });

  test.for([{ token: 'secret' }, null])(
    'is not verified with insecure-skip-tls-verify, user %j',
    async (user) => {
      const cluster = { 'certificate-authority-data': '', 'insecure-skip-tls-verify': true };
      expect((await attempt(cluster, user)).outcome).toBe('lease');
    },
  );

  test('is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const cluster = { 'certificate-authority-data': base64(otherAuthority.cert) };
      expect((await attempt(cluster)).outcome).toMatchObject({ reason: 'certificate' });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });
});

describe('an authority', () => {
  test('may be the intermediate one that signed the server, without its root', async () => {
    const intermediate = await createAuthority('intermediate', authority);
    const pair = await createServerCertificate(intermediate);
    const named = { 'certificate-authority-data': base64(intermediate.cert) };
    expect((await attempt(named, null, pair)).outcome).toBe('lease');
    const chain = { ...pair, cert: `${pair.cert}\n${intermediate.cert}` };
    expect((await attempt(named, null, chain)).outcome).toBe('lease');
  });

  test('may be the certificate of the server itself', async () => {
    const named = { 'certificate-authority-data': base64(localhost.cert) };
    expect((await attempt(named)).outcome).toBe('lease');
  });

  test.for(['before', 'after'])('may have a broken certificate %s it', async (place) => {
    const broken = '-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n';
    const key = '-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n';
    const others = `# others\n${broken}${key}`;
    const bundle =
      place === 'before' ? `${others}${authority.cert}` : `${authority.cert}\n${others}`;
    expect((await attempt({ 'certificate-authority-data': base64(bundle) })).outcome).toBe('lease');
  });
});

describe('the name of the server', () => {
  /** The names that were sent, and what came of it. */
  async function named(host: string, certificateName: string, section: object = {}) {
    const pair = await createServerCertificate(authority, [certificateName]);
    const names: (string | false)[] = [];
    const server = await startServer([ok], {
      ...pair,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    const proxy = await startSocksProxy(server.port);
    const api = connect(
      writeKubeconfig({
        server: `https://${host}:6443`,
        'proxy-url': `socks5://127.0.0.1:${proxy.port}`,
        'certificate-authority-data': base64(authority.cert),
        ...section,
      }),
    );
    const answer = await api.send({ id: 'get' }, longMs).answer;
    return { names, outcome: answer.id === 'failed' ? answer.failure.reason : answer.id, proxy };
  }

  test('has no dot at its end in TLS', async () => {
    const { names, outcome, proxy } = await named('kube.example.com.', 'kube.example.com');
    expect([names, outcome]).toEqual([['kube.example.com'], 'lease']);
    expect(proxy.targets).toEqual(['kube.example.com.:6443']);
  });

  test('as tls-server-name has none either', async () => {
    const section = { 'tls-server-name': 'api.internal.' };
    const { names, outcome } = await named('kube.example.com', 'api.internal', section);
    expect([names, outcome]).toEqual([['api.internal'], 'lease']);
  });

  test('as tls-server-name may be an address, which is verified but not sent', async () => {
    const server = await startServer([ok], { ...localhost });
    const cluster = (name: string) => ({
      server: server.url.replace('127.0.0.1', 'localhost'),
      'certificate-authority-data': base64(authority.cert),
      'tls-server-name': name,
    });
    const answerOf = (name: string) =>
      connect(writeKubeconfig(cluster(name))).send({ id: 'get' }, longMs).answer;
    expect(await answerOf('127.0.0.1')).toMatchObject({ id: 'lease' });
    expect(await answerOf('127.0.0.2')).toMatchObject({ failure: { reason: 'certificate' } });
  });
});

describe('a connection', () => {
  test('is kept over TLS, and the watch has one of its own', async () => {
    const server = await serve();
    const kubeconfig = writeKubeconfig({
      server: server.url,
      'certificate-authority-data': base64(authority.cert),
    });
    const api = connect(kubeconfig);
    await api.send({ id: 'get' }, longMs).answer;
    api.watch('1', longMs, () => undefined);
    await server.arrived(2);
    await api.send({ id: 'get' }, longMs).answer;
    expect(server.received.map(({ connection }) => connection).slice(0, 3)).toEqual([1, 2, 1]);
  });
});
