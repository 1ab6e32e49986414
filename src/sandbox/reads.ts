/** GET and list. */
import type { JsonObject } from '../json.ts';
import { parseResourceVersion, type ReadOptions } from './options.ts';
import type { Selector } from './selectors.ts';
import { expired, futureVersion, leases, notFound, unforeseen, type Reply } from './status.ts';
import type { Lease, LeaseStore } from './store.ts';

export function getLease(
  store: LeaseStore,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  query: URLSearchParams,
): Reply {
  const version = parseResourceVersion(query.get('resourceVersion') ?? '');
  if (version === null) return unforeseen('resourceVersion is not a number');
  if (version > store.revision) return futureVersion(version, store.revision);
  const lease = store.get(namespace, name);
  return lease === null ? notFound(leases(name)) : { code: 200, body: lease };
}

/** The list in one page: `limit` is a wish that the API allows a server to ignore. */
export function listLeases(store: LeaseStore, matches: Selector, options: ReadOptions): Reply {
  const asked = options.resourceVersion ?? 0n;
  if (asked > store.revision) return futureVersion(asked, store.revision);
  const isExact = options.match === 'Exact';
  const items = isExact ? store.listAt(Number(asked)) : store.list();
  if (items === null) return expired('The resourceVersion for the provided list is too old.');
  const resourceVersion = String(isExact ? asked : store.revision);
  return { code: 200, body: leaseList(items.filter(matches), resourceVersion) };
}

/** Items of a list do not repeat their kind. */
export function leaseList(items: readonly Lease[], resourceVersion: string): JsonObject {
  return {
    kind: 'LeaseList',
    apiVersion: 'coordination.k8s.io/v1',
    metadata: { resourceVersion },
    items: items.map(({ metadata, spec }) => ({ metadata, spec })),
  };
}
