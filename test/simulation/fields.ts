/** Reading raw Leases: whatever is there, as text, number or object. */
import type { JsonObject } from '../../src/json.ts';
import type { RawLease } from '../../src/election/lease.ts';

export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

export function metadataOf(lease: RawLease): JsonObject {
  return objectOf(lease['metadata']);
}

export function specOf(lease: RawLease): JsonObject {
  return objectOf(lease['spec']);
}

/** A string as it is, anything else as JSON, what is missing as nothing. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function describeLease(lease: RawLease): string {
  const spec = specOf(lease);
  const metadata = metadataOf(lease);
  const term = objectOf(metadata['annotations'])['leader-run/term'];
  return [
    `v${textOf(metadata['resourceVersion'])}`,
    `holder "${textOf(spec['holderIdentity'])}"`,
    `for ${textOf(spec['leaseDurationSeconds'])} s`,
    `renewed ${textOf(spec['renewTime']).slice(11, -1)}`,
    `transitions ${textOf(spec['leaseTransitions'])}`,
    term === undefined ? 'no term' : `term ${textOf(term)}`,
  ].join(', ');
}
