/** DELETE, of one Lease or of a collection. It is always immediate: finalizers are stored and not waited for. */
import { readDeleteOptions, type Body } from './bodies.ts';
import type { JsonObject } from '../json.ts';
import { unsupported, unsupportedDryRun } from './options.ts';
import { leaseList } from './reads.ts';
import type { Selector } from './selectors.ts';
import {
  badRequest,
  conflict,
  invalid,
  leaseKind,
  leases,
  notFound,
  optionsKind,
  type FieldError,
  type Reply,
} from './status.ts';
import type { Lease, LeaseStore } from './store.ts';
import type { Write } from './incoming.ts';

const policies = ['Foreground', 'Background', 'Orphan'];

export function deleteLease(store: LeaseStore, request: Write): Reply {
  const chosen = deleteOptions(request.query, request.body);
  if (chosen.id === 'refused') return chosen.reply;
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
  if (chosen.id === 'refused') return chosen.reply;
  const deleted = store.list().filter(matches);
  const list = leaseList(deleted, String(store.revision));
  if (!chosen.isDryRun) for (const lease of deleted) store.delete(lease);
  return { code: 200, body: list };
}

type Chosen =
  | { readonly id: 'chosen'; readonly isDryRun: boolean; readonly preconditions: JsonObject }
  | { readonly id: 'refused'; readonly reply: Reply };

/** From the body, or without one from the query. */
function deleteOptions(query: URLSearchParams, body: Body): Chosen {
  const refuse = (reply: Reply): Chosen => ({ id: 'refused', reply });
  const read = readDeleteOptions(body);
  if (read.id === 'refused') return read;
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null && !/^[+-]?\d+$/.test(grace)) {
    return refuse(badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`));
  }
  const fromQuery: JsonObject = {
    dryRun: query.getAll('dryRun'),
    propagationPolicy: query.get('propagationPolicy') ?? '',
  };
  const given = body.bytes.length > 0 ? read.value : fromQuery;
  const dryRun = (given['dryRun'] ?? []) as readonly string[];
  const errors = optionErrors(given, dryRun);
  if (errors.length > 0) return refuse(invalid(optionsKind('DeleteOptions'), errors));
  const preconditions = (given['preconditions'] ?? {}) as JsonObject;
  return { id: 'chosen', isDryRun: dryRun.length > 0, preconditions };
}

function optionErrors(options: JsonObject, dryRun: readonly string[]): FieldError[] {
  const field = 'propagationPolicy';
  const policy = (options[field] ?? '') as string;
  const errors: FieldError[] = [];
  if (policy !== '' && options['orphanDependents'] !== undefined) {
    const message = `Invalid value: "${policy}": orphanDependents and deletionPropagation cannot be both set`;
    errors.push({ field, reason: 'FieldValueInvalid', message });
  }
  if (policy !== '' && !policies.includes(policy)) {
    errors.push(unsupported(field, JSON.stringify(policy), [...policies, 'nil']));
  }
  if (dryRun.some((value) => value !== 'All')) errors.push(unsupportedDryRun(dryRun));
  return errors;
}

function unmetPrecondition(lease: Lease, preconditions: JsonObject): string | null {
  const { metadata } = lease;
  const { uid, resourceVersion } = preconditions as Readonly<Record<string, string | undefined>>;
  if (uid !== undefined && uid !== metadata.uid) {
    return `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    return `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
  }
  return null;
}
