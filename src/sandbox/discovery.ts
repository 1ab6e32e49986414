/** What kubectl and client libraries ask before they come to the Leases: versions, groups, resources, namespaces. */
import { noSuchPath, notFound, type Reply } from './status.ts';
import type { JsonObject } from '../json.ts';
import { type Shape, type Struct, leaseStruct } from './schema.ts';
import { namespaces } from './writes.ts';

const leaseGroupVersion = { groupVersion: 'coordination.k8s.io/v1', version: 'v1' };
const leaseGroup = {
  name: 'coordination.k8s.io',
  versions: [leaseGroupVersion],
  preferredVersion: leaseGroupVersion,
};
const leaseVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

const openapiPath = '/openapi/v3';
const groupVersionPath = '/apis/coordination.k8s.io/v1';
const leasePath = `${groupVersionPath}/namespaces/{namespace}/leases/{name}`;

const leaseKindOf = { group: leaseGroup.name, kind: 'Lease', version: 'v1' };

/** A struct in OpenAPI's words. */
function schemaOf({ fields }: Struct): JsonObject {
  const properties = Object.entries(fields).map(([name, [, shape]]) => [name, propertyOf(shape)]);
  return { type: 'object', properties: Object.fromEntries(properties) as JsonObject };
}

function propertyOf(shape: Shape): JsonObject {
  switch (shape.id) {
    case 'string':
      return { type: 'string' };
    case 'bool':
      return { type: 'boolean' };
    case 'int32':
    case 'int64':
      return { type: 'integer', format: shape.id };
    case 'time':
    case 'micro-time':
      return { type: 'string', format: 'date-time' };
    case 'map':
      return { type: 'object', additionalProperties: { type: 'string' } };
    case 'list':
      return { type: 'array', items: propertyOf(shape.of) };
    case 'struct':
      return schemaOf(shape.struct);
  }
}

const leaseSchema = {
  ...schemaOf(leaseStruct),
  description: 'Lease defines a lease concept.',
  'x-kubernetes-group-version-kind': [leaseKindOf],
};

/** What kubectl asks for before it writes, that this server checks the fields itself, and what `kubectl explain` shows. */
const leaseOpenApi: JsonObject = {
  openapi: '3.0.0',
  info: { title: 'leader-run sandbox', version: 'v1' },
  paths: {
    [leasePath]: {
      patch: {
        parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
        responses: {},
        'x-kubernetes-group-version-kind': leaseKindOf,
      },
    },
  },
  components: { schemas: { 'io.k8s.api.coordination.v1.Lease': leaseSchema } },
};

const documents: Readonly<Record<string, JsonObject>> = {
  '/version': {
    major: '1',
    minor: '36',
    gitVersion: 'v1.36.0+leader-run-sandbox',
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: '',
  },
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [leaseGroup] },
  '/apis/coordination.k8s.io': { kind: 'APIGroup', apiVersion: 'v1', ...leaseGroup },
  [groupVersionPath]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: leaseGroupVersion.groupVersion,
    resources: [
      {
        name: 'leases',
        singularName: 'lease',
        namespaced: true,
        kind: 'Lease',
        verbs: leaseVerbs,
      },
    ],
  },
  [openapiPath]: {
    paths: {
      [groupVersionPath.slice(1)]: { serverRelativeURL: `${openapiPath}${groupVersionPath}` },
    },
  },
  [`${openapiPath}${groupVersionPath}`]: leaseOpenApi,
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [
      {
        name: 'namespaces',
        singularName: 'namespace',
        namespaced: false,
        kind: 'Namespace',
        verbs: ['get', 'list'],
        shortNames: ['ns'],
      },
    ],
  },
};

const namespacesPath = '/api/v1/namespaces';
const startedAt = `${new Date().toISOString().slice(0, 19)}Z`;

/** The answer to a GET of any path that is none of the Leases'; null if there is none. */
export function discover(path: string): Reply | null {
  const document = documents[path];
  if (document !== undefined) return { code: 200, body: document };
  if (path === '/') return { code: 200, body: { paths: Object.keys(documents) } };
  if (path === namespacesPath) {
    const items = namespaces.map(namespaceBody);
    return { code: 200, body: { kind: 'NamespaceList', apiVersion: 'v1', metadata: {}, items } };
  }
  const [, name] = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path) ?? [];
  if (name !== undefined) {
    return namespaces.includes(name)
      ? { code: 200, body: { kind: 'Namespace', apiVersion: 'v1', ...namespaceBody(name) } }
      : notFound({ kind: 'namespaces', name });
  }
  const isKnownGroup = path.startsWith('/apis/coordination.k8s.io/') || path.startsWith('/api/v1/');
  return isKnownGroup ? noSuchPath() : null;
}

function namespaceBody(name: string): JsonObject {
  const labels = { 'kubernetes.io/metadata.name': name };
  return {
    metadata: { name, labels, creationTimestamp: startedAt },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}
