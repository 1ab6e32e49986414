/**
 * Reads a JSON value as a Go struct: ill-typed fields are errors, unknown ones are dropped and named, null means "not there". The result
 * holds known fields only, in the struct's order, so that two equal objects have equal JSON texts.
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { parseTime } from './go-time.ts';
import { ignoredFields, type Shape, type Struct } from './schema.ts';
import { refuse, type Reply } from './status.ts';

export interface Decoded {
  readonly object: JsonObject;
  readonly unknownFields: readonly string[];
}

interface Findings {
  readonly unknownFields: string[];
  readonly no: (why: string) => Reply;
}

/** `no` answers where a field does not hold what it should. */
export function decode(value: JsonObject, struct: Struct, no: (why: string) => Reply): Decoded {
  const unknownFields: string[] = [];
  return { object: readStruct(value, struct, '', { unknownFields, no }), unknownFields };
}

function readStruct(value: JsonObject, struct: Struct, path: string, to: Findings): JsonObject {
  const read = new Map<string, JsonValue>();
  for (const [name, content] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    const [, shape] = Object.hasOwn(struct.fields, name) ? (struct.fields[name] ?? []) : [];
    if (shape === undefined) {
      if (!ignoredFields.has(at)) to.unknownFields.push(at);
      continue;
    }
    if (content === null) continue;
    const result = readValue(content, shape, at, to);
    if (result === undefined)
      refuse(to.no(`${at}: ${JSON.stringify(content)} is not a ${shape.id}`));
    if (!(struct.omitEmpty && isZero(result))) read.set(name, result);
  }
  const order = Object.keys(struct.fields).filter((name) => read.has(name));
  return Object.fromEntries(order.map((name) => [name, read.get(name) ?? null]));
}

/** undefined: it does not hold what it should. */
function readValue(
  value: JsonValue,
  shape: Shape,
  path: string,
  to: Findings,
): JsonValue | undefined {
  switch (shape.id) {
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'int32':
      return typeof value === 'number' && value === (value | 0) ? value : undefined;
    case 'int64':
      return Number.isSafeInteger(value) ? value : undefined;
    case 'time':
    case 'micro-time':
      return typeof value === 'string' ? parseTime(value, shape.id) : undefined;
    case 'map':
      return isObject(value) ? readMap(value) : undefined;
    case 'list':
      return Array.isArray(value) ? readList(value as JsonValue[], shape.of, path, to) : undefined;
    case 'struct':
      return isObject(value) ? readStruct(value, shape.struct, path, to) : undefined;
  }
}

/** null is Go's zero value there. */
function readList(
  items: readonly JsonValue[],
  of: Shape,
  path: string,
  to: Findings,
): JsonValue | undefined {
  const read = items.map((item, index) =>
    readValue(item ?? (of.id === 'struct' ? {} : ''), of, `${path}[${index}]`, to),
  );
  return read.every((item) => item !== undefined) ? read : undefined;
}

/** Sorted by key, as Go writes maps; null is the empty string there. */
function readMap(value: JsonObject): JsonObject | undefined {
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.some(([, item]) => item !== null && typeof item !== 'string')) return undefined;
  return Object.fromEntries(entries.map(([key, item]) => [key, item ?? '']));
}

function isZero(value: JsonValue): boolean {
  if (value === '' || value === 0) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
