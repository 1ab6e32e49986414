/** A request with credentials: those at hand, and once more with others if the server refuses them. */
import type { CredentialSource } from './credentials.ts';
import { exchange, type Call, type Connection, type Endpoint, type ReplyResult } from './http.ts';

/** Sends the call, and once more with other credentials if those at hand are refused. */
export async function requestWithCredentials(
  source: CredentialSource,
  endpoint: Endpoint,
  call: Call,
  connection: Connection,
  signal: AbortSignal,
): Promise<ReplyResult> {
  const held = await source.current();
  if (held.id === 'unusable') return noCredentials(held.message);
  const first = await exchange(endpoint, call, held.credentials, connection, signal);
  if (first.id === 'failed' || first.status !== 401) return first;

  const other = await source.replace(held.credentials);
  if (other.id === 'unusable') return noCredentials(other.message);
  return exchange(endpoint, call, other.credentials, connection, signal);
}

function noCredentials(message: string): ReplyResult {
  return { id: 'failed', failure: { reason: 'credentials', message } };
}
