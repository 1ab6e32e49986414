/** The answers that are no Leases: Status objects of the API server, in words of our own. */
import type { JsonObject } from '../json.ts';

/** An answer: JSON, or text. `warnings` go out as Warning headers, `retryAfterSeconds` as Retry-After. */
export interface Reply {
  readonly code: number;
  readonly body: JsonObject | string;
  readonly warnings?: readonly string[];
  readonly retryAfterSeconds?: number;
}

/** Ends the request with this answer: thrown where a fault is found, caught by `server.ts` alone. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('refused');
    this.reply = reply;
  }
}

/** Throws a {@link Refusal}. */
export function refuse(reply: Reply): never {
  throw new Refusal(reply);
}

/** One field that failed validation. */
export interface FieldError {
  readonly field: string;
  readonly reason:
    | 'FieldValueInvalid'
    | 'FieldValueRequired'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong';
  readonly message: string;
}

/** What an answer is about; `kind` is a resource ("leases") or a kind ("Lease"), whichever the real server names there. */
export interface Subject {
  readonly kind: string;
  readonly group?: string;
  readonly name?: string;
}

const group = 'coordination.k8s.io';

/** The subject of most answers: `leases.coordination.k8s.io "name"`. */
export function leases(name?: string): Subject {
  return { ...(name ? { name } : {}), group, kind: 'leases' };
}

/** The subject of validation errors: `Lease.coordination.k8s.io "name"`. */
export function leaseKind(name: string): Subject {
  return { ...(name ? { name } : {}), group, kind: 'Lease' };
}

/** The subject of wrong options in the query or in a DeleteOptions body. */
export function optionsKind(kind: string): Subject {
  return { group: 'meta.k8s.io', kind };
}

export function failure(
  code: number,
  reason: string | null,
  message: string,
  details?: JsonObject,
): Reply {
  return {
    code,
    body: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === null ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    },
  };
}

function qualified({ kind, group }: Subject): string {
  return group === undefined ? kind : `${kind}.${group}`;
}

function quoted(subject: Subject): string {
  return `${qualified(subject)} ${JSON.stringify(subject.name ?? '')}`;
}

export function badRequest(message: string): Reply {
  return failure(400, 'BadRequest', message);
}

export function unauthorized(): Reply {
  return failure(401, 'Unauthorized', 'Unauthorized');
}

export function notFound(subject: Subject): Reply {
  return failure(404, 'NotFound', `${quoted(subject)} not found`, { ...subject });
}

export function noSuchPath(): Reply {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function methodNotAllowed(): Reply {
  const message = 'the server does not allow this method on the requested resource';
  return failure(405, 'MethodNotAllowed', message, {});
}

export function alreadyExists(name: string): Reply {
  const subject = leases(name);
  return failure(409, 'AlreadyExists', `${quoted(subject)} already exists`, { ...subject });
}

export function conflict(subject: Subject, why: string): Reply {
  const message = `Operation cannot be fulfilled on ${quoted(subject)}: ${why}`;
  return failure(409, 'Conflict', message, { ...subject });
}

/** The resourceVersion asked for is older than the history that is kept. */
export function expired(message: string): Reply {
  return failure(410, 'Expired', message);
}

export function tooLarge(limitBytes: number): Reply {
  const message = `Request entity too large: limit is ${limitBytes}`;
  return failure(413, 'RequestEntityTooLarge', message);
}

export function invalid(subject: Subject, errors: readonly FieldError[]): Reply {
  const joined = errors.map(({ field, message }) => `${field}: ${message}`).join(', ');
  const causes = errors.map(({ field, reason, message }) => ({ reason, message, field }));
  const named = subject.kind === '' ? {} : subject;
  return failure(422, 'Invalid', `${quoted(subject)} is invalid: ${joined}`, { ...named, causes });
}

/** A fault of the request that the real server did not foresee: it answers 500 without a reason. */
export function unforeseen(message: string): Reply {
  return failure(500, null, message);
}

/** The client asks for a state that is not there yet; it should come again. */
export function futureVersion(asked: bigint, current: number): Reply {
  const message = `Timeout: Too large resource version: ${String(asked)}, current: ${current}`;
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  return {
    ...failure(504, 'Timeout', message, { causes, retryAfterSeconds: 1 }),
    retryAfterSeconds: 1,
  };
}
