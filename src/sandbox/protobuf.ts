/**
 * Reads the protobuf bodies that client-go's typed clients send by default (answers are JSON, which they also accept).
 *
 * A body is the magic "k8s\0" and a runtime.Unknown: its TypeMeta and the object's own bytes. Field numbers are those of
 * the generated.proto files of k8s.io/api and k8s.io/apimachinery. The result is what the same object is in JSON, so that
 * one decoder checks both.
 */
import type { JsonObject, JsonValue } from '../json.ts';

type Kind =
  | 'string'
  | 'integer'
  | 'bool'
  | 'bytes'
  | 'time'
  | 'micro-time'
  | { readonly map: true }
  | { readonly message: Message };

type Message = Readonly<Record<number, readonly [name: string, kind: Kind, repeated?: true]>>;

const ownerReference: Message = {
  1: ['kind', 'string'],
  3: ['name', 'string'],
  4: ['uid', 'string'],
  5: ['apiVersion', 'string'],
  6: ['controller', 'bool'],
  7: ['blockOwnerDeletion', 'bool'],
};

const objectMeta: Message = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  5: ['uid', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['generation', 'integer'],
  8: ['creationTimestamp', 'time'],
  9: ['deletionTimestamp', 'time'],
  10: ['deletionGracePeriodSeconds', 'integer'],
  11: ['labels', { map: true }],
  12: ['annotations', { map: true }],
  13: ['ownerReferences', { message: ownerReference }, true],
  14: ['finalizers', 'string', true],
};

const leaseSpec: Message = {
  1: ['holderIdentity', 'string'],
  2: ['leaseDurationSeconds', 'integer'],
  3: ['acquireTime', 'micro-time'],
  4: ['renewTime', 'micro-time'],
  5: ['leaseTransitions', 'integer'],
  6: ['strategy', 'string'],
  7: ['preferredHolder', 'string'],
};

export const leaseMessage: Message = {
  1: ['metadata', { message: objectMeta }],
  2: ['spec', { message: leaseSpec }],
};

export const deleteOptionsMessage: Message = {
  1: ['gracePeriodSeconds', 'integer'],
  2: ['preconditions', { message: { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] } }],
  3: ['orphanDependents', 'bool'],
  4: ['propagationPolicy', 'string'],
  5: ['dryRun', 'string', true],
};

const unknown: Message = {
  1: ['typeMeta', { message: { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] } }],
  2: ['raw', 'bytes'],
};
const timestamp: Message = { 1: ['seconds', 'integer'], 2: ['nanos', 'integer'] };
const mapEntry: Message = { 1: ['key', 'string'], 2: ['value', 'string'] };
const magic = Buffer.from('k8s\0');

/** The object as it would be in JSON, or null if the bytes are no such message. */
export function decodeProtobuf(body: Buffer, message: Message): JsonObject | null {
  if (!body.subarray(0, magic.length).equals(magic)) return null;
  try {
    const envelope = readMessage(body.subarray(magic.length), unknown);
    const raw = Buffer.from((envelope['raw'] as string | undefined) ?? '', 'latin1');
    return { ...(envelope['typeMeta'] as JsonObject), ...readMessage(raw, message) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Throws RangeError on bytes that are no protobuf, as Buffer does on reads beyond its end. */
function readMessage(bytes: Buffer, message: Message): JsonObject {
  const result: Record<string, JsonValue> = {};
  let position = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes.readUInt8(position++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new RangeError('a varint has at most ten bytes');
  };
  const take = (length: number): Buffer => {
    if (length < 0 || position + length > bytes.length) throw new RangeError('beyond the end');
    position += length;
    return bytes.subarray(position - length, position);
  };
  const payload = (wireType: number): bigint | Buffer => {
    if (wireType === 0) return varint();
    if (wireType === 1) return take(8);
    if (wireType === 2) return take(Number(varint()));
    if (wireType === 5) return take(4);
    throw new RangeError(`wire type ${wireType}`);
  };
  while (position < bytes.length) {
    const tag = Number(varint());
    const content = payload(tag & 7);
    const [name, kind, repeated] = message[tag >>> 3] ?? [];
    if (name === undefined || kind === undefined) continue;
    const value = readValue(content, kind);
    if (repeated) result[name] = [...((result[name] as JsonValue[] | undefined) ?? []), value];
    else if (typeof kind === 'object' && 'map' in kind) {
      result[name] = { ...(result[name] as JsonObject | undefined), ...(value as JsonObject) };
    } else result[name] = value;
  }
  return result;
}

function readValue(content: bigint | Buffer, kind: Kind): JsonValue {
  if (typeof content === 'bigint') return kind === 'bool' ? content !== 0n : Number(content);
  if (kind === 'string') return content.toString('utf8');
  if (kind === 'bytes') return content.toString('latin1');
  if (kind === 'time') return readTime(content, 0);
  if (kind === 'micro-time') return readTime(content, 6);
  if (typeof kind === 'string') throw new RangeError(`bytes for ${kind}`);
  if ('message' in kind) return readMessage(content, kind.message);
  const { key = '', value = '' } = readMessage(content, mapEntry);
  return { [key as string]: value };
}

/** Empty is Go's zero time: not there. */
function readTime(content: Buffer, digits: 0 | 6): JsonValue {
  if (content.length === 0) return null;
  const { seconds = 0, nanos = 0 } = readMessage(content, timestamp);
  const second = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const micros = String(Math.trunc(Number(nanos) / 1000)).padStart(6, '0');
  return digits === 6 ? `${second}.${micros}Z` : `${second}Z`;
}
