/**
 * Reads YAML as Go's programs do: YAML 1.1, of several documents the first, of several keys of one name the last, with merge keys
 * and in any encoding that has a byte order mark.
 *
 * Only who knows what a field is for can tell what `yes` means there. So a plain scalar that is a boolean or a number in YAML 1.1
 * stays a {@link PlainScalar}, which has both its value and the text as it was written.
 */
import type { JsonValue } from '../json.ts';
import {
  boolYaml11Tag,
  defineMappingTag,
  defineScalarTag,
  floatCoreTag,
  intYaml11Tag,
  load,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  Schema,
  seqTag,
  strTag,
} from 'js-yaml';

/** A boolean or a number without quotes. */
export class PlainScalar {
  readonly text: string;
  readonly value: boolean | number;

  constructor(text: string, value: boolean | number) {
    this.text = text;
    this.value = value;
  }
}

/** What {@link parseYaml} makes of a document. */
export type YamlValue = string | null | PlainScalar | readonly YamlValue[] | YamlObject;
export type YamlObject = { readonly [key: string]: YamlValue };

/** Parses the first document; null if there is none. Throws an error that says what is wrong and where, and quotes nothing. */
export function parseYaml(bytes: Buffer): YamlValue {
  const text = firstDocument(decode(bytes));
  return text === null ? null : (load(text, { schema: yamlSchema, json: true }) as YamlValue);
}

/** The same as JSON, with booleans and numbers as YAML 1.1 has them. */
export function jsonOf(value: YamlValue): JsonValue {
  if (value instanceof PlainScalar) return value.value;
  if (Array.isArray(value)) return (value as readonly YamlValue[]).map(jsonOf);
  if (value === null || typeof value === 'string') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, jsonOf(each)]));
}

export function isYamlObject(value: YamlValue | undefined): value is YamlObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof PlainScalar)
  );
}

function decode(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isUtf16Swapped = bytes[0] === 0xfe && bytes[1] === 0xff;
  if (isUtf16Swapped && bytes.length % 2 === 0)
    return new TextDecoder('utf-16le', { fatal: true }).decode(Buffer.from(bytes).swap16());
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
}

/** Nothing behind the first document is looked at: it may be broken. A marker of documents is nothing else wherever it stands. */
function firstDocument(text: string): string | null {
  const lines = text.split('\n');
  let hasBegun = false;
  let end = lines.length;
  for (const [index, line] of lines.entries()) {
    const isMarker = /^(?:---|\.\.\.)(?:\s|$)/.test(line);
    if (isMarker && hasBegun) {
      end = index;
      break;
    }
    // Comments and directives come before a document.
    hasBegun ||= isMarker || !/^(?:\s*(?:#.*)?|%.*)$/.test(line);
  }
  return hasBegun ? lines.slice(0, end).join('\n') : null;
}

/** Go has a number such as 1e3, which is text in YAML 1.1, and no 12:30, which is a number there. */
const plainTags = [boolYaml11Tag, intYaml11Tag, floatCoreTag].map((tag) =>
  defineScalarTag<PlainScalar>(tag.tagName, {
    implicit: true,
    implicitFirstChars: tag.implicitFirstChars,
    identify: (value) =>
      value instanceof PlainScalar &&
      typeof tag.resolve(value.text, false, tag.tagName) !== 'symbol',
    represent: (value) => (value as PlainScalar).text,
    resolve: (source, isExplicit, tagName) => {
      const value = tag.resolve(source, isExplicit, tagName) as boolean | number | symbol;
      const isText = typeof value === 'symbol' || source.includes(':');
      return isText ? NOT_RESOLVED : new PlainScalar(source, value);
    },
  }),
);

/** js-yaml's own takes no {@link PlainScalar} for a key. */
const mapTag = defineMappingTag<Map<string, unknown>, YamlObject>('tag:yaml.org,2002:map', {
  create: () => new Map(),
  addPair: (map, key, value) => {
    const text = key instanceof PlainScalar ? key.text : (key ?? 'null');
    if (typeof text !== 'string') return 'a key must be text';
    map.set(text, value);
    return '';
  },
  has: (map, key) => map.has(key instanceof PlainScalar ? key.text : String(key)),
  keys: (object) => Object.keys(object),
  get: (object, key) => object[String(key)],
  finalize: (map) => Object.fromEntries(map) as YamlObject,
  identify: (value) => isYamlObject(value as YamlValue),
  represent: (object) => new Map(Object.entries(object as YamlObject)),
});

/** `!name text` is text for who does not know the name. */
const localTag = defineScalarTag('!', {
  matchByTagPrefix: true,
  identify: () => false,
  resolve: (source) => source,
});

/** It has a {@link PlainScalar} both ways: what is written out again is as it was. */
export const yamlSchema = new Schema([
  strTag,
  seqTag,
  mapTag,
  mergeTag,
  nullYaml11Tag,
  ...plainTags,
  localTag,
]);
