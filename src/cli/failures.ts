/** Why a request gave no Lease, in words: each is the end of "Cannot …:". */
import { STATUS_CODES } from 'node:http';
import type { Failure } from '../election/lease.ts';
import { humanDuration } from './durations.ts';
import { phrase, quote } from './text.ts';

const rightsOfElection = 'get, create, update and watch on leases.coordination.k8s.io';

/** A clause that says what happened and, where a person can do something, what. `rights`: what to grant if it is forbidden. */
export function failureClause(
  failure: Failure,
  namespace: string,
  rights = rightsOfElection,
): string {
  switch (failure.reason) {
    case 'timeout':
      return `no answer came within ${humanDuration(failure.afterMs)}`;
    case 'network':
      return `the connection failed: ${phrase(failure.message)}`;
    case 'certificate':
      return `the server's certificate does not verify: ${phrase(failure.message)} (${failure.code}), ${certificateAdvice(failure.code)}`;
    case 'credentials':
      return `there are no usable credentials: ${phrase(failure.message)}`;
    case 'awaiting-credentials':
      return `there are no credentials yet: ${phrase(failure.message)}`;
    case 'unauthorized':
      return `the server does not accept the credentials (${withStatus(401, failure.message)}): renew them`;
    case 'forbidden':
      return forbidden(failure.message, namespace, rights);
    case 'no-namespace':
      return `namespace ${quote(namespace)} does not exist: create it or name another by --lock-namespace`;
    case 'rejected':
      return `the server refused it with ${withStatus(failure.status, failure.message)}`;
    case 'status':
      return `the server answered ${withStatus(failure.status, failure.message)}`;
    case 'unconfirmed':
      return unconfirmed(failure);
    case 'malformed':
      return phrase(failure.message);
  }
}

/** The same for what leader-run ends with: nothing may come of a 403 that did not last, but there is no more time to see. */
export function finalClause(failure: Failure, namespace: string): string {
  const isForbidden = failure.reason === 'status' && failure.status === 403;
  if (!isForbidden || !nameOf(failure.message)) return failureClause(failure, namespace);
  return forbidden(failure.message, namespace);
}

/** Node's message about a name has the names that the certificate is for. */
function certificateAdvice(code: string): string {
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'set tls-server-name in the kubeconfig to one of its names';
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 'compare the clocks of this machine and the server, and renew its certificate';
    default:
      return 'check certificate-authority in the kubeconfig';
  }
}

/** The same in a few words, for the last of several attempts. */
export function failureInBrief(failure: Failure): string {
  switch (failure.reason) {
    case 'timeout':
      return `no answer within ${humanDuration(failure.afterMs)}`;
    case 'rejected':
    case 'status':
      return status(failure.status);
    case 'unauthorized':
      return status(401);
    case 'forbidden':
      return status(403);
    case 'no-namespace':
      return 'no such namespace';
    case 'unconfirmed':
      return 'an answer that does not show what was written';
    case 'network':
    case 'certificate':
    case 'credentials':
    case 'awaiting-credentials':
    case 'malformed':
      return phrase(failure.message);
  }
}

/** The likely causes: whoever may change a write, and whoever may answer in the server's place. */
function unconfirmed(failure: Failure & { reason: 'unconfirmed' }): string {
  const { holder, resourceVersion, isStored } = failure;
  const held = holder === '' ? 'held by no one' : `held by ${quote(holder)}`;
  const shown = `its answer shows resourceVersion ${resourceVersion}, ${held}`;
  return isStored
    ? `the server stored something other than what was written (${shown}): look for an admission webhook that changes Leases, or a proxy that gives answers of its own`
    : `the server answered with success and stored nothing (${shown}): look for an admission webhook that puts the Lease back, or a proxy that gives answers of its own`;
}

/** The API server's message names the user and what it may not do; without them it is passed on. */
function forbidden(message: string, namespace: string, rights = rightsOfElection): string {
  const user = nameOf(message);
  const [, verb] = /cannot (\w+) resource/.exec(message) ?? [];
  const grant = `grant ${rights} in namespace ${quote(namespace)}`;
  if (user === undefined || verb === undefined)
    return `it is forbidden (${phrase(message)}): ${grant}`;
  return `${quote(user)} is forbidden to ${verb} it: ${grant}`;
}

function nameOf(message: string): string | undefined {
  const [, user] = /\bUser "([^"]*)" cannot /.exec(message) ?? [];
  return user;
}

/** "503 Service Unavailable: the reason", and the reason only where it is another one. */
function withStatus(code: number, message: string): string {
  const reason = phrase(message);
  const text = status(code);
  return reason === '' || text.toLowerCase().endsWith(reason.toLowerCase())
    ? text
    : `${text}: ${reason}`;
}

function status(code: number): string {
  return `${code} ${STATUS_CODES[code] ?? ''}`.trim();
}
