/**
 * The embedded Lease API: a server on a loopback port, its objects in memory, and a kubeconfig that leads to it.
 *
 * It is for a first try without a cluster and for fast tests. It answers for Leases as kube-apiserver does, which
 * `test/contract` holds it to; it never leaves this machine, and keeps nothing.
 */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { writeKubeconfig } from './kubeconfig.ts';
import { createApiServer } from './server.ts';
import { LeaseStore } from './store.ts';

const loopback = '127.0.0.1';
const tokenBytes = 12;

export interface SandboxSettings {
  /** 0: a free one. */
  readonly port: number;
  /** Where the kubeconfig is written; null: a temporary file. */
  readonly kubeconfigPath: string | null;
  /** Events kept for watches that resume. */
  readonly historyLimit?: number;
}

export interface Sandbox {
  /** http://127.0.0.1:port */
  readonly url: string;
  readonly kubeconfigPath: string;
  /** The bearer token that may do all. */
  readonly token: string;
  /** The Leases themselves, for tests that read behind the API. */
  readonly store: LeaseStore;
  /** Ends every connection and removes the kubeconfig. */
  close(): Promise<void>;
}

/** Serves until it is closed. Rejects, in words for a person, if the port or the file cannot be had. */
export async function startSandbox(settings: SandboxSettings): Promise<Sandbox> {
  const { port, kubeconfigPath, historyLimit } = settings;
  const token = randomBytes(tokenBytes).toString('hex');
  const store = new LeaseStore(historyLimit);
  const server = createApiServer(store, token);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const message = `Cannot serve on ${loopback}:${port}: ${error.message}`;
      reject(new Error(message, { cause: error }));
    });
    server.listen(port, loopback, resolve);
  });
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  const url = `http://${loopback}:${(server.address() as AddressInfo).port}`;
  const written = writeKubeconfig(kubeconfigPath, url, token);
  if (written.id === 'failed') {
    await stop();
    throw new Error(written.message);
  }
  const { kubeconfig } = written;
  const close = async (): Promise<void> => {
    kubeconfig.remove();
    await stop();
  };
  return { url, kubeconfigPath: kubeconfig.path, token, store, close };
}
