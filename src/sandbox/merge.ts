/**
 * Merge patches (RFC 7386). For a Lease a strategic merge patch is the same, but for its directives ($patch …) and for lists (finalizers,
 * owner references), which it merges: both are refused.
 */
import { isObject, type JsonValue } from '../json.ts';

/** The target with the patch merged in: null removes, objects merge, all else replaces. */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  const result = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, mergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** What a strategic merge patch may say and this one does not know how to do, or null. */
export function strategicFault(patch: JsonValue, path = ''): string | null {
  if (!isObject(patch)) return null;
  for (const [key, value] of Object.entries(patch)) {
    const at = path === '' ? key : `${path}.${key}`;
    // Labels and annotations may be called anything.
    const isFree = path === 'metadata.labels' || path === 'metadata.annotations';
    if (key.startsWith('$')) return `${at}: no directives`;
    if (Array.isArray(value) && !isFree) return `${at}: no lists`;
    const inner = strategicFault(value, at);
    if (inner !== null) return inner;
  }
  return null;
}
