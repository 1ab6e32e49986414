import { asStrategicPatch, changed, lease, type ContractCase } from './api.ts';

/** PATCH: merge patches, and strategic ones as kubectl sends them. */
export const patchCases: readonly ContractCase[] = [
  {
    name: 'a merge patch changes what it names and keeps the rest',
    play: async (api) => {
      await api.given('a', {}, { labels: { a: 'b' } });
      await api.patch('a', { spec: { holderIdentity: 'b' } });
      await api.patch('a', { metadata: { labels: { c: 'd' }, annotations: { e: 'f' } } });
      await api.get('a');
    },
  },
  {
    name: 'a merge patch removes what it sets to null',
    play: async (api) => {
      await api.given('a', {}, { labels: { a: 'b' } });
      await api.patch('a', { spec: { holderIdentity: null, notThere: null } });
      await api.patch('a', { metadata: { labels: { a: null } } });
      await api.patch('a', { spec: null });
    },
  },
  {
    name: 'a merge patch that changes nothing keeps the resourceVersion',
    play: async (api) => {
      await api.given('a');
      await api.patch('a', {});
      await api.patch('a', { spec: { holderIdentity: 'a' } });
      await api.patch('a', { metadata: { creationTimestamp: '2020-01-01T00:00:00Z' } });
      await api.patch('a', { metadata: { uid: null, namespace: null, generation: 7 } });
    },
  },
  {
    name: 'a merge patch with a resourceVersion must name the current one',
    play: async (api) => {
      const stored = await api.givenChanged('a');
      const { resourceVersion } = stored.metadata;
      await api.patch('a', { metadata: { resourceVersion: '1' }, spec: { holderIdentity: 'b' } });
      await api.patch('a', { metadata: { resourceVersion }, spec: { holderIdentity: 'c' } });
      await api.patch('a', { metadata: { resourceVersion }, spec: { holderIdentity: 'd' } });
      for (const value of ['0', '', null, 'abc']) {
        await api.patch('a', { metadata: { resourceVersion: value } });
      }
    },
  },
  {
    name: 'a merge patch cannot change name, namespace, uid, deletion time or kind',
    play: async (api) => {
      await api.given('a');
      for (const metadata of [
        { name: 'b' },
        { name: null },
        { namespace: 'b' },
        { uid: 'b' },
        { deletionTimestamp: '2020-01-01T00:00:00Z' },
      ]) {
        await api.patch('a', { metadata });
      }
      await api.patch('a', { metadata: null });
      await api.patch('a', { kind: 'Pod' });
      await api.patch('a', { apiVersion: 'v1' });
    },
  },
  {
    name: 'what a merge patch makes is validated',
    play: async (api) => {
      await api.given('a');
      await api.patch('a', { spec: { leaseDurationSeconds: 0 } });
      await api.patch('a', { spec: { leaseDurationSeconds: '3' } });
      await api.patch('a', { spec: { renewTime: '2026-01-02T03:04:05Z' } });
      await api.patch('a', { spec: 5 });
      await api.patch('a', { metadata: { labels: { a: 'é' } } });
      await api.get('a');
    },
  },
  {
    name: 'a merge patch normalises times',
    play: async (api) => {
      await api.given('a');
      await api.patch('a', { spec: { renewTime: '2026-01-02T05:04:05.000001+02:00' } });
    },
  },
  {
    name: 'a merge patch drops unknown fields with a warning, or refuses them if told to',
    play: async (api) => {
      await api.given('a');
      await api.patch('a', { spec: { foo: 1 }, bar: 2 });
      await api.patch('a', { spec: { foo: 1 } }, undefined, '?fieldValidation=Strict');
      await api.patch('a', { spec: { foo: 1 } }, undefined, '?fieldValidation=Ignore');
    },
  },
  {
    name: 'a merge patch of a missing Lease is 404',
    play: (api) => api.patch('missing', { spec: { holderIdentity: 'b' } }),
  },
  {
    name: 'a merge patch that is no JSON object is 400',
    play: async (api) => {
      await api.given('a');
      for (const body of ['', '[]', 'null', '1', '"x"', '{bad', '{} {}'])
        await api.patch('a', body);
    },
  },
  {
    name: 'a merge patch as a dry run stores nothing',
    play: async (api) => {
      await api.given('a');
      await api.patch('a', { spec: { holderIdentity: 'b' } }, undefined, '?dryRun=All');
      await api.get('a');
    },
  },
  {
    name: 'force is not for merge patches',
    play: async (api) => {
      await api.given('a');
      await api.patch('a', { spec: { holderIdentity: 'b' } }, undefined, '?force=true');
    },
  },
  {
    name: 'a strategic merge patch changes and removes as a merge patch does',
    play: async (api) => {
      await api.given('a', {}, { labels: { a: 'b' } });
      await api.patch('a', { spec: { holderIdentity: 'b' } }, asStrategicPatch);
      await api.patch('a', { spec: { holderIdentity: null } }, asStrategicPatch);
      await api.patch('a', { metadata: { labels: { a: null, c: 'd' } } }, asStrategicPatch);
      await api.patch('a', { metadata: { resourceVersion: '1' } }, asStrategicPatch);
      await api.patch('a', { spec: { leaseDurationSeconds: 0 } }, asStrategicPatch);
    },
  },
  {
    name: 'a PATCH of another content type is 415',
    play: async (api) => {
      await api.given('a');
      for (const type of ['application/json', 'text/plain', 'application/yaml', 'garbage/']) {
        await api.patch('a', { spec: {} }, { 'content-type': type });
      }
      const withParameter = { 'content-type': 'application/merge-patch+json; charset=utf-8' };
      await api.patch('a', { spec: { holderIdentity: 'b' } }, withParameter);
    },
  },
  {
    name: 'a PATCH and a PUT see each other',
    play: async (api) => {
      const stored = await api.given('a');
      await api.patch('a', { spec: { holderIdentity: 'b' } });
      await api.put('a', changed(stored, { holderIdentity: 'c' }));
      await api.put('a', lease('a', { holderIdentity: 'c' }, { uid: stored.metadata.uid }));
      await api.get('a');
    },
  },
];
