/**
 * leader-run as its users start it, against a sandbox in this process or a server that answers by a script.
 */
import { type Server, createServer, type RequestListener } from 'node:http';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { writeKubeconfig } from '../fixtures/api/kubeconfig.ts';
import { listen } from '../fixtures/listen.ts';

/** `TESTED_FOLDER=/opt/leader-run` tests what is installed there. */
const tested = process.env['TESTED_FOLDER'] ?? resolve(import.meta.dirname, '../..');
export const leaderRun = join(tested, 'bin/leader-run');
/** What the launcher starts node on. */
export const bundle = join(tested, 'dist/leader-run.cjs');

/** A sandbox for one test. */
export async function sandbox(): Promise<Sandbox> {
  const started = await startSandbox({ port: 0, kubeconfigPath: null });
  onTestFinished(() => started.close());
  return started;
}

/** Starts leader-run; it has no terminal and is killed at the end of the test if it still runs then. */
export function start(
  kubeconfig: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  return startBy([leaderRun], kubeconfig, args, env);
}

export type Started = ReturnType<typeof start>;

/** As {@link start}, by other words than leader-run's name. */
export function startBy(
  [file, ...words]: readonly [string, ...string[]],
  kubeconfig: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const child = execa(file, [...words, ...args], {
    detached: true,
    reject: false,
    all: true,
    // Else execa sends SIGKILL 5 s after a SIGTERM, which is little on a busy machine.
    forceKillAfterDelay: false,
    env: { KUBECONFIG: kubeconfig, ...env },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    // Not the end of its output, which whoever outlives it might hold.
    await ended;
  });
  return child;
}

/** Resolves, to all that it has carried so far, once the stream has carried the text. */
export function waitFor(stream: NodeJS.ReadableStream, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    stream.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes(text)) resolve(seen);
    });
    stream.on('end', () => reject(new Error(`ended without "${text}"; it said:\n${seen}`)));
  });
}

/** A kubeconfig that leads to a server of the test's own. */
export async function scriptedServer(
  listener: RequestListener,
): Promise<{ kubeconfig: string; server: Server; url: string }> {
  const server = createServer(listener);
  const url = `http://127.0.0.1:${await listen(server)}`;
  return { kubeconfig: kubeconfigFor(url), server, url };
}

/** Writes a kubeconfig for a server, by default with a token of no meaning, removed at the end of the test. */
export function kubeconfigFor(
  url: string,
  user: Parameters<typeof writeKubeconfig>[1] = { token: 'none' },
): string {
  return writeKubeconfig({ server: url }, user);
}

/** The Lease as the API serves it; null: there is none. */
export async function readLease(
  { url, token }: Pick<Sandbox, 'url' | 'token'>,
  name: string,
): Promise<StoredLease | null> {
  const response = await callApi({ url, token }, 'GET', `/${name}`);
  return response.status === 404 ? null : ((await response.json()) as StoredLease);
}

export interface StoredLease {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: object };
  readonly spec: {
    readonly holderIdentity: string;
    readonly leaseDurationSeconds: number;
    readonly leaseTransitions: number;
    readonly acquireTime: string;
    readonly renewTime: string;
  };
}

/** One request about the Leases of the namespace `default`. */
export async function callApi(
  { url, token }: Pick<Sandbox, 'url' | 'token'>,
  method: string,
  path: string,
  body?: object,
): Promise<Response> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return fetch(`${url}/apis/coordination.k8s.io/v1/namespaces/default/leases${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
