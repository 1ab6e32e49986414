import { changed, group, lease, leases, type ContractCase, type Lease } from './api.ts';

const byName = (name: string): string => `&fieldSelector=metadata.name%3D${name}`;
const from = ({ metadata }: Lease): string => `&resourceVersion=${metadata.resourceVersion}`;

/** Watches: what they begin with, what they report, how they end. */
export const watchCases: readonly ContractCase[] = [
  {
    name: 'a watch without a resourceVersion begins with what is there',
    play: async (api) => {
      const stored = await api.given('a');
      const watch = await api.watch(byName('a'));
      await api.events(watch, 1);
      await api.put('a', changed(stored, { leaseTransitions: 1 }));
      await api.events(watch, 1);
    },
  },
  {
    name: 'a watch from resourceVersion 0 begins with what is there',
    play: async (api) => {
      await api.given('a');
      await api.given('b');
      await api.events(await api.watch('&resourceVersion=0'), 2);
    },
  },
  {
    name: 'a watch of a Lease that is not there reports its creation',
    play: async (api) => {
      const watch = await api.watch(byName('a'));
      await api.given('a');
      await api.events(watch, 1);
    },
  },
  {
    name: 'a watch resumes: change, deletion and creation since a resourceVersion',
    play: async (api) => {
      const stored = await api.given('a');
      await api.put('a', changed(stored, { leaseTransitions: 1 }));
      await api.delete('a');
      await api.given('a');
      await api.events(await api.watch(`${byName('a')}${from(stored)}`), 3);
    },
  },
  {
    name: 'a watch reports in the order in which things happen',
    play: async (api) => {
      const stored = await api.given('a');
      const watch = await api.watch(`${byName('a')}${from(stored)}`);
      const second = await api.put('a', changed(stored, { holderIdentity: 'b' }));
      await api.put('a', changed(second.body as Lease, { holderIdentity: 'c' }));
      await api.delete('a');
      await api.given('a');
      await api.events(watch, 4);
    },
  },
  {
    name: 'a watch by name is silent about others',
    play: async (api) => {
      const stored = await api.given('a');
      const watch = await api.watch(`${byName('a')}${from(stored)}`);
      await api.given('b');
      await api.delete('b');
      await api.patch('a', { spec: { holderIdentity: 'b' } });
      await api.events(watch, 1);
    },
  },
  {
    name: 'a watch says nothing of a PUT that changes nothing',
    play: async (api) => {
      const stored = await api.given('a');
      const watch = await api.watch(`${byName('a')}${from(stored)}`);
      await api.put('a', stored);
      await api.patch('a', { spec: { holderIdentity: 'b' } });
      await api.events(watch, 1);
    },
  },
  {
    name: 'a watch by label reports what comes and goes as added and deleted',
    play: async (api) => {
      const stored = await api.given('a');
      await api.patch('a', { metadata: { labels: { team: 'x' } } });
      await api.patch('a', { spec: { holderIdentity: 'b' } });
      await api.patch('a', { metadata: { labels: { team: 'y' } } });
      await api.patch('a', { spec: { holderIdentity: 'c' } });
      await api.patch('a', { metadata: { labels: { team: 'x' } } });
      await api.events(await api.watch(`&labelSelector=team%3Dx${from(stored)}`), 4);
    },
  },
  {
    name: 'a watch of all namespaces takes selectors',
    play: async (api) => {
      const stored = await api.given('a');
      const query = `${byName('contract')}${from(stored)}`;
      const watch = await api.watch(query, `${group}/leases`);
      const path = `${group}/namespaces/kube-system/leases`;
      await api.call({ method: 'POST', path, body: lease('contract') });
      await api.call({ method: 'DELETE', path: `${path}/contract` });
      await api.events(watch, 2);
    },
  },
  {
    name: 'a watch from a resourceVersion that is forgotten reports 410 and ends',
    play: async (api) => api.events(await api.watch('&resourceVersion=1')),
  },
  {
    name: 'a watch from a resourceVersion of the future waits',
    play: async (api) => {
      const stored = await api.given('a');
      const query = `${byName('a')}&resourceVersion=99999999&timeoutSeconds=1`;
      const watch = await api.watch(query);
      await api.put('a', changed(stored, { leaseTransitions: 1 }));
      await api.events(watch);
    },
  },
  {
    name: 'a watch ends after timeoutSeconds',
    play: async (api) => {
      const stored = await api.given('a');
      await api.events(await api.watch(`${byName('a')}${from(stored)}&timeoutSeconds=1`));
    },
  },
  {
    name: 'a watch with bookmarks marks the end of what is there',
    play: async (api) => {
      await api.given('a');
      const query = `${byName('a')}&allowWatchBookmarks=true`;
      await api.events(await api.watch(query), 2);
    },
  },
  {
    name: 'a watch with bookmarks of a Lease that is not there marks the end of nothing',
    play: async (api) => api.events(await api.watch(`${byName('a')}&allowWatchBookmarks=true`), 1),
  },
  {
    name: 'a watch with bookmarks learns of progress that is not its own before it ends',
    play: async (api) => {
      const stored = await api.given('a');
      const query = `${byName('a')}${from(stored)}&allowWatchBookmarks=true&timeoutSeconds=4`;
      const watch = await api.watch(query);
      await api.given('b');
      await api.events(watch);
    },
  },
  {
    name: 'a watch without bookmarks gets none',
    play: async (api) => {
      const stored = await api.given('a');
      const watch = await api.watch(`${byName('a')}${from(stored)}&timeoutSeconds=3`);
      await api.given('b');
      await api.events(watch);
    },
  },
  {
    name: 'sendInitialEvents begins with what is there, whatever the resourceVersion',
    play: async (api) => {
      const stored = await api.given('a');
      const query = `${byName('a')}&resourceVersionMatch=NotOlderThan&sendInitialEvents=true`;
      const watch = await api.watch(`${query}${from(stored)}&allowWatchBookmarks=true`);
      await api.events(watch, 2);
    },
  },
  {
    name: 'a watch with options that make no sense is 400, 422 or 500',
    play: async (api) => {
      for (const query of [
        'resourceVersion=abc',
        'timeoutSeconds=x',
        'timeoutSeconds=1.5',
        'fieldSelector=spec.holderIdentity%3Da',
        'sendInitialEvents=true',
        'resourceVersionMatch=NotOlderThan',
        'resourceVersionMatch=Exact&resourceVersion=5',
      ]) {
        await api.call({ method: 'GET', path: `${leases}?watch=true&${query}` });
      }
    },
  },
  {
    name: 'watch=0 and watch=false are lists',
    play: async (api) => {
      await api.given('a');
      await api.list('?watch=0');
      await api.list('?watch=false');
    },
  },
  {
    name: 'watch=1 at the path of one Lease is a GET',
    play: async (api) => {
      await api.given('a');
      await api.get('a', '?watch=1');
    },
  },
];
