import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connect, loaded, writeFile } from '../fixtures/api/kubeconfig.ts';
import { json, leaseObject, startServer } from '../fixtures/api/scripted-server.ts';
import { createAuthority, createServerCertificate } from '../fixtures/certificates.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

import { config, fakePod, messageOf, twoContexts } from '../fixtures/clusters.ts';

describe('loadCluster in a pod', () => {
  test('takes it, too, where the kubeconfig of the home chooses no context', () => {
    const homeDirectory = temporaryFolder();
    mkdirSync(join(homeDirectory, '.kube'));
    const content = twoContexts.replace('current-context: staging', '');
    writeFile(join(homeDirectory, '.kube'), 'config', content);
    expect(loaded(null, { ...fakePod(), homeDirectory }).context).toBe(null);
    expect(loaded(null, { ...fakePod(), homeDirectory, context: 'prod' }).context).toBe('prod');
  });

  test.for([
    ['KUBERNETES_SERVICE_HOST', '10.0.0.1:6443', 'a host name or an IP address, without a port'],
    ['KUBERNETES_SERVICE_HOST', 'https://api', 'a host name or an IP address, without a port'],
    ['KUBERNETES_SERVICE_PORT', 'tcp://10.0.0.1:443', 'a port from 1 to 65535'],
    ['KUBERNETES_SERVICE_PORT', '70000', 'a port from 1 to 65535'],
  ] as const)('refuses %s=%s in one line', ([name, value, required]) => {
    const pod = fakePod();
    expect(messageOf(null, { ...pod, env: { ...pod.env, [name]: value } })).toBe(
      `Cannot find the cluster of this pod: ${name} is "${value}": it must be ${required}`,
    );
  });

  test.for(['missing', 'broken'])('says so when ca.crt is %s, and goes on', (state) => {
    const pod = fakePod();
    const file = join(pod.serviceAccountDirectory, 'ca.crt');
    if (state === 'missing') rmSync(file);
    const notices: string[] = [];
    loaded(null, { ...pod, onNotice: ({ text }) => void notices.push(text) });
    expect(notices).toEqual([
      expect.stringMatching(
        /^Cannot read the certificate authority of the service account: .*\. Trusting the system's authorities$/,
      ),
    ]);
  });

  test('trusts a ca.crt that is the intermediate one which signed the server, without its root', async () => {
    const root = await createAuthority('root');
    const intermediate = await createAuthority('intermediate', root);
    const server = await startServer(
      [json(200, leaseObject('1'))],
      await createServerCertificate(intermediate),
    );
    const { serviceAccountDirectory } = fakePod();
    writeFile(serviceAccountDirectory, 'ca.crt', intermediate.cert);
    const env = {
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(server.port),
    };
    const api = connect(null, { serviceAccountDirectory, env });
    expect(await api.send({ id: 'get' }, 30_000).answer).toMatchObject({ id: 'lease' });
  });

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
