/** What a reply of the API server means. */
import type { Answer, Failure, LeaseRequest, RawLease } from '../election/lease.ts';
import { firstLine } from './errors.ts';
import type { HttpReply } from './http.ts';
import { type JsonObject, isObject, objectOf, parseObject, textOf } from '../json.ts';

/** The answer to a request that asked for `request`. */
export function answerOf(request: LeaseRequest['id'], reply: HttpReply): Answer {
  if (reply.status === 200 || reply.status === 201) return leaseOf(reply);
  if (reply.status === 409) return { id: 'conflict' };
  // A 404 of something that is no API server, or of another path, says nothing about the Lease.
  if (reply.status === 404 && statusOf(reply) !== null) {
    return request === 'create'
      ? { id: 'failed', failure: { reason: 'no-namespace', message: whatServerSaid(reply) } }
      : { id: 'not-found', serverTimeMs: serverTimeOf(reply) };
  }
  return { id: 'failed', failure: failureOfReply(reply) };
}

/** The failure that a reply without success stands for. */
export function failureOfReply(reply: HttpReply): Failure {
  const { status } = reply;
  const message = whatServerSaid(reply);
  if (status === 401) return { reason: 'unauthorized', message };
  if (status === 403 && isOfAuthorizer(message)) return { reason: 'forbidden', message };
  if (status === 407)
    return { reason: 'credentials', message: `the proxy requires authentication (407)` };
  // Request Time-out, Too Early, Too Many Requests: the same again may succeed. A 404 may be that of a gateway, and what an admission
  // controller forbids for now (the namespace is being terminated, the quota is used up) it may allow later.
  const isWorthRetrying =
    status >= 500 || status < 400 || [403, 404, 408, 425, 429].includes(status);
  if (!isWorthRetrying) return { reason: 'rejected', status, message };
  return { reason: 'status', status, message, retryAfterMs: retryAfterMs(reply) };
}

/** Is this a Lease as far as everybody has to rely on it: its kind, and metadata? */
export function isLease(value: unknown): value is RawLease {
  if (!isObject(value) || value['kind'] !== 'Lease') return false;
  // A write without one would overwrite whatever is there.
  const { resourceVersion } = objectOf(value['metadata']);
  return typeof resourceVersion === 'string' && resourceVersion !== '';
}

function leaseOf(reply: HttpReply): Answer {
  const lease = parseObject(reply.body);
  if (!isLease(lease)) {
    const message = `the answer is not a Lease: "${firstLine(reply.body).slice(0, 60)}"`;
    return { id: 'failed', failure: { reason: 'malformed', message } };
  }
  return { id: 'lease', lease, serverTimeMs: serverTimeOf(reply) };
}

function serverTimeOf({ headers }: HttpReply): number | null {
  const timeMs = Date.parse(headers.date ?? '');
  return Number.isNaN(timeMs) ? null : timeMs;
}

/** Whether an authorizer says what the user may not do; RBAC and all others have these words for it. */
function isOfAuthorizer(message: string): boolean {
  return /\bUser "[^"]*" cannot \w+ (?:resource|path)\b/.test(message);
}

/** The message of the server's Status object, else the words of its status line, and where it wants to be asked instead. */
function whatServerSaid(reply: HttpReply): string {
  const said = firstLine(textOf(statusOf(reply)?.['message']) ?? reply.statusMessage);
  const { location } = reply.headers;
  if (reply.status >= 400 || location === undefined) return said;
  return `${said} to ${firstLine(location)}, which is not followed`;
}

function statusOf(reply: HttpReply): JsonObject | null {
  const status = parseObject(reply.body);
  return status?.['kind'] === 'Status' ? status : null;
}

/** Retry-After is a number of seconds or a date. */
function retryAfterMs({ headers }: HttpReply): number | null {
  const text = headers['retry-after'];
  if (text === undefined) return null;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const waitMs = Date.parse(text) - Date.now();
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}
