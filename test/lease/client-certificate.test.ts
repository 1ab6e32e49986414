import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { KeyPair } from '../fixtures/certificates.ts';
import { execCredential, fakePlugin } from '../fixtures/api/exec-plugin.ts';
import { connect, writeFile, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { leaseObject, startServer, type Respond } from '../fixtures/api/scripted-server.ts';
import {
  longMs,
  minuteMs,
  ok,
  authority,
  localhost,
  alice,
  bob,
  base64,
  serve,
  attempt,
} from './tls-rig.ts';

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
