/** What the server itself writes into a Lease: its identity, its times, the order of its fields. */
import { randomInt, randomUUID } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import { metadataFields } from './schema.ts';
import type { Lease, LeaseMetadata } from './store.ts';

/** No vowels, and no two that look alike: as Kubernetes generates names. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxGeneratedBase = 58;

/** A name made from generateName, if only that is given. */
export function generateName(metadata: JsonObject): { readonly name?: string } {
  const { name, generateName: base } = metadata;
  if (name !== undefined || typeof base !== 'string') return {};
  const suffix = Array.from(
    { length: suffixLength },
    () => suffixAlphabet[randomInt(suffixAlphabet.length)],
  );
  return { name: `${base.slice(0, maxGeneratedBase)}${suffix.join('')}` };
}

/** The metadata of a new object: what the client may choose, and an identity of its own. The store fills in the resourceVersion. */
export function createdMetadata(metadata: JsonObject): LeaseMetadata {
  const { deletionTimestamp: _, deletionGracePeriodSeconds: __, ...chosen } = metadata;
  return ordered({
    ...chosen,
    uid: randomUUID(),
    resourceVersion: '',
    creationTimestamp: `${new Date().toISOString().slice(0, 19)}Z`,
  });
}

/** The metadata of a changed object: what the client may change, and the identity that it has. */
export function updatedMetadata(metadata: JsonObject, stored: LeaseMetadata): LeaseMetadata {
  const { generation: _, deletionGracePeriodSeconds: __, ...chosen } = metadata;
  const { uid, resourceVersion, creationTimestamp } = stored;
  const generation = stored['generation'];
  return ordered({
    ...chosen,
    uid,
    resourceVersion,
    creationTimestamp,
    ...(generation === undefined ? {} : { generation }),
  });
}

/** A whole object. The strategy of coordinated leader election is dropped, as by a server that has it switched off. */
export function leaseOf(metadata: LeaseMetadata, spec: JsonObject): Lease {
  const { strategy: _, preferredHolder: __, ...kept } = spec;
  return { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata, spec: kept };
}

function ordered(metadata: JsonObject): LeaseMetadata {
  const present = metadataFields.filter((name) => metadata[name] !== undefined);
  return Object.fromEntries(
    present.map((name) => [name, metadata[name]]),
  ) as unknown as LeaseMetadata;
}
