/** POST and PUT: checked in the order in which kube-apiserver checks. */
import { checkName, checkNamespace, receive, text, type Incoming, type Write } from './incoming.ts';
import type { JsonObject } from '../json.ts';
import { createdMetadata, generateName, leaseOf, updatedMetadata } from './metadata.ts';
import { parseResourceVersion } from './options.ts';
import {
  alreadyExists,
  conflict,
  invalid,
  leaseKind,
  leases,
  notFound,
  unforeseen,
  type FieldError,
  type Reply,
} from './status.ts';
import type { Lease, LeaseStore } from './store.ts';
import { invalidField, validateLease } from './validation.ts';

/** These exist, and no others can be made. */
export const namespaces: readonly string[] = [
  'default',
  'kube-node-lease',
  'kube-public',
  'kube-system',
];

export function createLease(store: LeaseStore, request: Omit<Write, 'name'>): Reply {
  const { value: incoming, warnings } = receive(request, 'CreateOptions');
  const metadata = { ...incoming.metadata, ...generateName(incoming.metadata) };
  const reply =
    checkNamespace(incoming, request.namespace) ?? insert(store, { ...incoming, metadata }, 'POST');
  return { ...reply, warnings };
}

export function updateLease(store: LeaseStore, request: Write): Reply {
  const { value: incoming, warnings } = receive(request, 'UpdateOptions');
  const reply =
    checkNamespace(incoming, request.namespace) ??
    checkName(incoming, request.name) ??
    insertOrReplace(store, request, incoming);
  return { ...reply, warnings };
}

function insertOrReplace(store: LeaseStore, request: Write, incoming: Incoming): Reply {
  const stored = store.get(request.namespace, request.name);
  const [uid, storedUid] = [text(incoming.metadata['uid']), stored?.metadata.uid ?? ''];
  if (uid !== '' && uid !== storedUid)
    return conflict(leases(request.name), 'its uid is not that of the precondition');
  return stored === null ? insert(store, incoming, 'PUT') : replace(store, stored, incoming);
}

/** POST, or PUT on what is not there: that creates too, whatever resourceVersion it names. */
function insert(store: LeaseStore, incoming: Incoming, method: 'POST' | 'PUT'): Reply {
  const { metadata, spec, options } = incoming;
  const [namespace, name] = [text(metadata['namespace']), text(metadata['name'])];
  if (!namespaces.includes(namespace)) return notFound({ kind: 'namespaces', name: namespace });
  const version = parseResourceVersion(text(metadata['resourceVersion']));
  if (method === 'PUT' && version === null) return unforeseen('resourceVersion is not a number');
  const errors = validateLease(metadata, spec);
  if (errors.length > 0) return invalid(leaseKind(name), errors);
  if (method === 'POST' && version !== null && version > 0n)
    return unforeseen('a Lease to be created has no resourceVersion');
  if (store.get(namespace, name) !== null) return alreadyExists(name);
  const created = createdMetadata(metadata);
  const { resourceVersion: _, ...unstored } = created;
  const body = options.isDryRun
    ? { ...leaseOf(created, spec), metadata: unstored }
    : store.put(leaseOf(created, spec));
  return { code: 201, body };
}

/** Optimistic concurrency: the resourceVersion must be given, and be the stored one. */
export function replace(store: LeaseStore, stored: Lease, incoming: Incoming): Reply {
  const { metadata, spec, options } = incoming;
  const { name, resourceVersion } = stored.metadata;
  const version = parseResourceVersion(text(metadata['resourceVersion']));
  if (version === null) return unforeseen('resourceVersion is not a number');
  if (version === 0n) {
    const message = 'an update must have it';
    const field = 'metadata.resourceVersion';
    return invalid(leases(name), [{ field, reason: 'FieldValueInvalid', message }]);
  }
  if (version !== BigInt(resourceVersion))
    return conflict(leases(name), 'it has been modified: apply your change to the latest version');
  const errors = validateLease(metadata, spec, immutableErrors(metadata, stored));
  if (errors.length > 0) return invalid(leaseKind(name), errors);
  const lease = leaseOf(updatedMetadata(metadata, stored.metadata), spec);
  const isUnchanged = JSON.stringify(lease) === JSON.stringify(stored);
  return { code: 200, body: isUnchanged || options.isDryRun ? lease : store.put(lease) };
}

function immutableErrors(metadata: JsonObject, stored: Lease): FieldError[] {
  const changed = [
    ...(['', stored.metadata.uid].includes(text(metadata['uid'])) ? [] : ['uid']),
    ...(metadata['deletionTimestamp'] === undefined ? [] : ['deletionTimestamp']),
  ];
  return changed.map((key) => invalidField(`metadata.${key}`, 'it cannot be changed'));
}
