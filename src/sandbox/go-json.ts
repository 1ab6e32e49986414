/** JSON as Go reads it. */
import type { JsonValue } from '../json.ts';

/** The value, or why the text is no JSON. */
export type ParsedJson =
  | { readonly id: 'value'; readonly value: JsonValue }
  | { readonly id: 'failed'; readonly message: string };

/** Parses JSON text. Of a field that is there twice the last wins. */
export function parseJson(text: string): ParsedJson {
  if (text.trim() === '') return { id: 'failed', message: 'unexpected end of JSON input' };
  try {
    return { id: 'value', value: JSON.parse(text) as JsonValue };
  } catch (error) {
    return { id: 'failed', message: (error as SyntaxError).message };
  }
}

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/** The names of fields that an object has more than once, in a JSON text that can be parsed. */
export function duplicateFields(text: string): string[] {
  const duplicates: string[] = [];
  const open: (Set<string> | null)[] = [];
  let before = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token.startsWith('"') && (before === '{' || before === ',')) {
      const names = open.at(-1);
      const name = JSON.parse(token) as string;
      if (names?.has(name) === true) duplicates.push(name);
      names?.add(name);
    }
    before = token;
  }
  return duplicates;
}
