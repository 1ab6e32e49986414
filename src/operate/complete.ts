/** Looks up the names that a shell offers. Whatever fails, there are none: a person is typing, and wants no message. */
import { listOf, objectOf, textOf } from '../json.ts';
import type { ApiClient } from '../lease/client.ts';

/** Enough for a list on a screen. */
const most = 500;

/** The names of the namespaces, or of the Leases in a namespace, in the server's order. */
export async function namesIn(
  api: ApiClient,
  path: '/api/v1/namespaces' | `/apis/coordination.k8s.io/v1/namespaces/${string}/leases`,
  timeoutMs: number,
): Promise<string[]> {
  const reply = await api.request('GET', `${path}?limit=${most}`, null, timeoutMs);
  if (reply.id !== 'object') return [];
  return listOf(reply.object['items']).flatMap(
    (item) => textOf(objectOf(objectOf(item)['metadata'])['name']) ?? [],
  );
}
