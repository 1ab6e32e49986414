/** The fields of a Lease and of DeleteOptions with their Go types, which the server's decoding errors name. */

/** What a field holds. `go` is the type as Go's encoding/json names it. */
export type Shape =
  | { readonly id: 'string' | 'bool' | 'integer'; readonly go: string }
  | { readonly id: 'time' | 'micro-time'; readonly go: 'string' }
  | { readonly id: 'map'; readonly go: 'map[string]string' }
  | { readonly id: 'list'; readonly go: string; readonly of: Shape }
  | { readonly id: 'struct'; readonly go: string; readonly struct: Struct };

/** `omitempty`: fields that vanish when they hold Go's zero value; the others are pointers and keep it. */
export interface Struct {
  readonly name: string;
  readonly omitEmpty: boolean;
  readonly fields: Readonly<Record<string, Shape>>;
}

const string: Shape = { id: 'string', go: 'string' };
const bool: Shape = { id: 'bool', go: 'bool' };
const int32: Shape = { id: 'integer', go: 'int32' };
const int64: Shape = { id: 'integer', go: 'int64' };
const time: Shape = { id: 'time', go: 'string' };
const microTime: Shape = { id: 'micro-time', go: 'string' };
const uid: Shape = { id: 'string', go: 'types.UID' };
const stringMap: Shape = { id: 'map', go: 'map[string]string' };
const strings: Shape = { id: 'list', go: '[]string', of: string };

const ownerReference: Struct = {
  name: 'OwnerReference',
  omitEmpty: false,
  fields: {
    apiVersion: string,
    kind: string,
    name: string,
    uid,
    controller: bool,
    blockOwnerDeletion: bool,
  },
};

const objectMeta: Struct = {
  name: 'ObjectMeta',
  omitEmpty: true,
  fields: {
    name: string,
    generateName: string,
    namespace: string,
    uid,
    resourceVersion: string,
    generation: int64,
    creationTimestamp: time,
    deletionTimestamp: time,
    deletionGracePeriodSeconds: int64,
    labels: stringMap,
    annotations: stringMap,
    ownerReferences: {
      id: 'list',
      go: '[]v1.OwnerReference',
      of: { id: 'struct', go: 'v1.OwnerReference', struct: ownerReference },
    },
    finalizers: strings,
  },
};

/** In the order in which the server writes them. */
export const metadataFields: readonly string[] = Object.keys(objectMeta.fields);

const leaseSpec: Struct = {
  name: 'LeaseSpec',
  omitEmpty: false,
  fields: {
    holderIdentity: string,
    leaseDurationSeconds: int32,
    acquireTime: microTime,
    renewTime: microTime,
    leaseTransitions: int32,
    strategy: { id: 'string', go: 'v1.CoordinatedLeaseStrategy' },
    preferredHolder: string,
  },
};

/** coordination.k8s.io/v1 Lease. */
export const leaseStruct: Struct = {
  name: 'Lease',
  omitEmpty: false,
  fields: {
    kind: string,
    apiVersion: string,
    metadata: { id: 'struct', go: 'v1.ObjectMeta', struct: objectMeta },
    spec: { id: 'struct', go: 'v1.LeaseSpec', struct: leaseSpec },
  },
};

/** meta/v1 DeleteOptions. */
export const deleteOptionsStruct: Struct = {
  name: 'DeleteOptions',
  omitEmpty: false,
  fields: {
    kind: string,
    apiVersion: string,
    gracePeriodSeconds: int64,
    preconditions: {
      id: 'struct',
      go: 'v1.Preconditions',
      struct: { name: 'Preconditions', omitEmpty: false, fields: { uid, resourceVersion: string } },
    },
    orphanDependents: bool,
    propagationPolicy: { id: 'string', go: 'v1.DeletionPropagation' },
    dryRun: strings,
  },
};

/** Known to the real server, and nothing to us: taken without a warning. */
export const ignoredFields: ReadonlySet<string> = new Set([
  'metadata.managedFields',
  'metadata.selfLink',
]);
