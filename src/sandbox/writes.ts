/**
 * POST, PUT and PATCH: a request in, an answer out, checked in the order in which kube-apiserver checks.
 *
 * Left out, as nothing that elects a leader needs it: managedFields and server-side apply, JSON patches, YAML.
 */
import { readLease, unregisteredKind, unsupportedMediaType, type Body } from './bodies.ts';
import { decode } from './decode.ts';
import { isObject, parseJson, type JsonObject, type JsonValue } from './json.ts';
import { createdMetadata, generateName, leaseOf, updatedMetadata } from './metadata.ts';
import { parseResourceVersion, writeOptions, type WriteOptions } from './options.ts';
import { mergePatch, strategicMergePatch } from './patch.ts';
import { leaseStruct } from './schema.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  failure,
  invalid,
  leaseKind,
  leases,
  notFound,
  unforeseen,
  type FieldError,
  type Reply,
} from './status.ts';
import type { Lease, LeaseStore } from './store.ts';
import { validateLease } from './validation.ts';

/** These exist, and no others can be made. */
export const namespaces: readonly string[] = [
  'default',
  'kube-node-lease',
  'kube-public',
  'kube-system',
];

/** A write in a namespace; `name` is the one in the path. */
export interface Write {
  readonly namespace: string;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: Body;
}

/** A Lease on its way in: decoded, its namespace filled in from the path. */
interface Incoming {
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
  readonly options: WriteOptions;
  readonly warnings: readonly string[];
}

type Received =
  | { readonly id: 'received'; readonly incoming: Incoming }
  | { readonly id: 'refused'; readonly reply: Reply };

export function createLease(store: LeaseStore, request: Omit<Write, 'name'>): Reply {
  const received = receive(request, 'CreateOptions');
  if (received.id === 'refused') return received.reply;
  const { incoming } = received;
  const metadata = { ...incoming.metadata, ...generateName(incoming.metadata) };
  return insert(store, { ...incoming, metadata }, 'POST');
}

export function updateLease(store: LeaseStore, request: Write): Reply {
  const received = receive(request, 'UpdateOptions');
  if (received.id === 'refused') return received.reply;
  const { incoming } = received;
  const nameFault = checkName(incoming.metadata, request.name);
  if (nameFault !== null) return nameFault;
  const stored = store.get(request.namespace, request.name);
  const [uid, storedUid] = [text(incoming.metadata['uid']), stored?.metadata.uid ?? ''];
  if (uid !== '' && uid !== storedUid) return uidConflict(request, uid, storedUid);
  return stored === null ? insert(store, incoming, 'PUT') : replace(store, stored, incoming);
}

/** Without the content type's own patch semantics, a PATCH is a PUT of the patched object. */
export function patchLease(store: LeaseStore, request: Write): Reply {
  const { mediaType } = request.body;
  const isStrategic = mediaType === 'application/strategic-merge-patch+json';
  if (!isStrategic && mediaType !== 'application/merge-patch+json') {
    return failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  }
  const chosen = writeOptions(request.query, 'PatchOptions');
  if (chosen.id === 'refused') return chosen.reply;
  const stored = store.get(request.namespace, request.name);
  if (stored === null) return notFound(leases(request.name));
  const patch = readPatch(request.body, isStrategic ? '' : 'error decoding patch: ');
  if (patch.id === 'refused') return patch.reply;
  const patched = isStrategic
    ? strategicMergePatch(stored, patch.object)
    : { id: 'patched' as const, object: mergePatch(stored, patch.object) as JsonObject };
  if (patched.id === 'failed') return unforeseen(patched.message);
  const received = receivePatched(patched.object, chosen.options, request.namespace);
  if (received.id === 'refused') return received.reply;
  const nameFault = checkName(received.incoming.metadata, request.name);
  return nameFault ?? replace(store, stored, received.incoming);
}

function refuse(reply: Reply): { readonly id: 'refused'; readonly reply: Reply } {
  return { id: 'refused', reply };
}

function receive(request: Omit<Write, 'name'>, optionsKind: string): Received {
  const mediaFault = unsupportedMediaType(request.body);
  if (mediaFault !== null) return refuse(mediaFault);
  const chosen = writeOptions(request.query, optionsKind);
  if (chosen.id === 'refused') return chosen;
  const read = readLease(request.body, chosen.options);
  if (read.id === 'refused') return read;
  return inNamespace(read.value, request.namespace, chosen.options, read.warnings);
}

function inNamespace(
  object: JsonObject,
  namespace: string,
  options: WriteOptions,
  warnings: readonly string[],
): Received {
  const metadata = (object['metadata'] ?? {}) as JsonObject;
  if (text(metadata['namespace']) !== '' && metadata['namespace'] !== namespace) {
    const message =
      'the namespace of the provided object does not match the namespace sent on the request';
    return refuse(badRequest(message));
  }
  const spec = (object['spec'] ?? {}) as JsonObject;
  return {
    id: 'received',
    incoming: { metadata: { ...metadata, namespace }, spec, options, warnings },
  };
}

function checkName(metadata: JsonObject, name: string): Reply | null {
  const given = text(metadata['name']);
  if (given === name) return null;
  return badRequest(
    given === ''
      ? `the name of the object (${name} based on URL) was undeterminable: name must be provided`
      : `the name of the object (${given}) does not match the name on the URL (${name})`,
  );
}

