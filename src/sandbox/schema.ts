/** The fields of a Lease and of DeleteOptions. */

/** What a field holds. */
export type Shape =
  | { readonly id: 'string' | 'bool' | 'int32' | 'int64' | 'time' | 'micro-time' | 'map' }
  | { readonly id: 'list'; readonly of: Shape }
  | { readonly id: 'struct'; readonly struct: Struct };

/** `omitEmpty`: fields that vanish when they hold Go's zero value; the others are pointers and keep it. */
export interface Struct {
  readonly omitEmpty: boolean;
  readonly fields: Readonly<Record<string, Shape>>;
}

const string: Shape = { id: 'string' };
const bool: Shape = { id: 'bool' };
const int32: Shape = { id: 'int32' };
const int64: Shape = { id: 'int64' };
const time: Shape = { id: 'time' };
const microTime: Shape = { id: 'micro-time' };
const stringMap: Shape = { id: 'map' };
const strings: Shape = { id: 'list', of: string };

const ownerReference: Struct = {
  omitEmpty: false,
  fields: {
    apiVersion: string,
    kind: string,
    name: string,
    uid: string,
    controller: bool,
    blockOwnerDeletion: bool,
  },
};

const objectMeta: Struct = {
  omitEmpty: true,
  fields: {
    name: string,
    generateName: string,
    namespace: string,
    uid: string,
    resourceVersion: string,
    generation: int64,
    creationTimestamp: time,
    deletionTimestamp: time,
    deletionGracePeriodSeconds: int64,
    labels: stringMap,
    annotations: stringMap,
    ownerReferences: { id: 'list', of: { id: 'struct', struct: ownerReference } },
    finalizers: strings,
  },
};

/** In the order in which the server writes them. */
export const metadataFields: readonly string[] = Object.keys(objectMeta.fields);

const leaseSpec: Struct = {
  omitEmpty: false,
  fields: {
    holderIdentity: string,
    leaseDurationSeconds: int32,
    acquireTime: microTime,
    renewTime: microTime,
    leaseTransitions: int32,
    strategy: string,
    preferredHolder: string,
  },
};

/** coordination.k8s.io/v1 Lease. */
export const leaseStruct: Struct = {
  omitEmpty: false,
  fields: {
    kind: string,
    apiVersion: string,
    metadata: { id: 'struct', struct: objectMeta },
    spec: { id: 'struct', struct: leaseSpec },
  },
};

/** meta/v1 DeleteOptions. */
export const deleteOptionsStruct: Struct = {
  omitEmpty: false,
  fields: {
    kind: string,
    apiVersion: string,
    gracePeriodSeconds: int64,
    preconditions: {
      id: 'struct',
      struct: { omitEmpty: false, fields: { uid: string, resourceVersion: string } },
    },
    orphanDependents: bool,
    propagationPolicy: string,
    dryRun: strings,
  },
};

/** Known to the real server, and nothing to us: taken without a warning. */
export const ignoredFields: ReadonlySet<string> = new Set([
  'metadata.managedFields',
  'metadata.selfLink',
]);
