import { changed, lease, type ContractCase } from './api.ts';

const rejectedTimes = [
  '2026-01-02T03:04:05Z',
  '2026-01-02T03:04:05.123Z',
  '2026-01-02T03:04:05.12345Z',
  '2026-01-02T03:04:05.1234567Z',
  '2026-01-02T03:04:05.123456',
  '2026-01-02T03:04:05.123456-0700',
  '2026-01-02T03:04:05.123456Zx',
  '2026-01-02 03:04:05.123456Z',
  '2026-01-02t03:04:05.123456Z',
  '2026-1-2T03:04:05.123456Z',
  '2026-13-02T03:04:05.123456Z',
  '2026-02-29T03:04:05.123456Z',
  '2026-01-00T03:04:05.123456Z',
  '2026-01-02T24:00:00.000000Z',
  '2026-01-02T03:60:05.123456Z',
  '2026-01-02T23:59:60.000000Z',
  '10000-01-01T00:00:00.000000Z',
  'now',
  '',
];

const acceptedTimes = [
  '2026-01-02T03:04:05.123456Z',
  '2026-01-02T03:04:05,123456Z',
  '2026-01-02T03:04:05.123456+00:00',
  '2026-01-02T03:04:05.123456+02:00',
  '2026-01-02T03:04:05.123456-23:59',
  '2026-01-02T3:04:05.123456Z',
  '2024-02-29T00:00:00.000000Z',
  '1970-01-01T00:00:00.000000Z',
  '9999-12-31T23:59:59.999999Z',
];

