/**
 * The credentials of one user at one cluster, kept fresh: what to put into the headers, and the agents that connect.
 *
 * All kinds of credentials come from client-node's KubeConfig; it is asked again once a minute and after each 401. It caches
 * agents by name, so each time it is a new one: only that way a rotated certificate is seen.
 */
import { X509Certificate } from 'node:crypto';
import { Agent as HttpAgent, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { messageOf } from './errors.ts';
import type { ExecPlugin } from './exec-plugin.ts';
import { selectCaStore } from './ca-store.ts';

/** Files (tokens, certificates) are read again after this time, as client-go does. */
const refreshMs = 60_000;

/** The kernel probes a silent connection after this time. */
const keepAliveProbeMs = 30_000;

/** What a request needs to be let in. */
export interface Credentials {
  readonly headers: OutgoingHttpHeaders;
  /**
   * The election's requests and its watch never share a connection: a watch must not take the warm one away. `others` is for all that
   * stands beside the election and may outlive it by a moment.
   */
  readonly agents: {
    readonly requests: HttpAgent;
    readonly watch: HttpAgent;
    readonly others: HttpAgent;
  };
}

export type CredentialsResult =
  | { readonly id: 'usable'; readonly credentials: Credentials }
  | { readonly id: 'unusable'; readonly message: string };

export interface CredentialSource {
  /** Those to use now: at once if they are at hand, else as late as an exec plugin gives them. Never rejects. */
  current(): CredentialsResult | Promise<CredentialsResult>;
  /** The server answered 401 to `refused`: others, if there are. */
  replace(refused: Credentials): Promise<CredentialsResult>;
  /** Closes all idle and busy connections of the election. */
  close(): void;
}

/** What credentials are made of. */
export interface CredentialSettings {
  readonly cluster: Cluster;
  readonly user: User;
  /** Headers beside those that client-node makes (the rest of impersonation). */
  readonly headers: OutgoingHttpHeaders;
  readonly plugin: ExecPlugin | null;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
}

/** Makes the credentials on first use. */
export function createCredentialSource(settings: CredentialSettings): CredentialSource {
  return new Source(settings);
}

class Source implements CredentialSource {
  readonly #settings: CredentialSettings;
  #loaded: Loaded | null = null;
  #roots: string[] | null = null;
  #loading: Promise<CredentialsResult> | null = null;

  constructor(settings: CredentialSettings) {
    this.#settings = settings;
  }

  current(): CredentialsResult | Promise<CredentialsResult> {
    const loaded = this.#loaded;
    if (loaded === null) return this.#load();
    const { user, nowMs } = this.#settings;
    // A provider knows itself when its credentials expire and answers from its cache until then.
    const isDue = hasProvider(user) || nowMs() - loaded.atMs >= refreshMs;
    return isDue ? this.#refresh(loaded) : usable(loaded);
  }

  async replace(refused: Credentials): Promise<CredentialsResult> {
    if (this.#loaded !== null && this.#loaded.credentials !== refused) return usable(this.#loaded);
    this.#settings.plugin?.forget();
    return this.#load();
  }

  close(): void {
    this.#settings.plugin?.close();
    if (this.#loaded === null) return;
    const { requests, watch } = this.#loaded.credentials.agents;
    requests.destroy();
    watch.destroy();
  }

  /** A file that is missing for a moment, a plugin that fails once: what we have may still be good. */
  async #refresh(loaded: Loaded): Promise<CredentialsResult> {
    const fresh = await this.#load();
    return fresh.id === 'usable' ? fresh : usable(loaded);
  }

  /** Joins a load under way: one run of a plugin serves all who wait, also longer than one of them has time. */
  #load(): Promise<CredentialsResult> {
    this.#loading ??= this.#loadAnew().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #loadAnew(): Promise<CredentialsResult> {
    try {
      // A provider may connect before we do.
      if (this.#loaded === null) this.#roots = selectCaStore(needsRoots(this.#settings));
      const options = await requestOptionsOf(this.#settings);
      const headers = headersOf(options, this.#settings);
      const previous = this.#loaded;
      const fingerprint = fingerprintOf(pemOf(options));
      const atMs = this.#settings.nowMs();
      if (previous?.fingerprint === fingerprint) {
        const { agents } = previous.credentials;
        this.#loaded = { credentials: { headers, agents }, fingerprint, atMs };
      } else {
        if (this.#roots !== null) options.ca ??= this.#roots;
        const agents = await agentsOf(options, this.#settings);
        this.#loaded = { credentials: { headers, agents }, fingerprint, atMs };
        if (previous !== null) retire(previous.credentials);
      }
      return usable(this.#loaded);
    } catch (error) {
      return { id: 'unusable', message: messageOf(error) };
    }
  }
}

interface Loaded {
  readonly credentials: Credentials;
  /** Tells whether certificates have changed. */
  readonly fingerprint: string;
  readonly atMs: number;
}

function usable({ credentials }: Loaded): CredentialsResult {
  return { id: 'usable', credentials };
}

/** Whether anything connects to a server whose authority is not named in the kubeconfig. */
function needsRoots({ cluster, user, plugin }: CredentialSettings): boolean {
  const isTls = cluster.server.startsWith('https:') && !cluster.skipTLSVerify;
  const isNamed = Boolean(cluster.caData ?? cluster.caFile);
  const isTlsProxy = cluster.proxyUrl?.startsWith('https:') ?? false;
  return (isTls && !isNamed) || isTlsProxy || (hasProvider(user) && plugin === null);
}

function hasProvider(user: User): boolean {
  const { authProvider } = user as { authProvider?: { config?: { tokenFile?: string } } | null };
  return authProvider != null && authProvider.config?.tokenFile === undefined;
}

async function requestOptionsOf({ cluster, user, plugin }: CredentialSettings) {
  const config = new KubeConfig();
  if (plugin !== null) config.addAuthenticator(plugin);
  config.loadFromClusterAndUser(cluster, user);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

function headersOf(options: RequestOptions, settings: CredentialSettings): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    ...(options.headers as OutgoingHttpHeaders),
    ...settings.headers,
  };
  const authorization = headers['Authorization'];
  // A token file ends with a newline, which no header may contain.
  if (typeof authorization === 'string') headers['Authorization'] = authorization.trim();
  else if (options.auth)
    headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}

function fingerprintOf({ ca, cert, key }: Pem): string {
  return JSON.stringify([ca, cert, key].map((part) => part?.toString()));
}

/** What client-node found in files and kubeconfig, or the authorities of Node; the types allow for more. */
interface Pem {
  readonly ca?: string | Buffer | string[];
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

function pemOf({ ca, cert, key }: RequestOptions): Pem {
  return { ca, cert, key } as Pem;
}

async function agentsOf(options: RequestOptions, settings: CredentialSettings) {
  const { cluster } = settings;
  if (!cluster.server.startsWith('https:') && !cluster.proxyUrl) {
    return agentsBy(() => prepared(new HttpAgent()));
  }
  const tls = {
    // Made once: parsing certificates is the dearest part of connecting.
    secureContext: secureContextOf(pemOf(options)),
    rejectUnauthorized: !cluster.skipTLSVerify,
    ...(options.servername === undefined ? {} : { servername: options.servername }),
  };
  if (!cluster.proxyUrl) {
    return agentsBy(() => prepared(new HttpsAgent(tls)));
  }
  const [second, third] = [await requestOptionsOf(settings), await requestOptionsOf(settings)];
  const [requests, watch, others] = [options, second, third].map(({ agent }) =>
    prepared(agent as HttpAgent, tls),
  ) as [HttpAgent, HttpAgent, HttpAgent];
  return { requests, watch, others };
}

function agentsBy(make: () => HttpAgent): Credentials['agents'] {
  return { requests: make(), watch: make(), others: make() };
}

/** What Node's types leave out: the options that each new connection gets. */
interface AgentWithOptions extends HttpAgent {
  readonly options?: { timeout?: number | undefined };
}

/** client-node's proxy agents cannot be told all this when they are made. */
function prepared(agent: AgentWithOptions, tls: object = {}): HttpAgent {
  // client-node sets it to undefined, which goes before the time-out of the request.
  delete agent.options?.timeout;
  return Object.assign(agent, {
    keepAlive: true,
    keepAliveMsecs: keepAliveProbeMs,
    maxFreeSockets: 1,
    options: Object.assign(agent.options ?? {}, tls),
  });
}

/** A busy connection may finish what it does; after that, and if idle, it is closed. */
function retire({ agents }: Credentials): void {
  for (const agent of Object.values(agents)) {
    agent.maxFreeSockets = 0;
    for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
  }
}

function secureContextOf(pem: Pem): SecureContext {
  try {
    // Node passes over an authority that it cannot read, and then trusts nobody.
    if (pem.ca) readAuthority(pem.ca);
    return createSecureContext(pem);
  } catch (error) {
    throw new Error(`${blame(pem)}: ${messageOf(error)}`, { cause: error });
  }
}

function blame({ ca, cert, key }: Pem): string {
  if (ca && isRefused(() => readAuthority(ca))) return 'certificate authority is broken';
  if (cert && isRefused(() => createSecureContext({ cert }))) return 'client certificate is broken';
  if (key && isRefused(() => createSecureContext({ key }))) return 'client key is broken';
  return 'client certificate and client key do not belong together';
}

function readAuthority(ca: NonNullable<Pem['ca']>): void {
  for (const each of [ca].flat()) new X509Certificate(each);
}

function isRefused(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch {
    return true;
  }
}
