/** The service account that Kubernetes gives every pod, read as client-go does. */
import { readFileSync, statSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import type { JsonObject } from '../json.ts';
import { messageOf } from './errors.ts';

/** Where a pod finds it. */
const usualDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

export type ServiceAccountResult =
  | { readonly id: 'none' }
  | { readonly id: 'failed'; readonly message: string }
  | {
      readonly id: 'found';
      readonly server: URL;
      readonly cluster: JsonObject;
      readonly user: JsonObject;
      readonly namespace: string;
      /** Why the authority of the cluster cannot be used, so that the system's are trusted; null if it can. */
      readonly authorityProblem: string | null;
    };

export function findServiceAccount(
  env: NodeJS.ProcessEnv,
  directory = usualDirectory,
): ServiceAccountResult {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  const token = join(directory, 'token');
  if (!host || !port || !isFile(token)) return { id: 'none' };
  const server = serverOf(host, port);
  if (typeof server === 'string') return { id: 'failed', message: server };
  const authority = join(directory, 'ca.crt');
  const authorityProblem = problemOf(authority);
  return {
    id: 'found',
    server,
    cluster: authorityProblem === null ? { 'certificate-authority': authority } : {},
    user: { tokenFile: token },
    namespace: env['POD_NAMESPACE'] || namespaceOf(directory) || 'default',
    authorityProblem,
  };
}

function serverOf(host: string, port: string): URL | string {
  const wrong = (name: string, value: string, required: string) =>
    `Cannot find the cluster of this pod: ${name} is "${value}": it must be ${required}`;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535 || Number(port) === 0)
    return wrong('KUBERNETES_SERVICE_PORT', port, 'a port from 1 to 65535');
  const url = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const isHost = isIPv6(host) || /^[^\s/?#@:[\]]+$/.test(host);
  if (!isHost || !URL.canParse(url))
    return wrong('KUBERNETES_SERVICE_HOST', host, 'a host name or an IP address, without a port');
  return new URL(url);
}

function problemOf(authority: string): string | null {
  try {
    new X509Certificate(readFileSync(authority));
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function namespaceOf(directory: string): string {
  try {
    return readFileSync(join(directory, 'namespace'), 'utf8').trim();
  } catch {
    return '';
  }
}

function isFile(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}
