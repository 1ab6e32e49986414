/** What kubectl and client libraries ask before they come to the Leases: versions, groups, resources, namespaces. */
import { noSuchPath, notFound, type Reply } from './status.ts';
import type { JsonObject } from './json.ts';
import { namespaces } from './writes.ts';

const GROUP_VERSION = { groupVersion: 'coordination.k8s.io/v1', version: 'v1' };
const GROUP = {
  name: 'coordination.k8s.io',
  versions: [GROUP_VERSION],
  preferredVersion: GROUP_VERSION,
};
const LEASE_VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

const OPENAPI = '/openapi/v3';
const GROUP_VERSION_PATH = '/apis/coordination.k8s.io/v1';
const LEASE_PATH = `${GROUP_VERSION_PATH}/namespaces/{namespace}/leases/{name}`;

/** All that kubectl looks for before it writes: that this server checks the fields itself. */
const leaseOpenApi: JsonObject = {
  openapi: '3.0.0',
  info: { title: 'leader-run sandbox', version: 'v1' },
  paths: {
    [LEASE_PATH]: {
      patch: {
        parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
        responses: {},
        'x-kubernetes-group-version-kind': {
          group: 'coordination.k8s.io',
          kind: 'Lease',
          version: 'v1',
        },
      },
    },
  },
};

const DOCUMENTS: Readonly<Record<string, JsonObject>> = {
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
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [GROUP] },
  '/apis/coordination.k8s.io': { kind: 'APIGroup', apiVersion: 'v1', ...GROUP },
  [GROUP_VERSION_PATH]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: GROUP_VERSION.groupVersion,
    resources: [
      {
        name: 'leases',
        singularName: 'lease',
        namespaced: true,
        kind: 'Lease',
        verbs: LEASE_VERBS,
      },
    ],
  },
  [OPENAPI]: {
    paths: {
      [GROUP_VERSION_PATH.slice(1)]: { serverRelativeURL: `${OPENAPI}${GROUP_VERSION_PATH}` },
    },
  },
  [`${OPENAPI}${GROUP_VERSION_PATH}`]: leaseOpenApi,
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

const NAMESPACES = '/api/v1/namespaces';
const STARTED_AT = `${new Date().toISOString().slice(0, 19)}Z`;

/** The answer to a GET of any path that is none of the Leases'; null if nobody knows it. */
export function discover(path: string): Reply | null {
  const document = DOCUMENTS[path];
  if (document !== undefined) return { code: 200, body: document };
  if (path === '/') return { code: 200, body: { paths: Object.keys(DOCUMENTS) } };
  if (path === NAMESPACES) {
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
    metadata: { name, labels, creationTimestamp: STARTED_AT },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}
