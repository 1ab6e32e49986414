import { group, type ContractCase } from './api.ts';

/** DELETE of one Lease and of many. */
export const deleteCases: readonly ContractCase[] = [
  {
    name: 'DELETE answers the uid of what it deleted, and then 404',
    play: async (api) => {
      await api.given('a');
      await api.delete('a');
      await api.get('a');
      await api.delete('a');
    },
  },
  {
    name: 'DELETE in a missing namespace is 404 for the Lease',
    play: (api) =>
      api.call({ method: 'DELETE', path: `${group}/namespaces/no-such-namespace/leases/a` }),
  },
  {
    name: 'DELETE with preconditions that hold deletes',
    play: async (api) => {
      const { uid } = (await api.given('a')).metadata;
      await api.delete('a', { preconditions: { uid } });
      const { resourceVersion } = (await api.given('a')).metadata;
      await api.delete('a', { preconditions: { resourceVersion } });
    },
  },
  {
    name: 'DELETE with preconditions that do not hold is 409',
    play: async (api) => {
      await api.given('a');
      await api.delete('a', { preconditions: { uid: 'other' } });
      await api.delete('a', { preconditions: { uid: '' } });
      await api.delete('a', { preconditions: { resourceVersion: '1' } });
      await api.delete('a', { preconditions: { uid: 'other', resourceVersion: '1' } });
      await api.get('a');
    },
  },
  {
    name: 'DELETE of a missing Lease is 404 whatever its preconditions',
    play: (api) => api.delete('missing', { preconditions: { uid: 'other' } }),
  },
  {
    name: 'DELETE takes an empty, a null and a complete body of options',
    play: async (api) => {
      for (const body of [
        '',
        'null',
        {},
        { foo: 1 },
        { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
        { kind: 'DeleteOptions', apiVersion: 'coordination.k8s.io/v1', gracePeriodSeconds: 0 },
      ]) {
        await api.given('a');
        await api.delete('a', body);
      }
    },
  },
  {
    name: 'DELETE with options that are none is 400 or 422',
    play: async (api) => {
      await api.given('a');
      for (const body of [
        '{bad',
        '[]',
        '"x"',
        { propagationPolicy: 'Foo' },
        { dryRun: ['Some'] },
        { gracePeriodSeconds: 'x' },
        { preconditions: { uid: 1 } },
        { kind: 'Pod', apiVersion: 'v1' },
        { orphanDependents: true, propagationPolicy: 'Orphan' },
      ]) {
        await api.delete('a', body);
      }
      await api.delete('a', undefined, '?propagationPolicy=Foo');
      await api.delete('a', undefined, '?gracePeriodSeconds=x');
      await api.delete('a', undefined, '?dryRun=Some');
    },
  },
  {
    name: 'DELETE as a dry run deletes nothing',
    play: async (api) => {
      await api.given('a');
      await api.delete('a', { dryRun: ['All'] });
      await api.delete('a', undefined, '?dryRun=All');
      await api.get('a');
    },
  },
  {
    name: 'DELETE of a collection deletes what its selectors pick',
    play: async (api) => {
      await api.given('a');
      await api.given('b', {}, { labels: { app: 'x' } });
      await api.given('c', {}, { labels: { app: 'x' } });
      await api.delete('', undefined, '?labelSelector=app%3Dx');
      await api.list();
    },
  },
];
