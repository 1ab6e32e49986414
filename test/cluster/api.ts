/**
 * The cluster as its administrator sees it, for the hand-made changes and the questions of a test. Deliberately not the
 * client under test.
 */
import { request } from 'node:https';
import type { KeyPair } from '../fixtures/certificates.ts';

/** Where a cluster is and what opens it: plain data, so that it can be handed from vitest's main process to the tests. */
export interface ClusterAccess {
  /** https://127.0.0.1:port */
  readonly url: string;
  /** Holds everything that belongs to the cluster; removed with it. */
  readonly folder: string;
  readonly ca: KeyPair;
  readonly caFile: string;
  readonly admin: KeyPair;
  /** A client certificate of system:masters. */
  readonly adminKubeconfig: string;
  /** One JSON line for each request; null when the cluster was started without `audit`. */
  readonly auditLog: string | null;
  /** client-go's leader election example. */
  readonly clientGo: string;
}

export interface ApiAnswer {
  readonly status: number;
  /** JSON, parsed; text where it is none. */
  readonly body: unknown;
}

const timeoutMs = 10_000;

/** One request as administrator. A body of a PATCH is a JSON merge patch. */
export function callApi(
  { url, ca, admin }: Pick<ClusterAccess, 'url' | 'ca' | 'admin'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<ApiAnswer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, url), {
      method,
      ca: ca.cert,
      cert: admin.cert,
      key: admin.key,
      agent: false,
      timeout: timeoutMs,
      headers: { accept: 'application/json', 'content-type': type },
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    call.on('error', reject);
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          body: parse(Buffer.concat(chunks).toString()),
        });
      });
    });
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** As {@link callApi}, but throws unless the answer is 2xx, and gives its body. */
export async function mustCallApi(
  access: ClusterAccess,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = await callApi(access, method, path, body);
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

/** The path of one Lease. */
export function leasePath(namespace: string, name: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
}

/** Creates a namespace that no other test uses. */
export async function createNamespace(access: ClusterAccess): Promise<string> {
  const made = await mustCallApi(access, 'POST', '/api/v1/namespaces', {
    metadata: { generateName: 'test-' },
  });
  return (made as { metadata: { name: string } }).metadata.name;
}

/** A Lease as tests read it. */
export interface StoredLease {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** The Lease as it is stored now, or null. */
export async function readLease(
  access: ClusterAccess,
  namespace: string,
  name: string,
): Promise<StoredLease | null> {
  const { status, body } = await callApi(access, 'GET', leasePath(namespace, name));
  if (status === 404) return null;
  if (status !== 200)
    throw new Error(`GET of the Lease answered ${status}: ${JSON.stringify(body)}`);
  return body as StoredLease;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
