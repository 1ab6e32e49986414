/** From a request to its answer: which verb on which target. */
import type { ServerResponse } from 'node:http';
import type { Body } from './bodies.ts';
import { deleteLease, deleteLeases } from './deletes.ts';
import { discover } from './discovery.ts';
import { checkTimeout, readOptions } from './options.ts';
import { patchLease } from './patches.ts';
import { getLease, listLeases } from './reads.ts';
import { parseFieldSelector, parseLabelSelector, type Selector } from './selectors.ts';
import { failure, methodNotAllowed, refuse, type Reply } from './status.ts';
import type { Lease, LeaseStore } from './store.ts';
import { leaseTable } from './table.ts';
import type { Target } from './target.ts';
import { streamWatch } from './watch.ts';
import { createLease, updateLease } from './writes.ts';

export interface Request {
  readonly method: string;
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly body: Body;
  /** Only a watch writes to it. */
  readonly response: ServerResponse;
}

/** `streaming`: the watch has the response. */
export type RouteResult = Reply | 'streaming';

const healthPaths = new Set(['/healthz', '/livez', '/readyz']);

export function answer(store: LeaseStore, request: Request): RouteResult {
  // kubectl asks for it before it creates a List. It is protobuf, in which an empty document has no bytes: the server checks all fields.
  if (request.target.id === 'path' && request.target.path === '/openapi/v2') {
    return { code: 200, body: '' };
  }
  const format = acceptedFormat(request.accept);
  const { target, method } = request;
  checkTimeout(request.query);
  if (target.id === 'leases') return answerLeases(store, request, target, format);
  if (healthPaths.has(target.path)) return { code: 200, body: 'ok' };
  const found = discover(target.path);
  if (found === null) return { code: 404, body: '404 page not found\n' };
  return method === 'GET' || found.code === 404 ? found : methodNotAllowed();
}

type Format = 'json' | 'table';

/** The first of the client's formats that we speak: objects as JSON, or kubectl's Table. */
function acceptedFormat(accept: string): Format {
  if (accept.trim() === '') return 'json';
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (type !== 'application/json' && type !== '*/*') continue;
    const shown = parameters.find((parameter) => parameter.startsWith('as='));
    if (shown === undefined) return 'json';
    if (shown === 'as=table') return 'table';
  }
  return refuse(failure(406, 'NotAcceptable', 'this server answers in application/json', {}));
}

function answerLeases(
  store: LeaseStore,
  request: Request,
  target: Target & { readonly id: 'leases' },
  format: Format,
): RouteResult {
  const { method, query, body } = request;
  const { namespace, name } = target;
  if (namespace !== null && name !== null) {
    const one = { namespace, name, query, body };
    if (method === 'GET') return shown(getLease(store, one, query), format);
    if (method === 'PUT') return updateLease(store, one);
    if (method === 'PATCH') return patchLease(store, one);
    if (method === 'DELETE') return deleteLease(store, one);
    return methodNotAllowed();
  }
  if (method === 'GET') return answerCollection(store, request, namespace, format);
  if (namespace === null) return methodNotAllowed();
  if (method === 'POST') return createLease(store, { namespace, query, body });
  if (method === 'DELETE')
    return deleteLeases(store, selectorOf(query, namespace), { query, body });
  return methodNotAllowed();
}

function answerCollection(
  store: LeaseStore,
  { query, response }: Request,
  namespace: string | null,
  format: Format,
): RouteResult {
  const options = readOptions(query);
  const matches = selectorOf(query, namespace);
  if (!options.isWatch) return shown(listLeases(store, matches, options), format);
  const render = (lease: Lease) =>
    format === 'table' ? leaseTable([lease], lease.metadata.resourceVersion) : lease;
  streamWatch({ store, matches, options, render, response });
  return 'streaming';
}

/** A successful answer as the client wants to see it. */
function shown(content: Reply, format: Format): Reply {
  const { code, body } = content;
  if (format === 'json' || code !== 200 || typeof body === 'string') return content;
  const leases = (body['items'] ?? [body]) as unknown as readonly Lease[];
  const { resourceVersion } = body['metadata'] as { resourceVersion: string };
  return { ...content, body: leaseTable(leases, resourceVersion) };
}

function selectorOf(query: URLSearchParams, namespace: string | null): Selector {
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  return (lease) =>
    (namespace === null || lease.metadata.namespace === namespace) &&
    fields(lease) &&
    labels(lease);
}
