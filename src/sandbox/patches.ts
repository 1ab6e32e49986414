/**
 * PATCH: merge patches, and strategic ones, which kubectl sends by default.
 *
 * Left out, as nothing that elects a leader needs them: JSON patches and server-side apply.
 */
import { readLeaseObject, textOf, type Body } from './bodies.ts';
import { checkName, checkNamespace, incomingOf, type Write } from './incoming.ts';
import { isObject, type JsonObject } from '../json.ts';
import { duplicateFields, parseJson } from './go-json.ts';
import { writeOptions } from './options.ts';
import { mergePatch, strategicFault } from './merge.ts';
import { badRequest, failure, invalid, leases, notFound, refuse, type Reply } from './status.ts';
import type { LeaseStore } from './store.ts';
import { replace } from './writes.ts';

/** The patched object is treated as that of a PUT. */
export function patchLease(store: LeaseStore, { namespace, name, query, body }: Write): Reply {
  const isStrategic = body.mediaType === 'application/strategic-merge-patch+json';
  if (!isStrategic && body.mediaType !== 'application/merge-patch+json') {
    const message = 'leader-run sandbox takes merge patches and strategic merge patches only';
    return failure(415, 'UnsupportedMediaType', message, {});
  }
  const options = writeOptions(query, 'PatchOptions');
  const stored = store.get(namespace, name);
  if (stored === null) return notFound(leases(name));
  const patch = readPatch(body, isStrategic);
  const object = mergePatch(stored, patch) as JsonObject;
  const { value, warnings } = readLeaseObject(
    sortedKeys(object),
    duplicateFields(textOf(body)),
    options,
    faultyPatch,
  );
  const incoming = incomingOf(value, namespace, options);
  const reply =
    checkName(incoming, name) ??
    checkNamespace(incoming, namespace) ??
    replace(store, stored, incoming);
  return { ...reply, warnings };
}

/** A strategic one may be null: it changes nothing. */
function readPatch(body: Body, isStrategic: boolean): JsonObject {
  const parsed = parseJson(textOf(body));
  if (parsed === undefined) refuse(badRequest('the patch is not JSON'));
  const patch = isStrategic ? (parsed ?? {}) : parsed;
  if (!isObject(patch)) refuse(badRequest('the patch is not an object'));
  const fault = isStrategic ? strategicFault(patch) : null;
  if (fault === null) return patch;
  return refuse(
    badRequest(
      `leader-run sandbox takes simple strategic merge patches only (${fault}): send a merge patch`,
    ),
  );
}

/** What is wrong with a patched object is a fault of the patch: 422. */
function faultyPatch(why: string): Reply {
  const message = `what it makes of the Lease is none: ${why}`;
  return invalid({ kind: '' }, [{ field: 'patch', reason: 'FieldValueInvalid', message }]);
}

/** The order in which the real server reads the fields of a patched object, and so names their faults. */
function sortedKeys(object: JsonObject): JsonObject {
  const entries = Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isObject(value) ? sortedKeys(value) : value]),
  );
}
