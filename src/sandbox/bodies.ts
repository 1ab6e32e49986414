/** From the bytes of a body to a Lease or to delete options, or to the answer that refuses them. */
import { decode } from './decode.ts';
import { isObject, type JsonObject } from '../json.ts';
import { duplicateFields, goTypeName, parseJson } from './go-json.ts';
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
const excerptLength = 30;

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
  const unrecognized = (why: string): Read<never> => {
    const message = `the object provided is unrecognized (must be of type Lease): ${why} (${excerpt(body.bytes)})`;
    return refuse(badRequest(message));
  };
  if (body.mediaType === protobufType) {
    const object = decodeProtobuf(body.bytes, leaseMessage);
    if (object !== null) return readLeaseObject(object, options);
    return unrecognized(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  const parsed = parseJson(body.bytes.toString('utf8'));
  const fault = parsed.id === 'failed' ? parsed.message : typeMetaFault(parsed.value);
  if (parsed.id === 'failed' || fault !== null) {
    return unrecognized(`couldn't get version/kind; json parse error: ${fault ?? ''}`);
  }
  const object = isObject(parsed.value) ? parsed.value : {};
  const { apiVersion } = object;
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
    return unrecognized(`unexpected GroupVersion string: ${apiVersion}`);
  }
  return readLeaseObject(object, options, duplicateFields(body.bytes.toString('utf8')));
}

function readLeaseObject(
  object: JsonObject,
  options: WriteOptions,
  duplicates: readonly string[] = [],
): Read<JsonObject> {
  const kind = (object['kind'] as string | undefined) || 'Lease';
  const apiVersion = (object['apiVersion'] as string | undefined) || leaseApiVersion;
  if (kind === 'Lease' && apiVersion === `${leaseApiVersion}beta1`) {
    const message = `the API version in the data (${apiVersion}) does not match the expected API version (${leaseApiVersion})`;
    return refuse(badRequest(message));
  }
  const cannot = (why: string): Read<never> => {
    const version = apiVersion.split('/').at(-1) ?? '';
    const message = `${kind} in version "${version}" cannot be handled as a Lease: ${why}`;
    return refuse(badRequest(message));
  };
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
  return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`;
}

/** The options in the body of a DELETE; none is fine. */
export function readDeleteOptions(body: Body): Read<JsonObject> {
  if (body.bytes.length === 0) return { id: 'read', value: {}, warnings: [] };
  const mediaFault = unsupportedMediaType(body);
  if (mediaFault !== null) return refuse(mediaFault);
  const object = deleteOptionsObject(body);
  if (typeof object === 'string') return refuse(badRequest(object));
  const decoded = decode(object, deleteOptionsStruct);
  if (decoded.id === 'failed') return refuse(badRequest(decoded.message));
  return { id: 'read', value: decoded.object, warnings: [] };
}

function deleteOptionsObject(body: Body): JsonObject | string {
  if (body.mediaType === protobufType) {
    const object = decodeProtobuf(body.bytes, deleteOptionsMessage);
    return object ?? 'provided data does not appear to be a protobuf message';
  }
  const parsed = parseJson(body.bytes.toString('utf8'));
  const fault = parsed.id === 'failed' ? parsed.message : typeMetaFault(parsed.value);
  if (parsed.id === 'failed' || fault !== null) {
    return `couldn't get version/kind; json parse error: ${fault ?? ''}`;
  }
  const object = isObject(parsed.value) ? parsed.value : {};
  const kind = (object['kind'] as string | undefined) || 'DeleteOptions';
  if (kind === 'DeleteOptions') return object;
  return unregisteredKind(kind, (object['apiVersion'] as string | undefined) || 'v1') ?? object;
}

/** Why kind and apiVersion cannot be found in a body, in Go's words. */
function typeMetaFault(value: Parameters<typeof goTypeName>[0]): string | null {
  const cannot = (what: string, target: string): string =>
    `json: cannot unmarshal ${what} into Go ${target}`;
  if (value === null) return null;
  if (!isObject(value)) {
    const target =
      'value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    return cannot(goTypeName(value), target);
  }
  for (const name of ['apiVersion', 'kind']) {
    const content = value[name];
    if (content !== undefined && content !== null && typeof content !== 'string') {
      return cannot(goTypeName(content), `struct field .${name} of type string`);
    }
  }
  return null;
}

/** The beginning of a body, as the server quotes it: JSON objects as they are, all else in hexadecimal. */
function excerpt(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const isLong = bytes.length > excerptLength;
  const head = bytes.subarray(0, excerptLength);
  const text = bytes[0] === 0x7b ? head.toString('utf8') : head.toString('hex');
  return isLong ? `${text} ...` : text;
}
