/**
 * The rest of the API, for what stands beside the election: Events, the Pod's label, `status`, `check`, `transfer`.
 *
 * It shares the election's credentials and nothing else. Its connections are its own: nothing of it ever stands
 * before a renewal in a queue, and the end of the election does not cut it off. It retries nothing.
 */
import type { JsonObject } from '../json.ts';
import type { Failure } from '../election/lease.ts';
import { failureOfReply } from './answer.ts';
import type { LeaseCluster } from './cluster.ts';
import { endpointOf, type HttpReply, type HttpRequest } from './http.ts';
import { parseObject } from '../json.ts';
import { lateAnswer, requestWithCredentials } from './request.ts';

/** `serverTimeMs` is the Date header, Unix time in ms (whole seconds), or null. */
export type ApiReply =
  | { readonly id: 'object'; readonly object: JsonObject; readonly serverTimeMs: number | null }
  | { readonly id: 'not-found' }
  | { readonly id: 'conflict' }
  | { readonly id: 'failed'; readonly failure: Failure };

export interface ApiClient {
  /**
   * One request, and its answer within `timeoutMs` in all; past it a `timeout` failure, or `awaiting-credentials`. Never rejects. The body of a PATCH
   * is a JSON merge patch. After a 401 it is sent once more with other credentials, if there are any.
   */
  request(
    method: HttpRequest['method'],
    path: string,
    body: JsonObject | null,
    timeoutMs: number,
  ): Promise<ApiReply>;
}

/** Connects with the first request. */
export function createApiClient(
  cluster: Pick<LeaseCluster, 'server' | 'credentials'>,
  userAgent: string,
): ApiClient {
  const endpoint = endpointOf(cluster.server, userAgent);
  return {
    request: async (method, path, body, timeoutMs) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const timedOut = new Promise<ApiReply>((resolve) => {
        signal.addEventListener('abort', () =>
          resolve({ id: 'failed', failure: lateAnswer(cluster.credentials, timeoutMs) }),
        );
      });
      const call = { method, path, body };
      const reply = requestWithCredentials(cluster.credentials, endpoint, call, 'others', signal);
      return Promise.race([
        timedOut,
        reply.then((got) => (got.id === 'failed' ? got : readReply(got))),
      ]);
    },
  };
}

function readReply(reply: HttpReply): ApiReply {
  const { status } = reply;
  const object = parseObject(reply.body);
  if (status === 409) return { id: 'conflict' };
  // A 404 that is not the API server's own says nothing about the object.
  if (status === 404 && object?.['kind'] === 'Status') return { id: 'not-found' };
  if (status !== 200 && status !== 201) return { id: 'failed', failure: failureOfReply(reply) };
  if (object === null) {
    const message = 'the answer is not a JSON object';
    return { id: 'failed', failure: { reason: 'malformed', message } };
  }
  const serverTimeMs = Date.parse(reply.headers.date ?? '');
  return { id: 'object', object, serverTimeMs: Number.isNaN(serverTimeMs) ? null : serverTimeMs };
}
