import { group, leases, type ContractCase } from './api.ts';

/** GET, list and selectors. */
export const readCases: readonly ContractCase[] = [
  {
    name: 'GET of a Lease answers it whole',
    play: async (api) => {
      await api.given('a', {}, { labels: { app: 'x' }, annotations: { 'leader-run/term': 'y' } });
      await api.get('a');
    },
  },
  { name: 'GET of a missing Lease is 404', play: (api) => api.get('missing') },
  {
    name: 'GET of a missing Lease in a missing namespace is 404 for the Lease',
    play: (api) =>
      api.call({ method: 'GET', path: `${group}/namespaces/no-such-namespace/leases/a` }),
  },
  { name: 'GET of a name that none can have is 404', play: (api) => api.get('A_B') },
  {
    name: 'GET at a resourceVersion that is not yet there is 504 with Retry-After',
    play: (api) => api.get('a', '?resourceVersion=99999999'),
  },
  {
    name: 'GET at a resourceVersion that is no number is 500',
    play: async (api) => {
      await api.get('a', '?resourceVersion=abc');
      await api.get('a', '?resourceVersion=-1');
    },
  },
  { name: 'a list of nothing has a resourceVersion and no items', play: (api) => api.list() },
  {
    name: 'a list is sorted by name and its items carry no kind',
    play: async (api) => {
      await api.given('b');
      await api.given('a.b');
      await api.given('a-b');
      await api.list();
    },
  },
  {
    name: 'a list over all namespaces takes selectors',
    play: async (api) => {
      await api.given('a');
      const path = `${group}/leases?fieldSelector=metadata.namespace%3Ddefault`;
      await api.call({ method: 'GET', path });
    },
  },
  {
    name: 'a list in a missing namespace is empty',
    play: (api) => api.call({ method: 'GET', path: `${group}/namespaces/no-such/leases` }),
  },
  {
    name: 'a list at an exact resourceVersion shows what was there then',
    play: async (api) => {
      const first = await api.given('a');
      await api.givenChanged('b');
      await api.delete('a');
      await api.list(
        `?resourceVersionMatch=Exact&resourceVersion=${first.metadata.resourceVersion}`,
      );
    },
  },
  {
    name: 'a list at a resourceVersion that is not yet there is 504',
    play: (api) => api.list('?resourceVersion=99999999'),
  },
  {
    name: 'a list with options that make no sense is 400 or 422',
    play: async (api) => {
      await api.list('?resourceVersion=abc');
      await api.list('?resourceVersionMatch=Exact');
      await api.list('?resourceVersionMatch=Exact&resourceVersion=0');
      await api.list('?resourceVersionMatch=Nearly&resourceVersion=5');
      await api.list('?timeoutSeconds=x');
      await api.list('?limit=x');
    },
  },
  {
    name: 'a field selector picks by name and by namespace',
    play: async (api) => {
      await api.given('a');
      await api.given('b');
      for (const selector of [
        'metadata.name=a',
        'metadata.name==a',
        'metadata.name!=a',
        'metadata.name=',
        'metadata.name=a,metadata.namespace=default',
        'metadata.name=a,metadata.name=b',
        'metadata.namespace!=default',
        '=',
        ',',
      ]) {
        await api.list(`?fieldSelector=${encodeURIComponent(selector)}`);
      }
    },
  },
  {
    name: 'a field selector that is not understood is 400',
    play: async (api) => {
      for (const selector of [
        'spec.holderIdentity=a',
        'metadata.name',
        'metadata.name in (a)',
        'metadata.name=a=b',
      ]) {
        await api.list(`?fieldSelector=${encodeURIComponent(selector)}`);
      }
    },
  },
  {
    name: 'a label selector picks by equality and by sets',
    play: async (api) => {
      await api.given('a', {}, { labels: { app: 'x', tier: 'y' } });
      await api.given('b', {}, { labels: { app: 'z' } });
      await api.given('c');
      for (const selector of [
        'app=x',
        'app==x',
        'app!=x',
        'app',
        '!app',
        'app=',
        'app in (x,z)',
        'app notin (x)',
        'tier,app=x',
        'app in (x, z),!tier',
      ]) {
        await api.list(`?labelSelector=${encodeURIComponent(selector)}`);
      }
    },
  },
  {
    name: 'an unknown query parameter is ignored',
    play: async (api) => {
      await api.given('a');
      await api.list('?whatever=1');
      await api.get('a', '?whatever=1');
    },
  },
  {
    name: 'a slash at the end of the path says nothing',
    play: async (api) => {
      await api.given('a');
      await api.call({ method: 'GET', path: `${leases}/` });
      await api.call({ method: 'GET', path: `${leases}/a/` });
    },
  },
];
