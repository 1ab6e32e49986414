/**
 * Where the cluster is, who we are there and in which namespace, by kubectl's rules: the chosen context of the kubeconfig, else
 * the service account of the pod. Without either this is an error; kubectl's localhost:8080 would only confuse.
 *
 * Reading files is all that is done here. Credentials are made on first use.
 */
import { isatty } from 'node:tty';
import { clientNodeCluster, clientNodeUser, impersonationHeaders } from './client-node.ts';
import { createCredentialSource, type CredentialSource } from './credentials.ts';
import { type JsonObject, textOf } from '../json.ts';
import { kubeconfigFiles, readKubeconfig, type Kubeconfig } from './kubeconfig.ts';
import { clusterProblem, userProblem } from './kubeconfig-rules.ts';
import type { OnNotice } from './notice.ts';
import { providerOf } from './providers.ts';
import { proxyFor } from './proxy.ts';
import { parseServer } from './server-url.ts';
import { findServiceAccount } from './service-account.ts';

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
  /** An exec plugin that runs longer is killed, but for the first run of all. */
  readonly execDeadlineMs?: number;
  /** What there is to say beside answers. */
  readonly onNotice?: OnNotice;
  /** Whether stdin and stderr are a terminal, on which an exec plugin may ask a person to log in. */
  readonly terminal?: { readonly stdin: boolean; readonly stderr: boolean };
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
  | {
      readonly id: 'failed';
      readonly message: string;
      /** Where a kubeconfig may be, in quotes, if there is none; null: something is wrong with what is there. */
      readonly searched: string | null;
    };

const defaultExecDeadlineMs = 30_000;

/** Finds the cluster. */
export function loadCluster(options: ClusterOptions): ClusterResult {
  const files = kubeconfigFiles(options.kubeconfig, options.env, options.homeDirectory);
  const read = readKubeconfig(files);
  if (read.id === 'failed') return failed(read.message);
  const { kubeconfig } = read;
  const isEmpty = kubeconfig.contexts.size === 0 && kubeconfig.clusters.size === 0;
  // As kubectl does: a kubeconfig that chooses nothing leaves a pod its service account. One that was asked for does not.
  const choosesNothing = isEmpty || kubeconfig.currentContext === null;
  if (choosesNothing && options.kubeconfig === null && options.context === null) {
    const account = loadServiceAccount(options);
    if (account !== null) return account;
    if (isEmpty) return noConfiguration(files.paths);
  }
  if (isEmpty && options.kubeconfig === null && options.context !== null)
    return noContext(options.context, files.paths);
  return loadContext(kubeconfig, options);
}

function noContext(context: string, paths: readonly string[]): ClusterResult {
  return failed(
    `Cannot use context "${context}": there is no kubeconfig at ${quoted(paths)}: set --kubeconfig or $KUBECONFIG, or leave --context out to use the service account of a pod`,
  );
}

function noConfiguration(paths: readonly string[]): ClusterResult {
  const searched = quoted(paths);
  const message = `Cannot find a cluster: there is no kubeconfig at ${searched} and no service account of a pod: set --kubeconfig or $KUBECONFIG`;
  return { id: 'failed', message, searched };
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

  return connectTo(
    { name, namespace: textOf(context['namespace']) ?? 'default' },
    { name: clusterName ?? '', body: cluster },
    { name: userName ?? '', body: user, file: kubeconfig.userFiles.get(userName ?? '') ?? null },
    options,
  );
}

function connectTo(
  context: { readonly name: string; readonly namespace: string },
  cluster: { readonly name: string; readonly body: JsonObject },
  user: { readonly name: string; readonly body: JsonObject; readonly file: string | null },
  options: ClusterOptions,
): ClusterResult {
  const cannotUse = (why: string) => failed(`Cannot use context "${context.name}": ${why}`);
  const address = textOf(cluster.body['server']);
  if (address === null) return cannotUse(`no server found for cluster "${cluster.name}"`);
  const server = parseServer(address);
  if (server === null)
    return cannotUse(
      `the server of its cluster is "${address}": it must be an http:// or https:// URL or a host:port pair`,
    );
  const isTls = server.protocol === 'https:';
  const problem =
    clusterProblem(cluster.name, cluster.body, isTls) ?? userProblem(user.name, user.body, isTls);
  if (problem !== null) return cannotUse(problem);
  return loadedFrom(server, context, cluster.body, user, options);
}

/** The service account of a pod; null when not in a pod. */
function loadServiceAccount(options: ClusterOptions): ClusterResult | null {
  const { env, serviceAccountDirectory, onNotice } = options;
  const account = findServiceAccount(env, serviceAccountDirectory);
  if (account.id === 'none') return null;
  if (account.id === 'failed') return failed(account.message);
  const { server, cluster, user, namespace, authorityProblem } = account;
  if (authorityProblem !== null)
    onNotice?.({
      level: 'warn',
      event: 'no-authority',
      text: `Cannot read the certificate authority of the service account: ${authorityProblem}. Trusting the system's authorities`,
      facts: {},
    });
  const named = { name: null, namespace };
  return loadedFrom(server, named, cluster, { name: '', body: user, file: null }, options);
}

function loadedFrom(
  server: URL,
  context: { readonly name: string | null; readonly namespace: string },
  cluster: JsonObject,
  user: { readonly name: string; readonly body: JsonObject; readonly file: string | null },
  options: ClusterOptions,
): ClusterResult {
  const { env, onNotice = () => undefined } = options;
  const proxy = proxyFor(server, cluster, env);
  if (proxy.id === 'failed') return failed(proxy.message);
  const isTls = server.protocol === 'https:';
  const signIn = isTls ? user.body : withoutSecrets(user.body, server, onNotice);
  const provider = providerOf(signIn, {
    cluster,
    env,
    onNotice,
    userName: user.name,
    userFile: user.file,
    deadlineMs: options.execDeadlineMs ?? defaultExecDeadlineMs,
    terminal: options.terminal ?? { stdin: isatty(0), stderr: isatty(2) },
  });
  const credentials = createCredentialSource({
    cluster: clientNodeCluster(server, cluster),
    user: clientNodeUser(signIn, provider !== null),
    destination: {
      server,
      proxy: proxy.proxy,
      tlsName: textOf(cluster['tls-server-name']),
      skipsVerification: cluster['insecure-skip-tls-verify'] === true,
    },
    headers: impersonationHeaders(signIn),
    provider,
    onNotice,
    nowMs: options.nowMs ?? (() => performance.now()),
  });
  const { name, namespace } = context;
  return { id: 'loaded', cluster: { server, context: name, namespace, credentials } };
}

/** Over http:// nothing goes out that others must not read: so it is in client-go. */
function withoutSecrets(user: JsonObject, server: URL, onNotice: OnNotice): JsonObject {
  const harmless = ['as', 'as-uid', 'as-groups', 'as-user-extra'];
  const entries = Object.entries(user);
  const kept = entries.filter(([key]) => harmless.includes(key));
  if (kept.length < entries.length)
    onNotice({
      level: 'debug',
      event: 'credentials-not-sent',
      text: `Not sending the credentials of the kubeconfig to ${server.origin}: it is not an https:// server`,
      facts: { server: server.origin },
    });
  return Object.fromEntries(kept);
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join(', ');
}

function failed(message: string): ClusterResult {
  return { id: 'failed', message, searched: null };
}
