/** From the bytes of a body to a Lease or to delete options. What is neither is refused. */
import { decode } from './decode.ts';
import { isObject, type JsonObject } from '../json.ts';
import { duplicateFields, parseJson } from './go-json.ts';
import { decodeProtobuf } from './protobuf.ts';
import { deleteOptionsStruct, leaseStruct, type Struct } from './schema.ts';
import { badRequest, failure, refuse, type Reply } from './status.ts';
import type { WriteOptions } from './options.ts';

/** A request's body and its media type, lower case and without parameters; empty if not given. */
export interface Body {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

export interface Read<T> {
  readonly value: T;
  readonly warnings: readonly string[];
}

const leaseApiVersion = 'coordination.k8s.io/v1';
const protobufType = 'application/vnd.kubernetes.protobuf';

/** 415, if it is neither JSON nor protobuf. */
export function checkMediaType({ mediaType }: Body): void {
  if (['', 'application/json', protobufType].includes(mediaType)) return;
  const message = `the body is ${mediaType}: send application/json or ${protobufType}`;
  refuse(failure(415, 'UnsupportedMediaType', message));
}

/** The Lease in the body of a POST or PUT: known fields only. */
export function readLease(body: Body, options: WriteOptions): Read<JsonObject> {
  const no = (why: string): Reply => badRequest(`the body is no Lease of this server: ${why}`);
  const object = objectIn(body, leaseStruct, no);
  const kind = object['kind'] || 'Lease';
  const apiVersion = object['apiVersion'] || leaseApiVersion;
  const duplicates = body.mediaType === protobufType ? [] : duplicateFields(textOf(body));
  return readLeaseObject({ ...object, kind, apiVersion }, duplicates, options, no);
}

export function textOf({ bytes }: Body): string {
  return bytes.toString('utf8');
}

/** What a body holds. */
function objectIn(body: Body, struct: Struct, no: (why: string) => Reply): JsonObject {
  if (body.mediaType === protobufType)
    return decodeProtobuf(body.bytes, struct) ?? refuse(no('it is not protobuf'));
  const parsed = parseJson(textOf(body));
  if (parsed === undefined) refuse(no('it is not JSON'));
  const object = parsed ?? {};
  if (!isObject(object)) refuse(no('it is not an object'));
  const typeMeta = [object['apiVersion'], object['kind']];
  if (!typeMeta.every((value) => value == null || typeof value === 'string'))
    refuse(no('kind and apiVersion must be text'));
  return object;
}

/** Any object as a Lease; `no` answers where it is none. */
export function readLeaseObject(
  object: JsonObject,
  duplicates: readonly string[],
  { fieldValidation }: WriteOptions,
  no: (why: string) => Reply,
): Read<JsonObject> {
  const { kind, apiVersion } = object;
  if (kind !== 'Lease' || apiVersion !== leaseApiVersion)
    refuse(no(`its kind is ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`));
  const decoded = decode(object, leaseStruct, no);
  const faults = [
    ...duplicates.map((field) => `duplicate field "${field}"`),
    ...decoded.unknownFields.map((field) => `unknown field "${field}"`),
  ];
  if (fieldValidation === 'Strict' && faults.length > 0) refuse(no(faults.join(', ')));
  return { value: decoded.object, warnings: fieldValidation === 'Warn' ? faults : [] };
}

/** The options in the body of a DELETE; none is fine. */
export function readDeleteOptions(body: Body): JsonObject {
  if (body.bytes.length === 0) return {};
  checkMediaType(body);
  const no = (why: string): Reply => badRequest(`the body is no DeleteOptions: ${why}`);
  const object = objectIn(body, deleteOptionsStruct, no);
  const kind = object['kind'] || 'DeleteOptions';
  if (kind !== 'DeleteOptions') refuse(no(`its kind is ${JSON.stringify(kind)}`));
  return decode(object, deleteOptionsStruct, no).object;
}
