/** A program on @kubernetes/client-node, loaded whole as its users have it, with the kubeconfig that the sandbox writes. */
import {
  CoordinationV1Api,
  KubeConfig,
  V1Lease,
  V1LeaseSpec,
  V1ObjectMeta,
} from '@kubernetes/client-node';
import { expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';

it('creates, reads, lists, replaces and deletes Leases', async () => {
  const sandbox = await startSandbox({ port: 0, kubeconfigPath: null });
  onTestFinished(() => sandbox.close());
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubeconfigPath);
  const api = config.makeApiClient(CoordinationV1Api);
  const [namespace, name] = ['default', 'x'];

  const spec = Object.assign(new V1LeaseSpec(), { holderIdentity: 'a', leaseDurationSeconds: 15 });
  const metadata = Object.assign(new V1ObjectMeta(), { name });
  await api.createNamespacedLease({
    namespace,
    body: Object.assign(new V1Lease(), { metadata, spec }),
  });
  const lease = await api.readNamespacedLease({ namespace, name });
  expect(lease.spec).toEqual(spec);
  lease.spec = Object.assign(new V1LeaseSpec(), spec, { holderIdentity: 'b' });
  const replaced = await api.replaceNamespacedLease({ namespace, name, body: lease });
  expect(replaced.spec?.holderIdentity).toBe('b');
  await expect(api.replaceNamespacedLease({ namespace, name, body: lease })).rejects.toMatchObject({
    code: 409,
  });
  const { items } = await api.listNamespacedLease({ namespace });
  expect(items.map(({ metadata }) => metadata?.name)).toEqual(['x']);
  expect(await api.deleteNamespacedLease({ namespace, name })).toMatchObject({ status: 'Success' });
});
