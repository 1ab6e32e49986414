/** What a request is about. */

export type Target =
  /** Leases: one, those of a namespace, or all. */
  | {
      readonly id: 'leases';
      readonly namespace: string | null;
      readonly name: string | null;
      readonly verb: string;
    }
  | { readonly id: 'path'; readonly path: string; readonly verb: string };

const leases =
  /^\/apis\/coordination\.k8s\.io\/v1\/(?:namespaces\/([^/]+)\/)?leases(?:\/([^/]+))?$/;

/** Reads method and path; a slash at the end of the path says nothing. */
export function targetOf(method: string, path: string, query: URLSearchParams): Target {
  const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
  const match = leases.exec(trimmed);
  const [, namespace = null, name = null] = match ?? [];
  if (match === null || (namespace === null && name !== null)) {
    return { id: 'path', path: trimmed, verb: method.toLowerCase() };
  }
  return { id: 'leases', namespace, name, verb: verbOf(method, name, query) };
}

function verbOf(method: string, name: string | null, query: URLSearchParams): string {
  const isWatch = !['0', 'false', undefined].includes(query.get('watch')?.toLowerCase());
  switch (method) {
    case 'GET':
      if (name !== null) return 'get';
      return isWatch ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'DELETE':
      return name === null ? 'deletecollection' : 'delete';
    default:
      return method.toLowerCase();
  }
}
