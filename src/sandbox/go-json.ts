/** JSON as Go reads it. */
import type { JsonValue } from '../json.ts';

/** The value of a JSON text, undefined if it is none. Of a field that is there twice the last wins. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
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
