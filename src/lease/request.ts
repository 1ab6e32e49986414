/** A request with credentials: those at hand, and once more with others if the server refuses them. */
import type { Failure } from '../election/lease.ts';
import type { Credentials, CredentialSource } from './credentials.ts';
import {
  exchange,
  type HttpRequest,
  type ConnectionUse,
  type Endpoint,
  type HttpResult,
} from './http.ts';

/**
 * Attempts something with the credentials at hand, and once more with others if those are refused. The first attempt begins
 * before this returns, unless credentials have to be waited for: in a hand-over each turn of the event loop counts.
 */
export async function withCredentials<T>(
  source: CredentialSource,
  attempt: (credentials: Credentials) => Promise<T>,
  isRefused: (result: T) => boolean,
): Promise<T | { readonly id: 'failed'; readonly failure: Failure }> {
  const current = source.current();
  const held = current instanceof Promise ? await current : current;
  if (held.id === 'unusable') return noCredentials(held.message);
  const first = await attempt(held.credentials);
  if (!isRefused(first)) return first;

  const other = await source.replace(held.credentials);
  return other.id === 'unusable' ? noCredentials(other.message) : attempt(other.credentials);
}

/** Sends the call, and once more with other credentials after a 401. */
export function requestWithCredentials(
  source: CredentialSource,
  endpoint: Endpoint,
  call: HttpRequest,
  connection: ConnectionUse,
  signal: AbortSignal,
): Promise<HttpResult> {
  return withCredentials(
    source,
    (credentials) => exchange(endpoint, call, credentials, connection, signal),
    (result) => result.id === 'reply' && result.status === 401,
  );
}

/** Why there was no answer within `afterMs`: an API server that was not asked is not to blame. */
export function lateAnswer(source: CredentialSource, afterMs: number): Failure {
  const message = source.activity();
  return message === null
    ? { reason: 'timeout', afterMs }
    : { reason: 'awaiting-credentials', message };
}

function noCredentials(message: string): { readonly id: 'failed'; readonly failure: Failure } {
  return { id: 'failed', failure: { reason: 'credentials', message } };
}
