/** Leases as `kubectl get` wants them: a Table with the columns that it prints. */
import type { JsonObject } from '../json.ts';
import type { Lease } from './store.ts';

const columns: readonly JsonObject[] = [
  { name: 'Name', type: 'string', format: 'name', description: 'Name of the Lease', priority: 0 },
  { name: 'Holder', type: 'string', format: '', description: 'holderIdentity', priority: 0 },
  { name: 'Age', type: 'string', format: '', description: 'Since its creation', priority: 0 },
];

/** The Table of these Leases. Rows carry the metadata, from which kubectl takes the namespace. */
export function leaseTable(leases: readonly Lease[], resourceVersion: string): JsonObject {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion },
    columnDefinitions: columns,
    rows: leases.map(({ metadata, spec }) => ({
      cells: [metadata.name, spec['holderIdentity'] ?? '', age(metadata.creationTimestamp)],
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
    })),
  };
}

/** Seconds up to two minutes, then minutes, hours, days. */
function age(since: string): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
