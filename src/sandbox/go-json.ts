/** JSON as Go reads it. */
import type { JsonValue } from '../json.ts';

/** The value, or why the text is no JSON. */
export type ParsedJson =
  | { readonly id: 'value'; readonly value: JsonValue }
  | { readonly id: 'failed'; readonly message: string };

/**
 * Parses JSON text. Unlike Go's, JavaScript's parser says nothing of duplicate fields (the last one wins, as there) and
 * words its errors otherwise; an empty text is worded as Go does.
 */
export function parseJson(text: string): ParsedJson {
  if (text.trim() === '') return { id: 'failed', message: 'unexpected end of JSON input' };
  try {
    return { id: 'value', value: JSON.parse(text) as JsonValue };
  } catch (error) {
    return { id: 'failed', message: (error as SyntaxError).message };
  }
}

/** What encoding/json calls the type of a value. */
export function goTypeName(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
