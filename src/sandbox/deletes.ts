/** DELETE, of one Lease or of a collection. It is always immediate: finalizers are stored and not waited for. */
import { readDeleteOptions, type Body } from './bodies.ts';
import type { JsonObject } from '../json.ts';
import { checkInteger, dryRunErrors, unsupported } from './options.ts';
import { leaseList } from './reads.ts';
import type { Selector } from './selectors.ts';
import {
  conflict,
  invalid,
  leaseKind,
  leases,
  notFound,
  optionsKind,
  refuse,
  type FieldError,
  type Reply,
} from './status.ts';
import type { Lease, LeaseStore } from './store.ts';
import type { Write } from './incoming.ts';

export function deleteLease(store: LeaseStore, request: Write): Reply {
  const chosen = deleteOptions(request.query, request.body);
  const lease = store.get(request.namespace, request.name);
  if (lease === null) return notFound(leases(request.name));
  const unmet = unmetPrecondition(lease, chosen.preconditions);
  if (unmet !== null) return conflict(leaseKind(request.name), unmet);
  if (!chosen.isDryRun) store.delete(lease);
  const details = { ...leases(request.name), uid: lease.metadata.uid };
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  return { code: 200, body };
}

/** Answers the objects that were deleted. */
export function deleteLeases(
  store: LeaseStore,
  matches: Selector,
  request: { readonly query: URLSearchParams; readonly body: Body },
): Reply {
  const chosen = deleteOptions(request.query, request.body);
  const deleted = store.list().filter(matches);
  const list = leaseList(deleted, String(store.revision));
  if (!chosen.isDryRun) for (const lease of deleted) store.delete(lease);
  return { code: 200, body: list };
}

interface DeleteOptions {
  readonly isDryRun: boolean;
  readonly preconditions: JsonObject;
}

/** From the body, or without one from the query. */
function deleteOptions(query: URLSearchParams, body: Body): DeleteOptions {
  const read = readDeleteOptions(body);
  checkInteger(query, 'gracePeriodSeconds');
  const fromQuery: JsonObject = {
    dryRun: query.getAll('dryRun'),
    propagationPolicy: query.get('propagationPolicy') ?? '',
  };
  const given = body.bytes.length > 0 ? read : fromQuery;
  const dryRun = (given['dryRun'] ?? []) as readonly string[];
  const errors = [...policyErrors(given), ...dryRunErrors(dryRun)];
  if (errors.length > 0) refuse(invalid(optionsKind('DeleteOptions'), errors));
  const preconditions = (given['preconditions'] ?? {}) as JsonObject;
  return { isDryRun: dryRun.length > 0, preconditions };
}

function policyErrors({ propagationPolicy, orphanDependents }: JsonObject): FieldError[] {
  const field = 'propagationPolicy';
  const policy = (propagationPolicy ?? '') as string;
  const message = 'it does not go with orphanDependents';
  return [
    ...(policy !== '' && orphanDependents !== undefined
      ? [{ field, reason: 'FieldValueInvalid', message } as const]
      : []),
    ...unsupported(field, policy, ['', 'Foreground', 'Background', 'Orphan']),
  ];
}

function unmetPrecondition({ metadata }: Lease, preconditions: JsonObject): string | null {
  for (const name of ['uid', 'resourceVersion'])
    if (preconditions[name] !== undefined && preconditions[name] !== metadata[name])
      return `its ${name} is not that of the precondition`;
  return null;
}
