/** Merge patches (RFC 7386), and what a strategic merge patch adds to them for a Lease: the `$patch` and `$retainKeys` directives. */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';

/** The target with the patch merged in: null removes, objects merge, all else replaces. */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  const result: Record<string, JsonValue> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else setOwn(result, key, mergePatch(result[key], value));
  }
  return result;
}

export type Patched =
  | { readonly id: 'patched'; readonly object: JsonObject }
  | { readonly id: 'failed'; readonly message: string };

/**
 * As {@link mergePatch}, with directives. Lists (finalizers, owner references) are replaced, not merged by key: the one
 * thing in which this differs from the real server.
 */
export function strategicMergePatch(target: JsonValue | undefined, patch: JsonObject): Patched {
  const { $patch: directive, $retainKeys: retain, ...fields } = patch;
  if (directive === 'delete') return { id: 'patched', object: {} };
  if (directive === 'replace') return { id: 'patched', object: fields };
  if (directive !== undefined && directive !== 'merge') {
    return { id: 'failed', message: `unknown patch type: ${JSON.stringify(directive)}` };
  }
  const result: Record<string, JsonValue> = isObject(target) ? { ...target } : {};
  if (Array.isArray(retain)) {
    for (const key of Object.keys(result).filter((name) => !retain.includes(name))) {
      Reflect.deleteProperty(result, key);
    }
  }
  for (const [key, value] of Object.entries(fields)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else if (!isObject(value)) setOwn(result, key, value);
    else {
      const inner = strategicMergePatch(result[key], value);
      if (inner.id === 'failed') return inner;
      setOwn(result, key, inner.object);
    }
  }
  return { id: 'patched', object: result };
}

/** A key `__proto__` from the wire is data, not a prototype. */
function setOwn(object: Record<string, JsonValue>, key: string, value: JsonValue): void {
  Object.defineProperty(object, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
