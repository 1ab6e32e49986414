/**
 * Reads a JSON value as a Go struct: ill-typed fields are errors in encoding/json's words, unknown ones are dropped and
 * named, null means "not there". The result holds known fields only, in the struct's order, so that two equal objects
 * have equal JSON texts.
 */
import { parseTime } from './go-time.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { goTypeName } from './go-json.ts';
import { ignoredFields, type Shape, type Struct } from './schema.ts';

export type Decoded =
  | {
      readonly id: 'decoded';
      readonly object: JsonObject;
      readonly unknownFields: readonly string[];
    }
  | { readonly id: 'failed'; readonly message: string };

interface Findings {
  readonly unknownFields: string[];
  /** Wrong types; Go goes on after them and reports the first only. */
  readonly errors: string[];
  /** Of these, from fields that decode themselves, Go reports the first, and before any other. */
  readonly fatalErrors: string[];
}

export function decode(value: JsonObject, struct: Struct): Decoded {
  const findings: Findings = { unknownFields: [], errors: [], fatalErrors: [] };
  const object = readStruct(value, struct, '', findings);
  const [message] = [...findings.fatalErrors, ...findings.errors];
  if (message !== undefined) return { id: 'failed', message };
  return { id: 'decoded', object, unknownFields: findings.unknownFields };
}

function readStruct(value: JsonObject, struct: Struct, path: string, to: Findings): JsonObject {
  const read = new Map<string, JsonValue>();
  for (const [name, content] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    const shape = Object.hasOwn(struct.fields, name) ? struct.fields[name] : undefined;
    if (shape === undefined) {
      if (!ignoredFields.has(at)) to.unknownFields.push(at);
      continue;
    }
    if (content === null) continue;
    const result = readValue(content, shape, { struct, path: at }, to);
    if (result !== undefined && !(struct.omitEmpty && isZero(result))) read.set(name, result);
  }
  const order = Object.keys(struct.fields).filter((name) => read.has(name));
  return Object.fromEntries(order.map((name) => [name, read.get(name) ?? null]));
}

interface Place {
  readonly struct: Struct;
  readonly path: string;
}

function readValue(
  value: JsonValue,
  shape: Shape,
  place: Place,
  to: Findings,
): JsonValue | undefined {
  const wrongType = (what = goTypeName(value), go: string = shape.go): JsonValue | undefined => {
    const field = `${place.struct.name}.${place.path}`;
    const errors = isSelfDecoding(shape) ? to.fatalErrors : to.errors;
    errors.push(`json: cannot unmarshal ${what} into Go struct field ${field} of type ${go}`);
    return undefined;
  };
  switch (shape.id) {
    case 'string':
      return typeof value === 'string' ? value : wrongType();
    case 'bool':
      return typeof value === 'boolean' ? value : wrongType();
    case 'integer':
      if (typeof value !== 'number') return wrongType();
      return fits(value, shape.go) ? value : wrongType(`number ${value}`);
    case 'time':
    case 'micro-time':
      return typeof value === 'string' ? readTime(value, shape.id, to) : wrongType();
    case 'map':
      return isObject(value) ? readMap(value, wrongType) : wrongType();
    case 'list':
      if (!Array.isArray(value)) return wrongType();
      return (value as readonly JsonValue[]).map((item, index) => {
        const path = shape.of.id === 'struct' ? `${place.path}[${index}]` : place.path;
        return readValue(item, shape.of, { ...place, path }, to) ?? '';
      });
    case 'struct':
      return isObject(value) ? readStruct(value, shape.struct, place.path, to) : wrongType();
  }
}

function readTime(value: string, id: 'time' | 'micro-time', to: Findings): string | undefined {
  const parsed = parseTime(value, id === 'time' ? 'second' : 'micro');
  if (parsed.id === 'time') return parsed.text;
  to.fatalErrors.push(parsed.message);
  return undefined;
}

/** Sorted by key, as Go writes maps; null is the empty string there. */
function readMap(
  value: JsonObject,
  wrongType: (what: string, go: string) => JsonValue | undefined,
): JsonValue | undefined {
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const wrong = entries.find(([, item]) => item !== null && typeof item !== 'string');
  if (wrong !== undefined) return wrongType(goTypeName(wrong[1]), 'string');
  return Object.fromEntries(entries.map(([key, item]) => [key, item ?? '']));
}

function isSelfDecoding({ id }: Shape): boolean {
  return id === 'time' || id === 'micro-time';
}

function fits(value: number, go: string): boolean {
  return go === 'int32'
    ? Number.isInteger(value) && value === (value | 0)
    : Number.isSafeInteger(value);
}

function isZero(value: JsonValue): boolean {
  if (value === '' || value === 0) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
