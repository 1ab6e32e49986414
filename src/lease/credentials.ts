/**
 * The credentials of one user at one cluster, kept fresh: what to put into the headers, and the agents that connect.
 *
 * All kinds of credentials come from client-node's KubeConfig; it is asked again once a minute and after each 401. It caches
 * agents by name, so each time it is a new one: only that way a rotated certificate is seen.
 */
import type { Agent as HttpAgent, OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { createAgents, type Destination } from './agents.ts';
import { messageOf } from './errors.ts';
import { selectCaStore } from './ca-store.ts';
import type { OnNotice } from './notice.ts';
import type { Provider } from './provider.ts';

/** Files (tokens, certificates) are read again after this time, as client-go does. */
const refreshMs = 60_000;

/** A provider that takes longer is not waited for while there are credentials that may still be good: the server tells. */
const patienceMs = 500;

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
  /** Those to use now: at once if they are at hand, else as late as a provider gives them. Never rejects. */
  current(): CredentialsResult | Promise<CredentialsResult>;
  /** The server answered 401 to `refused`: others, if there are. */
  replace(refused: Credentials): Promise<CredentialsResult>;
  /** What credentials are being waited for, as a clause; null if nobody waits. */
  activity(): string | null;
  /** Closes all idle and busy connections of the election. */
  close(): void;
}

/** What credentials are made of. */
export interface CredentialSettings {
  readonly cluster: Cluster;
  readonly user: User;
  readonly destination: Pick<Destination, 'server' | 'proxy' | 'tlsName' | 'skipsVerification'>;
  /** Headers beside those that client-node makes (the rest of impersonation). */
  readonly headers: OutgoingHttpHeaders;
  readonly provider: Provider | null;
  readonly onNotice: OnNotice;
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
  #waiting = 0;
  /** Why credentials could not be renewed, as it was told last. */
  #told: string | null = null;

  constructor(settings: CredentialSettings) {
    this.#settings = settings;
  }

  current(): CredentialsResult | Promise<CredentialsResult> {
    const loaded = this.#loaded;
    if (loaded === null) return this.#wait(this.#load());
    const { provider, nowMs } = this.#settings;
    const isOld = nowMs() - loaded.atMs >= refreshMs;
    switch (provider?.isDue() ?? 'no') {
      case 'no':
        return isOld ? this.#refresh(loaded) : usable(loaded);
      case 'soon':
        void this.#refresh(loaded);
        return usable(loaded);
      case 'now':
        return withinPatience(this.#refresh(loaded), usable(loaded));
    }
  }

  async replace(refused: Credentials): Promise<CredentialsResult> {
    if (this.#loaded !== null && this.#loaded.credentials !== refused) return usable(this.#loaded);
    this.#settings.provider?.forget();
    return this.#wait(this.#load());
  }

  activity(): string | null {
    return this.#waiting === 0 ? null : (this.#settings.provider?.activity() ?? null);
  }

  close(): void {
    this.#settings.provider?.close();
    if (this.#loaded === null) return;
    const { requests, watch } = this.#loaded.credentials.agents;
    requests.destroy();
    watch.destroy();
  }

  async #wait<T>(for_: Promise<T>): Promise<T> {
    this.#waiting += 1;
    return for_.finally(() => (this.#waiting -= 1));
  }

  /** A file that is missing for a moment, a plugin that fails once: what we have may still be good. */
  async #refresh(loaded: Loaded): Promise<CredentialsResult> {
    const fresh = await this.#load();
    const problem = fresh.id === 'usable' ? null : fresh.message;
    if (problem !== null && problem !== this.#told)
      this.#settings.onNotice({
        level: 'warn',
        event: 'credentials-not-renewed',
        text: `Cannot renew the credentials: ${problem}. Using the old ones`,
        facts: {},
      });
    this.#told = problem;
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
    const { destination, nowMs } = this.#settings;
    try {
      // A provider may connect before we do.
      if (this.#loaded === null) this.#roots = selectCaStore(needsRoots(this.#settings));
      const options = await requestOptionsOf(this.#settings);
      const headers = headersOf(options, this.#settings);
      const previous = this.#loaded;
      const pem = pemOf(options);
      const fingerprint = JSON.stringify(Object.values(pem).map((part) => part?.toString()));
      if (previous?.fingerprint === fingerprint) {
        const { agents } = previous.credentials;
        this.#loaded = { credentials: { headers, agents }, fingerprint, atMs: nowMs() };
      } else {
        const whole = { ...destination, ...pem, roots: this.#roots };
        const agents = await createAgents(whole, 3);
        const [requests, watch, others] = agents as [HttpAgent, HttpAgent, HttpAgent];
        const credentials = { headers, agents: { requests, watch, others } };
        this.#loaded = { credentials, fingerprint, atMs: nowMs() };
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

function withinPatience<T>(wanted: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tired = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), patienceMs);
  });
  return Promise.race([wanted, tired]).finally(() => clearTimeout(timer));
}

/** Whether anything connects to a server whose authority is not named in the kubeconfig. */
function needsRoots({ cluster, destination, provider }: CredentialSettings): boolean {
  const { server, proxy, skipsVerification } = destination;
  const isVerified = server.protocol === 'https:' && skipsVerification !== true;
  const isNamed = Boolean(cluster.caData ?? cluster.caFile);
  return (isVerified && !isNamed) || proxy?.protocol === 'https:' || provider?.connects === true;
}

async function requestOptionsOf({ cluster, user, provider }: CredentialSettings) {
  const config = new KubeConfig();
  if (provider !== null) config.addAuthenticator(provider);
  config.loadFromClusterAndUser(cluster, user);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

/** As Go sends them: in UTF-8, which Node would take for more than a header may have. */
function headersOf(options: RequestOptions, settings: CredentialSettings): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    ...(options.headers as OutgoingHttpHeaders),
    ...settings.headers,
  };
  const { username, password } = settings.destination.server;
  const inUrl = username + password !== '' && [username, password].map(decodeURIComponent);
  // client-go has those of the URL go before all others.
  const basic = inUrl ? inUrl.join(':') : options.auth;
  if (basic && (inUrl || headers['Authorization'] === undefined))
    headers['Authorization'] = `Basic ${Buffer.from(basic).toString('base64')}`;
  const bytes = (value: string) => Buffer.from(value).toString('latin1');
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(bytes) : bytes(String(value)),
    ]),
  );
}

/** What client-node found in files and kubeconfig; the types allow for more. */
function pemOf({ ca, cert, key }: RequestOptions) {
  return {
    authority: (ca ?? null) as Buffer | null,
    certificate: (cert ?? null) as string | Buffer | null,
    key: (key ?? null) as string | Buffer | null,
  };
}

/** A busy connection may finish what it does; after that, and if idle, it is closed. */
function retire({ agents }: Credentials): void {
  for (const agent of Object.values(agents)) {
    agent.maxFreeSockets = 0;
    for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
  }
}