function uidConflict({ namespace, name }: Write, uid: string, storedUid: string): Reply {
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${storedUid}`;
  return conflict(
    leases(name),
    `StorageError: invalid object, Code: 4, Key: /registry/leases/${namespace}/${name}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
  );
}

/** POST, or PUT on what is not there: that creates too, whatever resourceVersion it names. */
function insert(store: LeaseStore, incoming: Incoming, method: 'POST' | 'PUT'): Reply {
  const { metadata, spec, options, warnings } = incoming;
  const [namespace, name] = [text(metadata['namespace']), text(metadata['name'])];
  if (!namespaces.includes(namespace)) return notFound({ kind: 'namespaces', name: namespace });
  const version = parseResourceVersion(text(metadata['resourceVersion']));
  if (method === 'PUT' && version.id === 'failed') return unforeseen(version.cause);
  const errors = validateLease(metadata, spec);
  if (errors.length > 0) return invalid(leaseKind(name), errors);
  if (method === 'POST' && version.id === 'version' && version.value > 0n) {
    return unforeseen('resourceVersion should not be set on objects to be created');
  }
  if (store.get(namespace, name) !== null) return alreadyExists(name);
  const lease = leaseOf(createdMetadata(metadata), spec);
  return { code: 201, body: options.isDryRun ? lease : store.put(lease), warnings };
}

/** Optimistic concurrency: the resourceVersion must be given, and be the stored one. */
function replace(store: LeaseStore, stored: Lease, incoming: Incoming): Reply {
  const { metadata, spec, options, warnings } = incoming;
  const { name, resourceVersion } = stored.metadata;
  const version = parseResourceVersion(text(metadata['resourceVersion']));
  if (version.id === 'failed') return unforeseen(version.cause);
  if (version.value === 0n) {
    const message = 'Invalid value: 0: must be specified for an update';
    const field = 'metadata.resourceVersion';
    return invalid(leases(name), [{ field, reason: 'FieldValueInvalid', message }]);
  }
  if (version.value !== BigInt(resourceVersion)) {
    const why =
      'the object has been modified; please apply your changes to the latest version and try again';
    return conflict(leases(name), why);
  }
  const errors = [...immutableErrors(metadata, stored), ...validateLease(metadata, spec)];
  if (errors.length > 0) return invalid(leaseKind(name), errors);
  const lease = leaseOf(updatedMetadata(metadata, stored.metadata), spec);
  const isUnchanged = JSON.stringify(lease) === JSON.stringify(stored);
  return { code: 200, body: isUnchanged || options.isDryRun ? lease : store.put(lease), warnings };
}

/** Each is found twice, by the general and by the Lease's own validation. */
function immutableErrors(metadata: JsonObject, stored: Lease): FieldError[] {
  const changed = [
    ...(['', stored.metadata.uid].includes(text(metadata['uid'])) ? [] : ['uid']),
    ...(metadata['deletionTimestamp'] === undefined ? [] : ['deletionTimestamp']),
  ];
  return [...changed, ...changed].map((key) => ({
    field: `metadata.${key}`,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(metadata[key])}: field is immutable`,
  }));
}

type ReadPatch =
  | { readonly id: 'patch'; readonly object: JsonObject }
  | { readonly id: 'refused'; readonly reply: Reply };

function readPatch(body: Body, prefix: string): ReadPatch {
  const parsed = parseJson(body.bytes.toString('utf8'));
  if (parsed.id === 'failed') return refuse(badRequest(`${prefix}${parsed.message}`));
  if (isObject(parsed.value)) return { id: 'patch', object: parsed.value };
  if (parsed.value === null) {
    return prefix === '' ? { id: 'patch', object: {} } : refuse(badRequest('Invalid JSON Patch'));
  }
  const what = Array.isArray(parsed.value) ? 'array' : goScalar(parsed.value);
  const message = `json: cannot unmarshal ${what} into Go value of type map[string]interface {}`;
  return refuse(badRequest(`${prefix}${message}`));
}

function goScalar(value: JsonValue): string {
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** What is wrong with a patched object is a fault of the patch: 422, quoting the object. */
function receivePatched(object: JsonObject, options: WriteOptions, namespace: string): Received {
  const faulty = (why: string): Received => {
    const message = `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${why}`;
    const error: FieldError = { field: 'patch', reason: 'FieldValueInvalid', message };
    return refuse(invalid({ kind: '' }, [error]));
  };
  const [kind, apiVersion] = [text(object['kind']), text(object['apiVersion'])];
  const unregistered = unregisteredKind(kind, apiVersion);
  if (unregistered !== null) return faulty(unregistered);
  const decoded = decode(object, leaseStruct);
  if (decoded.id === 'failed') return faulty(decoded.message);
  const unknown = decoded.unknownFields.map((field) => `unknown field "${field}"`);
  if (options.fieldValidation === 'Strict' && unknown.length > 0) {
    return faulty(`strict decoding error: ${unknown.join(', ')}`);
  }
  const warnings = options.fieldValidation === 'Warn' ? unknown : [];
  return inNamespace(decoded.object, namespace, options, warnings);
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
