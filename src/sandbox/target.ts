/** What a request is about. */

export type Target =
  /** Leases: one, those of a namespace, or all. */
  | {
      readonly id: 'leases';
      readonly namespace: string | null;
      readonly name: string | null;
    }
  | { readonly id: 'path'; readonly path: string };

const leases =
  /^\/apis\/coordination\.k8s\.io\/v1\/(?:namespaces\/([^/]+)\/)?leases(?:\/([^/]+))?$/;

/** Reads a path; a slash at the end of the path says nothing. */
export function targetOf(path: string): Target {
  const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
  const match = leases.exec(trimmed);
  const [, namespace = null, name = null] = match ?? [];
  if (match === null || (namespace === null && name !== null)) {
    return { id: 'path', path: trimmed };
  }
  return { id: 'leases', namespace, name };
}
