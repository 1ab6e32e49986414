/**
 * Where the cluster is, who we are there and in which namespace, by kubectl's rules: the chosen context of the kubeconfig, else
 * the service account of the pod. Without either this is an error; kubectl's localhost:8080 would only confuse.
 *
 * Reading files is all that is done here. Credentials are made on first use.
 */
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { clientNodeCluster, clientNodeUser, impersonationHeaders } from './client-node.ts';
import { createCredentialSource, type CredentialSource } from './credentials.ts';
import { ExecPlugin } from './exec-plugin.ts';
import { type JsonObject, isObject, textOf } from '../json.ts';
import { kubeconfigFiles, readKubeconfig, type Kubeconfig } from './kubeconfig.ts';

/** Where to look, and what was asked for. */
export interface ClusterOptions {
  /** --kubeconfig. */
  readonly kubeconfig: string | null;
  /** --context. */
  readonly context: string | null;
  readonly env: NodeJS.ProcessEnv;
  readonly homeDirectory: string;
  /** Where a pod finds its service account. */
  readonly serviceAccountDirectory?: string;
  /** An exec plugin that runs longer is killed. */
  readonly execDeadlineMs?: number;
  /** A clock that never goes back. */
  readonly nowMs?: () => number;
}

/** The cluster to talk to. */
export interface LeaseCluster {
  readonly server: URL;
  /** null: in a pod. */
  readonly context: string | null;
  /** That of the credentials; --lock-namespace goes before it. */
  readonly namespace: string;
  readonly credentials: CredentialSource;
}

export type ClusterResult =
  | { readonly id: 'loaded'; readonly cluster: LeaseCluster }
  | { readonly id: 'failed'; readonly message: string };

const defaultServiceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';
const defaultExecDeadlineMs = 30_000;

/** Finds the cluster. */
export function loadCluster(options: ClusterOptions): ClusterResult {
  const files = kubeconfigFiles(options.kubeconfig, options.env, options.homeDirectory);
  const read = readKubeconfig(files);
  if (read.id === 'failed') return read;
  const { kubeconfig } = read;
  const isEmpty = kubeconfig.contexts.size === 0 && kubeconfig.clusters.size === 0;
  if (isEmpty && options.kubeconfig === null) {
    if (options.context !== null) return noContext(options.context, files.paths);
    return loadServiceAccount(options) ?? noConfiguration(files.paths);
  }
  return loadContext(kubeconfig, options);
}

function noContext(context: string, paths: readonly string[]): ClusterResult {
  return failed(
    `Cannot use context "${context}": there is no kubeconfig at ${quoted(paths)}: set --kubeconfig or $KUBECONFIG, or leave --context out to use the service account of a pod`,
  );
}

function noConfiguration(paths: readonly string[]): ClusterResult {
  return failed(
    `Cannot find a cluster: there is no kubeconfig at ${quoted(paths)} and no service account of a pod: set --kubeconfig or $KUBECONFIG`,
  );
}

function loadContext(kubeconfig: Kubeconfig, options: ClusterOptions): ClusterResult {
  const where = `kubeconfig ${quoted(kubeconfig.files)}`;
  if (kubeconfig.contexts.size === 0)
    return failed(
      `Cannot use ${where}: it has no contexts: set --kubeconfig or $KUBECONFIG to another`,
    );
  const name = options.context ?? kubeconfig.currentContext;
  const others = quoted([...kubeconfig.contexts.keys()]);
  if (name === null)
    return failed(
      `Cannot choose a context: ${where} has no current-context: set --context to one of ${others}`,
    );
  const context = kubeconfig.contexts.get(name);
  if (context === undefined)
    return failed(
      `Cannot use context "${name}": ${where} does not have it: contexts are ${others}`,
    );

  const clusterName = textOf(context['cluster']);
  const cluster = kubeconfig.clusters.get(clusterName ?? '');
  if (cluster === undefined)
    return failed(
      `Cannot use context "${name}": ${where} does not have its cluster "${clusterName ?? ''}"`,
    );
  const userName = textOf(context['user']);
  const user = userName === null ? {} : kubeconfig.users.get(userName);
  if (user === undefined)
    return failed(
      `Cannot use context "${name}": ${where} does not have its user "${userName ?? ''}"`,
    );

  const server = serverUrl(cluster);
  if (server === null)
    return failed(
      `Cannot use context "${name}": the server of its cluster is "${textOf(cluster['server']) ?? ''}": it must be an http:// or https:// URL`,
    );
  return {
    id: 'loaded',
    cluster: {
      server,
      context: name,
      namespace: textOf(context['namespace']) ?? 'default',
      credentials: credentialsOf(server, cluster, user, options),
    },
  };
}

/** The service account that Kubernetes gives every pod; null when not in a pod. */
function loadServiceAccount(options: ClusterOptions): ClusterResult | null {
  const { env } = options;
  const directory = options.serviceAccountDirectory ?? defaultServiceAccountDirectory;
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port || readText(join(directory, 'token')) === null) return null;

  const server = new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
  const cluster = { 'certificate-authority': join(directory, 'ca.crt') };
  const user = { tokenFile: join(directory, 'token') };
  return {
    id: 'loaded',
    cluster: {
      server,
      context: null,
      namespace: env['POD_NAMESPACE'] || readText(join(directory, 'namespace')) || 'default',
      credentials: credentialsOf(server, cluster, user, options),
    },
  };
}

function credentialsOf(
  server: URL,
  cluster: JsonObject,
  user: JsonObject,
  options: ClusterOptions,
): CredentialSource {
  const { env } = options;
  const exec = user['exec'];
  const deadlineMs = options.execDeadlineMs ?? defaultExecDeadlineMs;
  return createCredentialSource({
    cluster: clientNodeCluster(server, cluster, env),
    user: clientNodeUser(user),
    headers: impersonationHeaders(user),
    plugin: isObject(exec) ? new ExecPlugin({ exec, cluster, env, deadlineMs }) : null,
    nowMs: options.nowMs ?? (() => performance.now()),
  });
}

function serverUrl(cluster: JsonObject): URL | null {
  const server = textOf(cluster['server']);
  if (server === null || !/^https?:\/\//.test(server) || !URL.canParse(server)) return null;
  return new URL(server);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join(', ');
}

function failed(message: string): ClusterResult {
  return { id: 'failed', message };
}
