/** From a request to its answer: which verb on which target. */
import type { ServerResponse } from 'node:http';
import type { Body } from './bodies.ts';
import { deleteLease, deleteLeases } from './deletes.ts';
import { discover } from './discovery.ts';
import { readOptions, timeoutFault } from './options.ts';
import { patchLease } from './patches.ts';
import { getLease, listLeases } from './reads.ts';
import { parseFieldSelector, parseLabelSelector, type Selector } from './selectors.ts';
import { badRequest, failure, methodNotAllowed, type Reply } from './status.ts';
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

export type RouteResult =
  | { readonly id: 'reply'; readonly reply: Reply }
  | { readonly id: 'text'; readonly code: number; readonly text: string }
  /** The watch has the response. */
  | { readonly id: 'streaming' };

const healthPaths = new Set(['/healthz', '/livez', '/readyz']);

export function answer(store: LeaseStore, request: Request): RouteResult {
  // kubectl asks for it before it creates a List. It is protobuf, in which an empty document has no bytes: the server checks all fields.
  if (request.target.id === 'path' && request.target.path === '/openapi/v2') {
    return { id: 'text', code: 200, text: '' };
  }
  const format = acceptedFormat(request.accept);
  if (format === null) return reply(notAcceptable());
  const { target, method } = request;
  const fault = timeoutFault(request.query);
  if (fault !== null) return reply(fault);
  if (target.id === 'leases') return answerLeases(store, request, target, format);
  if (healthPaths.has(target.path)) return { id: 'text', code: 200, text: 'ok' };
  const found = discover(target.path);
  if (found === null) return { id: 'text', code: 404, text: '404 page not found\n' };
  return reply(method === 'GET' || found.code === 404 ? found : methodNotAllowed());
}

function reply(content: Reply): RouteResult {
  return { id: 'reply', reply: content };
}

function notAcceptable(): Reply {
  const message =
    '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf';
  return failure(406, 'NotAcceptable', message, {});
}

type Format = 'json' | 'table';

/** The first of the client's formats that we speak: objects as JSON, or kubectl's Table. */
function acceptedFormat(accept: string): Format | null {
  if (accept.trim() === '') return 'json';
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (type !== 'application/json' && type !== '*/*') continue;
    const shown = parameters.find((parameter) => parameter.startsWith('as='));
    if (shown === undefined) return 'json';
    if (shown === 'as=table') return 'table';
  }
  return null;
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
    if (method === 'GET') return reply(shown(getLease(store, one, query), format));
    if (method === 'PUT') return reply(updateLease(store, one));
    if (method === 'PATCH') return reply(patchLease(store, one));
    if (method === 'DELETE') return reply(deleteLease(store, one));
    return reply(methodNotAllowed());
  }
  if (method === 'GET') return answerCollection(store, request, namespace, format);
  if (namespace === null) return reply(methodNotAllowed());
  if (method === 'POST') return reply(createLease(store, { namespace, query, body }));
  if (method === 'DELETE') {
    const selected = selectorOf(query, namespace);
    return reply(
      selected.id === 'refused'
        ? selected.reply
        : deleteLeases(store, selected.matches, { query, body }),
    );
  }
  return reply(methodNotAllowed());
}

function answerCollection(
  store: LeaseStore,
  { query, response }: Request,
  namespace: string | null,
  format: Format,
): RouteResult {
  const chosen = readOptions(query);
  if (chosen.id === 'refused') return reply(chosen.reply);
  const selected = selectorOf(query, namespace);
  if (selected.id === 'refused') return reply(selected.reply);
  const { matches } = selected;
  const { options } = chosen;
  if (!options.isWatch) return reply(shown(listLeases(store, matches, options), format));
  const render = (lease: Lease) =>
    format === 'table' ? leaseTable([lease], lease.metadata.resourceVersion) : lease;
  streamWatch({ store, matches, options, render, response });
  return { id: 'streaming' };
}

/** A successful answer as the client wants to see it. */
function shown(content: Reply, format: Format): Reply {
  if (format === 'json' || content.code !== 200) return content;
  const { body } = content;
  const leases = (body['items'] ?? [body]) as unknown as readonly Lease[];
  const { resourceVersion } = body['metadata'] as { resourceVersion: string };
  return { ...content, body: leaseTable(leases, resourceVersion) };
}

type Selected =
  | { readonly id: 'selected'; readonly matches: Selector }
  | { readonly id: 'refused'; readonly reply: Reply };

function selectorOf(query: URLSearchParams, namespace: string | null): Selected {
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  if (fields.id === 'failed') return { id: 'refused', reply: badRequest(fields.message) };
  if (labels.id === 'failed') return { id: 'refused', reply: badRequest(labels.message) };
  const matches: Selector = (lease) =>
    (namespace === null || lease.metadata.namespace === namespace) &&
    fields.matches(lease) &&
    labels.matches(lease);
  return { id: 'selected', matches };
}
