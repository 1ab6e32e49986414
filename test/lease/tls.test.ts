import type { ServerResponse } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createAuthority,
  createClientCertificate,
  createServerCertificate,
  type KeyPair,
} from '../fixtures/certificates.ts';
import { execCredential, fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { connect, writeFile, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { startSocksProxy } from '../fixtures/api/proxies.ts';
import { json, leaseObject, startServer, type Respond } from '../fixtures/api/scripted-server.ts';

const longMs = 30_000;
const minuteMs = 60_000;
const ok = json(200, leaseObject('1'));

let authority: KeyPair;
let otherAuthority: KeyPair;
let localhost: KeyPair;
let internal: KeyPair;
let alice: KeyPair;
let bob: KeyPair;

beforeAll(async () => {
  authority = await createAuthority('test authority');
  otherAuthority = await createAuthority('other authority');
  localhost = await createServerCertificate(authority);
  internal = await createServerCertificate(authority, ['api.internal']);
  alice = await createClientCertificate(authority, { user: 'alice' });
  bob = await createClientCertificate(authority, { user: 'bob' });
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

function serve(pair: KeyPair = localhost) {
  return startServer([ok], {
    ...pair,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: false,
  });
}

/** What a request leads to with these sections, the authority being known unless they say otherwise. */
async function attempt(
  cluster: object,
  user: object | null = { token: 'secret' },
  pair: KeyPair = localhost,
) {
  const server = await serve(pair);
  const known = { 'certificate-authority-data': base64(authority.cert) };
  const kubeconfig = writeKubeconfig({ server: server.url, ...known, ...cluster }, user);
  const answer = await connect(kubeconfig).send({ id: 'get' }, longMs).answer;
  const outcome = answer.id === 'failed' ? answer.failure : answer.id;
  return { outcome, server };
}

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

describe('a client certificate', () => {
  const inline = ({ cert, key }: KeyPair) => ({
    'client-certificate-data': base64(cert),
    'client-key-data': base64(key),
  });

  test('comes from the kubeconfig', async () => {
    const { server } = await attempt({}, inline(alice));
    expect(server.received[0]?.clientName).toBe('alice');
  });

  test('comes from files', async () => {
    const folder = temporaryFolder();
    const files = {
      'client-certificate': writeFile(folder, 'crt', bob.cert),
      'client-key': writeFile(folder, 'key', bob.key),
    };
    expect((await attempt({}, files)).server.received[0]?.clientName).toBe('bob');
  });

  test('comes from an exec plugin', async () => {
    const status = { clientCertificateData: alice.cert, clientKeyData: alice.key };
    const script = `process.stdout.write(${JSON.stringify(execCredential(status))});`;
    const { exec } = fakePlugin(temporaryFolder(), script);
    const { server } = await attempt({}, { exec });
    expect(server.received[0]?.clientName).toBe('alice');
  });

  test('that was rotated is used a minute later, on a new connection', async () => {
    const folder = temporaryFolder();
    const user = {
      'client-certificate': writeFile(folder, 'crt', alice.cert),
      'client-key': writeFile(folder, 'key', alice.key),
    };
    const server = await serve();
    let nowMs = 0;
    const cluster = {
      server: server.url,
      'certificate-authority-data': base64(authority.cert),
    };
    const api = connect(writeKubeconfig(cluster, user), { nowMs: () => nowMs });
    const get = () => api.send({ id: 'get' }, longMs).answer;

    await get();
    writeFile(folder, 'crt', bob.cert);
    writeFile(folder, 'key', bob.key);
    nowMs = minuteMs - 1;
    await get();
    nowMs = minuteMs;
    await get();
    nowMs = 2 * minuteMs;
    await get();
    expect(server.received.map(({ clientName, connection }) => [clientName, connection])).toEqual([
      ['alice', 1],
      ['alice', 1],
      ['bob', 2],
      ['bob', 2],
    ]);
  });

  test('that is being rotated does not cut the watch off', async () => {
    const folder = temporaryFolder();
    const user = {
      'client-certificate': writeFile(folder, 'crt', alice.cert),
      'client-key': writeFile(folder, 'key', alice.key),
    };
    let watching: ServerResponse | null = null;
    const serveWatch: Respond = (response) => {
      watching = response;
      response.flushHeaders();
    };
    const server = await startServer([serveWatch, ok], { ...localhost });
    let nowMs = 0;
    const cluster = { server: server.url, 'certificate-authority-data': base64(authority.cert) };
    const api = connect(writeKubeconfig(cluster, user), { nowMs: () => nowMs });
    const told = new Promise<unknown>((resolve) => {
      api.watch('1', longMs, (event) => event.id === 'changed' && resolve(event.lease));
    });
    await server.arrived(1);
    writeFile(folder, 'crt', bob.cert);
    writeFile(folder, 'key', bob.key);
    nowMs = minuteMs;
    await api.send({ id: 'get' }, longMs).answer;

    const object = leaseObject('2');
    (watching as ServerResponse | null)?.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
    expect(await told).toEqual(object);
  });

  test.for([
    [/^certificate authority is broken: /, { 'certificate-authority-data': 'YWJj' }, {}],
    [
      /^certificate authority is broken: /,
      {
        'certificate-authority-data': base64(
          '-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n',
        ),
      },
      {},
    ],
    [/^client certificate is broken: /, {}, { 'client-certificate-data': 'YWJj' }],
    [/^client key is broken: /, {}, { 'client-key-data': 'YWJj' }],
  ] as const)('or authority that is broken is told: %s', async ([message, cluster, user]) => {
    const whole = Object.keys(user).length === 0 ? user : { ...inline(alice), ...user };
    const { outcome, server } = await attempt(cluster, whole);
    expect(outcome).toEqual({
      reason: 'credentials',
      message: expect.stringMatching(message) as string,
    });
    expect(server.connections()).toBe(0);
  });

  test('and a key that does not belong to it are told', async () => {
    const user = { ...inline(alice), 'client-key-data': base64(bob.key) };
    expect((await attempt({}, user)).outcome).toEqual({
      reason: 'credentials',
      message: expect.stringMatching(
        /^client certificate and client key do not belong together: /,
      ) as string,
    });
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
