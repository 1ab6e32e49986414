/** The fields of a Lease and of DeleteOptions, with their numbers in the generated.proto files of k8s.io/api and k8s.io/apimachinery. */

/** What a field holds. */
export type Shape =
  | { readonly id: 'string' | 'bool' | 'int32' | 'int64' | 'time' | 'micro-time' | 'map' }
  | { readonly id: 'list'; readonly of: Shape }
  | { readonly id: 'struct'; readonly struct: Struct };

/** `omitEmpty`: fields that vanish when they hold Go's zero value; the others are pointers and keep it. */
export interface Struct {
  readonly omitEmpty: boolean;
  readonly fields: Readonly<Record<string, readonly [number: number, shape: Shape]>>;
}

/** Where a struct has no such field in protobuf. */
const none = -1;

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
    apiVersion: [5, string],
    kind: [1, string],
    name: [3, string],
    uid: [4, string],
    controller: [6, bool],
    blockOwnerDeletion: [7, bool],
  },
};

const objectMeta: Struct = {
  omitEmpty: true,
  fields: {
    name: [1, string],
    generateName: [2, string],
    namespace: [3, string],
    uid: [5, string],
    resourceVersion: [6, string],
    generation: [7, int64],
    creationTimestamp: [8, time],
    deletionTimestamp: [9, time],
    deletionGracePeriodSeconds: [10, int64],
    labels: [11, stringMap],
    annotations: [12, stringMap],
    ownerReferences: [13, { id: 'list', of: { id: 'struct', struct: ownerReference } }],
    finalizers: [14, strings],
  },
};

/** In the order in which the server writes them. */
export const metadataFields: readonly string[] = Object.keys(objectMeta.fields);

const leaseSpec: Struct = {
  omitEmpty: false,
  fields: {
    holderIdentity: [1, string],
    leaseDurationSeconds: [2, int32],
    acquireTime: [3, microTime],
    renewTime: [4, microTime],
    leaseTransitions: [5, int32],
    strategy: [6, string],
    preferredHolder: [7, string],
  },
};

/** coordination.k8s.io/v1 Lease. */
export const leaseStruct: Struct = {
  omitEmpty: false,
  fields: {
    kind: [none, string],
    apiVersion: [none, string],
    metadata: [1, { id: 'struct', struct: objectMeta }],
    spec: [2, { id: 'struct', struct: leaseSpec }],
  },
};

/** meta/v1 DeleteOptions. */
export const deleteOptionsStruct: Struct = {
  omitEmpty: false,
  fields: {
    kind: [none, string],
    apiVersion: [none, string],
    gracePeriodSeconds: [1, int64],
    preconditions: [
      2,
      {
        id: 'struct',
        struct: { omitEmpty: false, fields: { uid: [1, string], resourceVersion: [2, string] } },
      },
    ],
    orphanDependents: [3, bool],
    propagationPolicy: [4, string],
    dryRun: [5, strings],
  },
};

/** Known to the real server, and nothing to us: taken without a warning. */
export const ignoredFields: ReadonlySet<string> = new Set([
  'metadata.managedFields',
  'metadata.selfLink',
]);
