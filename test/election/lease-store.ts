/**
 * One Lease as an API server keeps it: optimistic concurrency by uid and resourceVersion, as kube-apiserver has it for
 * Leases. Immutable, so that an exploration can go back to any of its states.
 */
import type { JsonObject } from '../../src/json.ts';
import type { Answer, LeaseRequest, RawLease } from '../../src/election/lease.ts';

export interface LeaseStore {
  readonly lease: RawLease | null;
  /** The counter from which every resourceVersion comes; it goes on over a deletion. */
  readonly revision: number;
  readonly uids: number;
}

export const emptyStore: LeaseStore = { lease: null, revision: 0, uids: 0 };

export interface Served {
  readonly store: LeaseStore;
  readonly answer: Answer;
}

/** Serves one request at once. */
export function serve(store: LeaseStore, request: LeaseRequest, serverTimeMs: number): Served {
  switch (request.id) {
    case 'get':
      return { store, answer: stored(store, serverTimeMs) };
    case 'create': {
      if (store.lease !== null) return { store, answer: { id: 'conflict' } };
      const after = put(store, request.body);
      return { store: after, answer: stored(after, serverTimeMs) };
    }
    case 'update':
      return update(store, request.body, serverTimeMs);
  }
}

/** Stores what someone writes without asking for a version: a person, or a client-go. */
export function put(store: LeaseStore, body: RawLease): LeaseStore {
  const revision = store.revision + 1;
  const isNew = store.lease === null;
  const uids = store.uids + (isNew ? 1 : 0);
  const identity = { uid: `u${uids}`, resourceVersion: String(revision) };
  const metadata = { ...metadataOf(body), ...identity };
  return { lease: { ...body, metadata }, revision, uids };
}

/** The Lease is deleted; `lease` is what a watch would tell of it. */
export function remove(store: LeaseStore): { store: LeaseStore; lease: RawLease } {
  const revision = store.revision + 1;
  const lease = store.lease ?? {};
  const metadata = { ...metadataOf(lease), resourceVersion: String(revision) };
  return { store: { ...store, lease: null, revision }, lease: { ...lease, metadata } };
}

export function metadataOf(lease: RawLease): JsonObject {
  return (lease['metadata'] ?? {}) as JsonObject;
}

function update(store: LeaseStore, body: RawLease, serverTimeMs: number): Served {
  const { uid, resourceVersion } = metadataOf(body);
  if (typeof uid !== 'string' || typeof resourceVersion !== 'string')
    return { store, answer: invalid };
  const current = store.lease === null ? null : metadataOf(store.lease);
  const isCurrent = current?.['uid'] === uid && current['resourceVersion'] === resourceVersion;
  if (!isCurrent) return { store, answer: { id: 'conflict' } };
  const after = put(store, body);
  return { store: after, answer: stored(after, serverTimeMs) };
}

/** A PUT has to name what it replaces (the real server would create a deleted Lease for one without a uid). */
const invalid: Answer = {
  id: 'failed',
  failure: { reason: 'rejected', status: 422, message: 'uid and resourceVersion must be given' },
};

function stored({ lease }: LeaseStore, serverTimeMs: number): Answer {
  return lease === null ? { id: 'not-found', serverTimeMs } : { id: 'lease', lease, serverTimeMs };
}
