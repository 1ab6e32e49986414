/** From the bytes of a body to a Lease or to delete options, or to the answer that refuses them. */
import { decode } from './decode.ts';
import { isObject, type JsonObject } from '../json.ts';
import { duplicateFields, parseJson } from './go-json.ts';
import { decodeProtobuf, deleteOptionsMessage, leaseMessage } from './protobuf.ts';
import { deleteOptionsStruct, leaseStruct } from './schema.ts';
import { badRequest, failure, type Reply } from './status.ts';
import type { WriteOptions } from './options.ts';

/** A request's body and its media type, lower case and without parameters; empty if not given. */
export interface Body {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

export type Read<T> =
  | { readonly id: 'read'; readonly value: T; readonly warnings: readonly string[] }
  | { readonly id: 'refused'; readonly reply: Reply };

const leaseApiVersion = 'coordination.k8s.io/v1';
const protobufType = 'application/vnd.kubernetes.protobuf';
const jsonTypes = new Set(['', 'application/json']);

function refuse(reply: Reply): { readonly id: 'refused'; readonly reply: Reply } {
  return { id: 'refused', reply };
}

/** 415, if it is neither JSON nor protobuf. */
export function unsupportedMediaType({ mediaType }: Body): Reply | null {
  if (jsonTypes.has(mediaType) || mediaType === protobufType) return null;
  const message =
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf';
  return failure(415, 'UnsupportedMediaType', message);
}

/** The Lease in the body of a POST or PUT: known fields only. */
export function readLease(body: Body, options: WriteOptions): Read<JsonObject> {
  const object = objectIn(body, leaseMessage);
  if (typeof object === 'string') return refuse(badRequest(`the body is no Lease: ${object}`));
  const isJson = body.mediaType !== protobufType;
  const duplicates = isJson ? duplicateFields(body.bytes.toString('utf8')) : [];
  return readLeaseObject(object, options, duplicates);
}

/** What a body holds, or why that is no object of Kubernetes. */
function objectIn(
  { bytes, mediaType }: Body,
  message: Parameters<typeof decodeProtobuf>[1],
): JsonObject | string {
  if (mediaType === protobufType) return decodeProtobuf(bytes, message) ?? 'it is not protobuf';
  const parsed = parseJson(bytes.toString('utf8'));
  if (parsed.id === 'failed') return parsed.message;
  if (parsed.value === null) return {};
  if (!isObject(parsed.value)) return 'it is not an object';
  const typeMeta = [parsed.value['apiVersion'], parsed.value['kind']];
  return typeMeta.every((value) => value == null || typeof value === 'string')
    ? parsed.value
    : 'kind and apiVersion must be text';
}

function readLeaseObject(
  object: JsonObject,
  options: WriteOptions,
  duplicates: readonly string[],
): Read<JsonObject> {
  const kind = (object['kind'] as string | undefined) || 'Lease';
  const apiVersion = (object['apiVersion'] as string | undefined) || leaseApiVersion;
  const cannot = (why: string): Read<never> =>
    refuse(badRequest(`${kind} in version "${apiVersion}" is no Lease of this server: ${why}`));
  const unregistered = unregisteredKind(kind, apiVersion);
  if (unregistered !== null) return cannot(unregistered);
  const decoded = decode(object, leaseStruct);
  if (decoded.id === 'failed') return cannot(decoded.message);
  const unknown = strictFaults(decoded.unknownFields, duplicates);
  if (options.fieldValidation === 'Strict' && unknown.length > 0) {
    return cannot(`strict decoding error: ${unknown.join(', ')}`);
  }
  const warnings = options.fieldValidation === 'Warn' ? unknown : [];
  return { id: 'read', value: decoded.object, warnings };
}

/** What `fieldValidation` is about. */
export function strictFaults(unknown: readonly string[], duplicates: readonly string[]): string[] {
  return [
    ...duplicates.map((field) => `duplicate field "${field}"`),
    ...unknown.map((field) => `unknown field "${field}"`),
  ];
}

/** Why an object of this kind is no Lease, or null. */
export function unregisteredKind(kind: string, apiVersion: string): string | null {
  if (kind === 'Lease' && apiVersion === leaseApiVersion) return null;
  return `no kind "${kind}" in version "${apiVersion}"`;
}

/** The options in the body of a DELETE; none is fine. */
export function readDeleteOptions(body: Body): Read<JsonObject> {
  if (body.bytes.length === 0) return { id: 'read', value: {}, warnings: [] };
  const mediaFault = unsupportedMediaType(body);
  if (mediaFault !== null) return refuse(mediaFault);
  const object = objectIn(body, deleteOptionsMessage);
  if (typeof object === 'string')
    return refuse(badRequest(`the body is no DeleteOptions: ${object}`));
  const kind = (object['kind'] as string | undefined) || 'DeleteOptions';
  if (kind !== 'DeleteOptions') {
    return refuse(badRequest(`the body is no DeleteOptions but of kind "${kind}"`));
  }
  const decoded = decode(object, deleteOptionsStruct);
  if (decoded.id === 'failed') return refuse(badRequest(decoded.message));
  return { id: 'read', value: decoded.object, warnings: [] };
}
