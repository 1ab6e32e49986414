/**
 * A cluster and a user of a kubeconfig, put so that client-node makes of them what client-go would.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import {
  newClusters,
  newUsers,
  type Cluster,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { type JsonObject, type JsonValue, listOf, objectOf, textOf } from '../json.ts';
import { providerName } from './provider.ts';

/** The cluster as client-node wants it. How to connect is told to nobody but `agents.ts`. */
export function clientNodeCluster(server: URL, raw: JsonObject): Cluster {
  const isTls = server.protocol === 'https:';
  const cluster: Record<string, JsonValue> = {
    server: server.href,
    // client-node refuses http:// unless this is set; there is no TLS to verify.
    'insecure-skip-tls-verify': !isTls,
  };
  for (const key of ['certificate-authority', 'certificate-authority-data'])
    if (isTls && raw[key] !== undefined) cluster[key] = raw[key];
  const [converted] = newClusters([{ name: 'cluster', cluster }]);
  if (converted === undefined) throw new Error('client-node lost the cluster');
  return converted;
}

/** Which of the ways to sign in of a user is taken; in client-go, too, a token goes before a password and both before a provider. */
export function signInOf(user: JsonObject): 'file' | 'token' | 'password' | 'provider' {
  if (textOf(user['tokenFile']) !== null) return 'file';
  if (textOf(user['token']) !== null) return 'token';
  return textOf(user['username']) !== null ? 'password' : 'provider';
}

/** The user as client-node wants it; also for a context without one, whose certificate authority it would ignore. */
export function clientNodeUser(raw: JsonObject, hasProvider: boolean): User {
  const user: Record<string, JsonValue> = {};
  const take = (...keys: string[]) => {
    for (const key of keys) if (textOf(raw[key]) !== null) user[key] = textOf(raw[key]);
  };
  // A key without a certificate is for nothing.
  if (hasCertificate(raw))
    take('client-certificate', 'client-certificate-data', 'client-key', 'client-key-data');
  take('as');
  if (hasProvider) user['auth-provider'] = { name: providerName };
  else if (textOf(raw['token']) !== null) take('token');
  else if (textOf(raw['username']) !== null) {
    take('username');
    user['password'] = textOf(raw['password']) ?? '';
  }
  const [converted] = newUsers([{ name: 'user', user }]);
  if (converted === undefined) throw new Error('client-node lost the user');
  return converted;
}

export function hasCertificate(user: JsonObject): boolean {
  return (
    textOf(user['client-certificate']) !== null || textOf(user['client-certificate-data']) !== null
  );
}

/** What client-node leaves out: it sends only `as`, and acting with other rights than the kubeconfig says would be worse than failing. */
export function impersonationHeaders(user: JsonObject): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  const uid = textOf(user['as-uid']);
  if (uid !== null) headers['Impersonate-Uid'] = uid;
  const groups = texts(user['as-groups']);
  if (groups.length > 0) headers['Impersonate-Group'] = groups;
  for (const [key, values] of Object.entries(objectOf(user['as-user-extra'])))
    headers[`Impersonate-Extra-${escaped(key)}`] = texts(values);
  return headers;
}

/** What no name of a header may contain, byte by byte. */
function escaped(key: string): string {
  return Buffer.from(key)
    .toString('latin1')
    .replaceAll(
      /[^!#$&'*+\-.^_`|~\dA-Za-z]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
}

function texts(value: JsonValue | undefined): string[] {
  return listOf(value).map((item) => textOf(item) ?? '');
}
