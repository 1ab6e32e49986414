/**
 * Reads the protobuf bodies that client-go's typed clients send by default (answers are JSON, which they also accept).
 *
 * A body is the magic "k8s\0" and a runtime.Unknown: its TypeMeta and the object's own bytes. The result is
 * what the same object is in JSON, so that one decoder checks both.
 */
import type { JsonObject, JsonValue } from '../json.ts';
import type { Shape, Struct } from './schema.ts';

const string: Shape = { id: 'string' };
const integer: Shape = { id: 'int64' };

const structOf = (fields: Struct['fields']): Struct => ({ omitEmpty: false, fields });

const typeMeta = structOf({ apiVersion: [1, string], kind: [2, string] });
const timestamp = structOf({ seconds: [1, integer], nanos: [2, integer] });
const mapEntry = structOf({ key: [1, string], value: [2, string] });
const magic = Buffer.from('k8s\0');

/** The object as it would be in JSON, or null if the bytes are no such message. */
export function decodeProtobuf(body: Buffer, struct: Struct): JsonObject | null {
  if (!body.subarray(0, magic.length).equals(magic)) return null;
  try {
    const unknown = structOf({
      typeMeta: [1, { id: 'struct', struct: typeMeta }],
      raw: [2, { id: 'struct', struct }],
    });
    const envelope = readMessage(body.subarray(magic.length), unknown);
    return { ...(envelope['typeMeta'] as JsonObject), ...(envelope['raw'] as JsonObject) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Throws RangeError on bytes that are no protobuf, as Buffer does on reads beyond its end. */
function readMessage(bytes: Buffer, { fields }: Struct): JsonObject {
  const result: Record<string, JsonValue> = {};
  const known = new Map(
    Object.entries(fields).map(([name, [number, shape]]) => [number, { name, shape }]),
  );
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
    const field = known.get(tag >>> 3);
    if (field === undefined) continue;
    const { name, shape } = field;
    const value = readValue(content, shape);
    if (shape.id === 'list') {
      result[name] = [...((result[name] as JsonValue[] | undefined) ?? []), value];
    } else if (shape.id === 'map') {
      result[name] = { ...(result[name] as JsonObject | undefined), ...(value as JsonObject) };
    } else result[name] = value;
  }
  return result;
}

/** Of a list, one item. */
function readValue(content: bigint | Buffer, shape: Shape): JsonValue {
  if (typeof content === 'bigint') return shape.id === 'bool' ? content !== 0n : Number(content);
  switch (shape.id) {
    case 'string':
      return content.toString('utf8');
    case 'time':
    case 'micro-time':
      return readTime(content, shape.id);
    case 'struct':
      return readMessage(content, shape.struct);
    case 'list':
      return readValue(content, shape.of);
    case 'map': {
      const { key = '', value = '' } = readMessage(content, mapEntry);
      return { [key as string]: value };
    }
    case 'bool':
    case 'int32':
    case 'int64':
      throw new RangeError(`bytes for ${shape.id}`);
  }
}

/** Empty is Go's zero time: not there. */
function readTime(content: Buffer, id: 'time' | 'micro-time'): JsonValue {
  if (content.length === 0) return null;
  const { seconds = 0, nanos = 0 } = readMessage(content, timestamp);
  const second = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const micros = String(Math.trunc(Number(nanos) / 1000)).padStart(6, '0');
  return id === 'micro-time' ? `${second}.${micros}Z` : `${second}Z`;
}
