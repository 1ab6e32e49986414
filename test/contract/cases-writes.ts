import { changed, group, lease, leases, type ContractCase } from './api.ts';

/** POST and PUT: creation, optimistic concurrency, what a client may and may not choose. */
export const writeCases: readonly ContractCase[] = [
  {
    name: 'POST creates a Lease with an identity of its own',
    play: async (api) => {
      await api.post(lease('a'));
      await api.get('a');
    },
  },
  {
    name: 'POST of a Lease that exists is 409 AlreadyExists',
    play: async (api) => {
      await api.given('a');
      await api.post(lease('a', { holderIdentity: 'b' }));
      await api.get('a');
    },
  },
  {
    name: 'POST into a missing namespace is 404 for the namespace',
    play: (api) =>
      api.call({
        method: 'POST',
        path: `${group}/namespaces/no-such-namespace/leases`,
        body: lease('a'),
      }),
  },
  {
    name: 'POST for another namespace than that of the path is 400',
    play: (api) => api.post(lease('a', {}, { namespace: 'kube-system' })),
  },
  {
    name: 'POST into kube-system creates it there',
    play: async (api) => {
      const path = `${group}/namespaces/kube-system/leases`;
      await api.call({ method: 'POST', path, body: lease('contract') });
      await api.call({ method: 'DELETE', path: `${path}/contract` });
    },
  },
  {
    name: 'POST without a namespace in the path is 405',
    play: (api) => api.call({ method: 'POST', path: `${group}/leases`, body: lease('a') }),
  },
  {
    name: 'POST without kind, apiVersion, spec creates an empty Lease',
    play: (api) => api.post({ metadata: { name: 'a' } }),
  },
  {
    name: 'POST with generateName makes a name',
    play: (api) => api.post({ metadata: { generateName: 'generated-' }, spec: {} }),
  },
  {
    name: 'POST with a resourceVersion is 500, with a uid it is ignored',
    play: async (api) => {
      await api.post(lease('a', {}, { resourceVersion: '5' }));
      await api.post(lease('a', {}, { resourceVersion: '0', uid: 'mine' }));
    },
  },
  {
    name: 'POST cannot choose what the server keeps: creation, deletion, selfLink',
    play: (api) =>
      api.post(
        lease(
          'a',
          {},
          {
            creationTimestamp: '2020-01-01T00:00:00Z',
            deletionTimestamp: '2020-01-01T00:00:00Z',
            deletionGracePeriodSeconds: 3,
            selfLink: '/x',
            generation: 7,
          },
        ),
      ),
  },
  {
    name: 'POST as a dry run answers and stores nothing',
    play: async (api) => {
      await api.post(lease('a'), '?dryRun=All');
      await api.get('a');
      await api.post(lease('a'), '?dryRun=Some');
    },
  },
  {
    name: 'PUT with the current resourceVersion changes the Lease',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', changed(stored, { holderIdentity: 'b', leaseTransitions: 1 }));
      await api.get('a');
    },
  },
  {
    name: 'PUT that changes nothing answers 200 and keeps the resourceVersion',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', stored);
      await api.put('a', changed(stored, { renewTime: '2026-01-02T05:04:05.123456+02:00' }));
      await api.put('a', changed(stored, {}, { creationTimestamp: '2020-01-01T00:00:00Z' }));
      await api.put('a', changed(stored, {}, { generation: 5, selfLink: '/x' }));
    },
  },
  {
    name: 'PUT with an old resourceVersion is 409, also if it would change nothing',
    play: async (api) => {
      const old = await api.given('a');
      const stored = await api.put('a', changed(old, { leaseTransitions: 1 }));
      await api.put('a', changed(old, { leaseTransitions: 2 }));
      const { metadata } = stored.body as { metadata: object };
      await api.put('a', { ...changed(old, {}), metadata: { ...metadata, resourceVersion: '1' } });
    },
  },
  {
    name: 'PUT with a resourceVersion of the future is 409',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', changed(stored, {}, { resourceVersion: '99999999' }));
    },
  },
  {
    name: 'PUT without a resourceVersion on a Lease that exists is 422',
    play: async (api) => {
      await api.given('a');
      await api.put('a', lease('a', { holderIdentity: 'b' }));
      await api.put('a', lease('a', { holderIdentity: 'b' }, { resourceVersion: '0' }));
      await api.put('a', lease('a', { leaseDurationSeconds: 0 }));
    },
  },
  {
    name: 'PUT with a resourceVersion that is no number is 500',
    play: async (api) => {
      const stored = await api.given('a');
      for (const resourceVersion of ['abc', '-1', '1.5', ' 1', '+1', '99999999999999999999']) {
        await api.put('a', changed(stored, {}, { resourceVersion }));
      }
    },
  },
  {
    name: 'PUT with another uid is 409 whatever else is wrong with it',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', changed(stored, {}, { uid: 'other' }));
      await api.put('a', changed(stored, { leaseDurationSeconds: 0 }, { uid: 'other' }));
      await api.put('a', lease('a', {}, { uid: 'other' }));
    },
  },
  {
    name: 'PUT without uid and resourceVersion creates a missing Lease',
    play: async (api) => {
      await api.put('a', lease('a'));
      await api.get('a');
    },
  },
  {
    name: 'PUT with resourceVersion and no uid creates a Lease that was deleted',
    play: async (api) => {
      const { uid, ...metadata } = (await api.given('a')).metadata;
      await api.delete('a');
      await api.put('a', { ...lease('a'), metadata });
      await api.get('a');
    },
  },
  {
    name: 'PUT with the uid of a Lease that was deleted is 409',
    play: async (api) => {
      const stored = await api.given('a');
      await api.delete('a');
      await api.put('a', stored);
      await api.given('a');
      await api.put('a', stored);
    },
  },
  {
    name: 'PUT that would create is checked: name, namespace, spec, resourceVersion',
    play: async (api) => {
      await api.put('A', lease('A'));
      await api.put('a', lease('a', { leaseDurationSeconds: 0 }));
      await api.put('a', lease('a', {}, { resourceVersion: 'abc' }));
      await api.put('a', lease('a', {}, { resourceVersion: 'abc', uid: 'mine' }));
      const path = `${group}/namespaces/no-such-namespace/leases/a`;
      await api.call({ method: 'PUT', path, body: lease('a') });
      await api.call({ method: 'PUT', path, body: lease('a', {}, { uid: 'mine' }) });
    },
  },
  {
    name: 'PUT must name the Lease of the path',
    play: async (api) => {
      await api.given('a');
      await api.put('a', lease('b'));
      await api.put('a', { metadata: {}, spec: {} });
      await api.put('a', lease('a', {}, { namespace: 'other' }));
    },
  },
  {
    name: 'PUT replaces the whole: labels, annotations and spec that are not sent are gone',
    play: async (api) => {
      const stored = await api.given('a', {}, { labels: { a: 'b' }, annotations: { c: 'd' } });
      const { labels, annotations, ...metadata } = stored.metadata;
      const second = await api.put('a', { ...stored, metadata });
      const { spec, ...rest } = second.body as { spec: object };
      await api.put('a', rest);
      await api.get('a');
    },
  },
  {
    name: 'PUT keeps labels and annotations that are sent, sorted or not',
    play: async (api) => {
      const stored = await api.given('a', {}, { labels: { b: '1', a: '2' } });
      await api.put('a', changed(stored, {}, { labels: { a: '2', b: '1' } }));
      await api.put('a', changed(stored, {}, { labels: { a: '2', b: '1', c: null } }));
    },
  },
  {
    name: 'PUT as a dry run answers the change and stores nothing',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', changed(stored, { leaseTransitions: 9 }), '?dryRun=All');
      await api.put('a', changed(stored, {}, { resourceVersion: '1' }), '?dryRun=All');
      await api.get('a');
    },
  },
  {
    name: 'PUT cannot set a deletion time',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', changed(stored, {}, { deletionTimestamp: '2020-01-01T00:00:00Z' }));
    },
  },
  {
    name: 'resourceVersions grow across a deletion, and the uid is a new one',
    play: async (api) => {
      await api.givenChanged('a');
      await api.delete('a');
      await api.given('a');
    },
  },
  {
    name: 'of two PUTs with the same resourceVersion exactly the first wins',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', changed(stored, { holderIdentity: 'first' }));
      await api.put('a', changed(stored, { holderIdentity: 'second' }));
      await api.get('a');
    },
  },
  {
    name: 'a released record is stored as client-go writes it',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', changed(stored, { holderIdentity: '', leaseDurationSeconds: 1 }));
      await api.call({ method: 'GET', path: `${leases}/a` });
    },
  },
];
