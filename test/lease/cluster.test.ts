import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loaded, writeFile, writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { config, fakePod, twoContexts } from '../fixtures/clusters.ts';

describe('loadCluster reads a kubeconfig', () => {
  test('the current context gives server and namespace', () => {
    const { server, context, namespace } = loaded(config(twoContexts));
    expect({ server: server.href, context, namespace }).toEqual({
      server: 'https://staging:6443/',
      context: 'staging',
      namespace: 'team',
    });
  });

  test('--context goes before the current context, and a namespace is "default" if none is named', () => {
    const { server, context, namespace } = loaded(config(twoContexts), { context: 'prod' });
    expect({ server: server.href, context, namespace }).toEqual({
      server: 'https://[fd00::1]:6443/k8s/clusters/c-x',
      context: 'prod',
      namespace: 'default',
    });
  });

  test('~/.kube/config is read when there is neither flag nor variable', () => {
    const homeDirectory = temporaryFolder();
    mkdirSync(join(homeDirectory, '.kube'));
    writeFile(join(homeDirectory, '.kube'), 'config', twoContexts);
    expect(loaded(null, { homeDirectory }).context).toBe('staging');
  });

  test('$KUBECONFIG is a list, merged', () => {
    const users = config('users: [{name: alice, user: {token: other}}]');
    const env = { KUBECONFIG: `${users}:/nonexistent/config:${config(twoContexts)}` };
    expect(loaded(null, { env }).context).toBe('staging');
  });

  test('an explicit flag goes before $KUBECONFIG and before the service account', () => {
    const pod = fakePod();
    const env = { ...pod.env, KUBECONFIG: '/nonexistent' };
    expect(loaded(config(twoContexts), { ...pod, env }).context).toBe('staging');
  });
});

describe('loadCluster reads the server as client-go does', () => {
  test.for([
    ['127.0.0.1:8080', 'http://127.0.0.1:8080/'],
    ['staging:6443', 'http://staging:6443/'],
    ['staging', 'http://staging/'],
    ['[::1]:8080', 'http://[::1]:8080/'],
    ['staging:6443/', 'http://staging:6443/'],
    ['HTTPS://Staging:6443', 'https://staging:6443/'],
    ['https://staging/k8s?a=b#c', 'https://staging/k8s'],
  ] as const)('%s', ([server, expected]) => {
    expect(loaded(writeKubeconfig({ server })).server.href).toBe(expected);
  });
});
