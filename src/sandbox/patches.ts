/**
 * PATCH: merge patches, and strategic ones, which kubectl sends by default.
 *
 * Left out, as nothing that elects a leader needs them: JSON patches and server-side apply.
 */
import { strictFaults, unregisteredKind, type Body, type Read } from './bodies.ts';
import { decode } from './decode.ts';
import {
  checkName,
  checkNamespace,
  incomingOf,
  text,
  type Incoming,
  type Write,
} from './incoming.ts';
import { isObject, type JsonObject } from '../json.ts';
import { duplicateFields, parseJson } from './go-json.ts';
import { writeOptions, type WriteOptions } from './options.ts';
import { mergePatch, strategicFault } from './merge.ts';
import { leaseStruct } from './schema.ts';
import {
  badRequest,
  failure,
  invalid,
  leases,
  notFound,
  type FieldError,
  type Reply,
} from './status.ts';
import type { LeaseStore } from './store.ts';
import { replace } from './writes.ts';

/** The patched object is treated as that of a PUT. */
export function patchLease(store: LeaseStore, request: Write): Reply {
  const { mediaType } = request.body;
  const isStrategic = mediaType === 'application/strategic-merge-patch+json';
  if (!isStrategic && mediaType !== 'application/merge-patch+json') {
    const message = 'leader-run sandbox takes merge patches and strategic merge patches only';
    return failure(415, 'UnsupportedMediaType', message, {});
  }
  const chosen = writeOptions(request.query, 'PatchOptions');
  if (chosen.id === 'refused') return chosen.reply;
  const stored = store.get(request.namespace, request.name);
  if (stored === null) return notFound(leases(request.name));
  const patch = readPatch(request.body, isStrategic ? '' : 'error decoding patch: ');
  if (patch.id === 'refused') return patch.reply;
  const fault = isStrategic ? strategicFault(patch.object) : null;
  if (fault !== null) {
    return badRequest(
      `leader-run sandbox takes simple strategic merge patches only (${fault}): send a merge patch`,
    );
  }
  const object = mergePatch(stored, patch.object) as JsonObject;
  const duplicates = duplicateFields(request.body.bytes.toString('utf8'));
  const read = readPatched(object, request.namespace, chosen.options, duplicates);
  if (read.id === 'refused') return read.reply;
  const { value: incoming, warnings } = read;
  const reply =
    checkName(incoming, request.name) ??
    checkNamespace(incoming, request.namespace) ??
    replace(store, stored, incoming);
  return { ...reply, warnings };
}

type ReadPatch =
  | { readonly id: 'patch'; readonly object: JsonObject }
  | { readonly id: 'refused'; readonly reply: Reply };

function refused(reply: Reply): ReadPatch {
  return { id: 'refused', reply };
}

function readPatch(body: Body, prefix: string): ReadPatch {
  const parsed = parseJson(body.bytes.toString('utf8'));
  if (parsed.id === 'failed') return refused(badRequest(`${prefix}${parsed.message}`));
  if (isObject(parsed.value)) return { id: 'patch', object: parsed.value };
  if (parsed.value === null) {
    return prefix === '' ? { id: 'patch', object: {} } : refused(badRequest('Invalid JSON Patch'));
  }
  return refused(badRequest(`${prefix}the patch is not an object`));
}

/** What is wrong with a patched object is a fault of the patch: 422, quoting the object. */
function readPatched(
  object: JsonObject,
  namespace: string,
  options: WriteOptions,
  duplicates: readonly string[],
): Read<Incoming> {
  const faulty = (why: string): Read<Incoming> => {
    const message = `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${why}`;
    const error: FieldError = { field: 'patch', reason: 'FieldValueInvalid', message };
    return { id: 'refused', reply: invalid({ kind: '' }, [error]) };
  };
  const unregistered = unregisteredKind(text(object['kind']), text(object['apiVersion']));
  if (unregistered !== null) return faulty(unregistered);
  const decoded = decode(sortedKeys(object), leaseStruct);
  if (decoded.id === 'failed') return faulty(decoded.message);
  const unknown = strictFaults(decoded.unknownFields, duplicates);
  if (options.fieldValidation === 'Strict' && unknown.length > 0) {
    return faulty(`strict decoding error: ${unknown.join(', ')}`);
  }
  const value = incomingOf(decoded.object, namespace, options);
  return { id: 'read', value, warnings: options.fieldValidation === 'Warn' ? unknown : [] };
}

/** The order in which the real server reads the fields of a patched object, and so names their faults. */
function sortedKeys(object: JsonObject): JsonObject {
  const entries = Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isObject(value) ? sortedKeys(value) : value]),
  );
}