/** What a body may hold. */
export const validationCases: readonly ContractCase[] = [
  {
    name: 'a time without exactly six fractional digits, or that is none, is 400',
    play: async (api) => {
      for (const renewTime of rejectedTimes) await api.post(lease('a', { renewTime }));
    },
  },
  {
    name: 'a time with six fractional digits is stored in UTC',
    play: async (api) => {
      for (const [index, renewTime] of acceptedTimes.entries()) {
        await api.post(lease(`a${index}`, { renewTime }));
      }
    },
  },
  {
    name: 'of two times that are none the first is named',
    play: (api) => api.post(lease('a', { acquireTime: 'x', renewTime: 'y' })),
  },
  {
    name: 'a leaseDurationSeconds that is not positive is 422',
    play: async (api) => {
      await api.post(lease('a', { leaseDurationSeconds: 0 }));
      await api.post(lease('a', { leaseDurationSeconds: -1 }));
      await api.post(lease('a', { leaseDurationSeconds: 2 ** 31 - 1 }));
    },
  },
  {
    name: 'a number that is no int32 is 400',
    play: async (api) => {
      for (const value of [2 ** 31, -(2 ** 31) - 1, 1.5, '15', true, [], {}]) {
        await api.post(lease('a', { leaseDurationSeconds: value }));
        await api.post(lease('a', { leaseTransitions: value }));
      }
    },
  },
  {
    name: 'a negative leaseTransitions is 422',
    play: async (api) => {
      await api.post(lease('a', { leaseTransitions: -1 }));
      await api.post(lease('a', { leaseTransitions: 2 ** 31 - 1 }));
    },
  },
  {
    name: 'two faults in a spec are named together',
    play: (api) => api.post(lease('a', { leaseDurationSeconds: 0, leaseTransitions: -1 })),
  },
  {
    name: 'a holderIdentity is any text, of any length',
    play: async (api) => {
      const identities = ['', '  ', 'é\n"\\', '\u0000', 'x'.repeat(300), '🦊'];
      for (const [index, holderIdentity] of identities.entries()) {
        await api.post(lease(`a${index}`, { holderIdentity }));
      }
    },
  },
  {
    name: 'a field of the wrong type is 400',
    play: async (api) => {
      for (const value of [1, true, [], {}]) {
        await api.post(lease('a', { holderIdentity: value }));
        await api.post(lease('a', { renewTime: value }));
        await api.post({ metadata: { name: value } });
        await api.post(lease('a', {}, { resourceVersion: value }));
      }
      for (const value of ['x', 1, []]) {
        await api.post({ metadata: { name: 'a' }, spec: value });
        await api.post({ metadata: value });
        await api.post(lease('a', {}, { labels: value }));
      }
      await api.post(lease('a', {}, { labels: { a: 1 } }));
      await api.post(lease('a', {}, { annotations: { a: {} } }));
    },
  },
  {
    name: 'null is the same as not there',
    play: (api) =>
      api.post(
        lease(
          'a',
          {
            holderIdentity: null,
            leaseDurationSeconds: null,
            acquireTime: null,
            renewTime: null,
            leaseTransitions: null,
          },
          { labels: null, annotations: null, creationTimestamp: null, uid: null },
        ),
      ),
  },
  {
    name: 'unknown fields are dropped with a warning',
    play: async (api) => {
      const body = { ...lease('a', { foo: 1, HolderIdentity: 'x' }, { bar: {} }), status: {} };
      await api.post(body);
      await api.get('a');
    },
  },
  {
    name: 'fieldValidation decides about unknown fields: Strict refuses, Ignore is silent',
    play: async (api) => {
      const body = { ...lease('a', { foo: 1 }, { bar: {} }), status: {} };
      await api.post(body, '?fieldValidation=Strict');
      await api.post(body, '?fieldValidation=Ignore');
      await api.post(body, '?fieldValidation=Whatever');
      await api.put('a', body, '?fieldValidation=Strict');
    },
  },
  {
    name: 'strategy and preferredHolder are dropped',
    play: (api) =>
      api.post(lease('a', { strategy: 'OldestEmulationVersion', preferredHolder: 'x' })),
  },
  {
    name: 'a PUT is checked as a POST is',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', changed(stored, { leaseDurationSeconds: 0, leaseTransitions: -1 }));
      await api.put('a', changed(stored, {}, { labels: { a: 'é' } }));
      await api.put('a', changed(stored, { leaseDurationSeconds: 0 }, { labels: { a: 'é' } }));
      await api.put('a', changed(stored, {}, { annotations: { 'a b': '' } }));
      await api.put('a', changed(stored, { renewTime: 'x' }));
      await api.put('a', '{garbage');
      await api.put('a', { kind: 'Pod' });
    },
  },
  {
    name: 'a name that is no RFC 1123 subdomain is 422',
    play: async (api) => {
      for (const name of ['A', 'a b', '../x', 'a/b', '-a', 'a-', 'a..b', '.', 'a_b', 'é', '']) {
        await api.post(lease(name));
      }
      await api.post({ metadata: {}, spec: {} });
    },
  },
  {
    name: 'a name has at most 253 characters',
    play: async (api) => {
      await api.post(lease('a'.repeat(254)));
      await api.post(lease('a'.repeat(253)));
    },
  },
  {
    name: 'labels are checked',
    play: async (api) => {
      await api.post(lease('a', {}, { labels: { ok: '', 'x.y/z': 'A_b.c-1' } }));
      for (const labels of [
        { 'a b': '' },
        { é: '1' },
        { a: 'é' },
        { a: 'x'.repeat(64) },
        { a: '-x' },
        { ['x'.repeat(64)]: '' },
        { 'a/b/c': '' },
        { '/b': '' },
        { 'a/': '' },
        { 'A_/b': '' },
        { '': '' },
      ]) {
        await api.post(lease('b', {}, { labels }));
      }
    },
  },
  {
    name: 'annotations are checked: keys, and 256 KiB in all',
    play: async (api) => {
      await api.post(lease('a', {}, { annotations: { 'Leader-Run/Term': 'anything\n' } }));
      await api.post(lease('b', {}, { annotations: { 'a b': '' } }));
      await api.post(lease('b', {}, { annotations: { 'a/b/c': '' } }));
      await api.post(lease('b', {}, { annotations: { a: 'x'.repeat(262_144) } }));
    },
  },
  {
    name: 'a body that is no JSON object is 400',
    play: async (api) => {
      for (const body of ['', '[]', '"x"', '1', '{garbage', '{} {}']) await api.post(body);
      await api.post('null');
      await api.post('{}');
    },
  },
  {
    name: 'a body of another kind is 400',
    play: async (api) => {
      for (const type of [
        { apiVersion: 'coordination.k8s.io/v1', kind: 'Foo' },
        { apiVersion: 'coordination.k8s.io/v1', kind: 'lease' },
        { apiVersion: 'coordination.k8s.io/v1beta1', kind: 'Lease' },
        { apiVersion: 'apps/v1', kind: 'Lease' },
        { apiVersion: 'x/y/z', kind: 'Lease' },
        { kind: 5 },
        { apiVersion: [] },
      ]) {
        await api.post({ ...type, metadata: { name: 'a' }, spec: {} });
      }
    },
  },
  {
    name: 'a body of more than 3 MiB is 413',
    play: (api) => api.post(lease('a', { holderIdentity: 'x'.repeat(3 * 1024 * 1024) })),
  },
];
