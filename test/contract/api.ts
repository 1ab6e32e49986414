/** What a case of the contract speaks through: requests about Leases, each written down as it is answered. */
import {
  openWatch,
  send,
  type Call,
  type Endpoint,
  type OpenWatch,
  type RawAnswer,
} from './client.ts';
import { Normaliser } from './normalise.ts';

export const group = '/apis/coordination.k8s.io/v1';
export const leases = `${group}/namespaces/default/leases`;
const time = '2026-01-02T03:04:05.123456Z';

export interface Lease {
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A Lease to send. `undefined` removes a field. */
export function lease(name: string, spec: object = {}, metadata: object = {}): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, ...metadata },
    spec: {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 0,
      ...spec,
    },
  };
}

/** The stored Lease with changes, to send back. */
export function changed(stored: Lease, spec: object, metadata: object = {}): object {
  return {
    ...stored,
    metadata: { ...stored.metadata, ...metadata },
    spec: { ...stored.spec, ...spec },
  };
}

export const asMergePatch = { 'content-type': 'application/merge-patch+json' };
export const asStrategicPatch = { 'content-type': 'application/strategic-merge-patch+json' };

export class Api {
  readonly #endpoint: Endpoint;
  readonly #normaliser = new Normaliser();
  readonly #lines: string[] = [];
  readonly #watches: OpenWatch[] = [];

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** All that was asked and answered. */
  get transcript(): string[] {
    return this.#normaliser.finish(this.#lines);
  }

  async call(call: Call): Promise<RawAnswer> {
    const answer = await send(this.#endpoint, call);
    const { status, headers, body } = answer;
    const { warning, 'retry-after': retryAfter, 'content-type': contentType } = headers;
    const isJson = contentType === 'application/json';
    // The real server may have patched a cached copy, and warned of it, before it learns that the Lease is gone.
    const isPatchOfNone = call.method === 'PATCH' && status === 404;
    const noted = {
      warning: isPatchOfNone ? undefined : warning,
      retryAfter,
      ...(isJson ? {} : { contentType }),
    };
    const extra = Object.values(noted).every((value) => value === undefined)
      ? ''
      : ` ${this.#normaliser.line(noted)}`;
    const path = this.#normaliser.path(call.path.replace(leases, '~'));
    const request = `${call.method} ${path.slice(0, 200)}`;
    this.#lines.push(`${request}: ${status}${extra} ${this.#normaliser.line(body)}`);
    return answer;
  }

  get(name: string, query = ''): Promise<RawAnswer> {
    return this.call({ method: 'GET', path: `${leases}/${name}${query}` });
  }

  list(query = ''): Promise<RawAnswer> {
    return this.call({ method: 'GET', path: `${leases}${query}` });
  }

  post(body: unknown, query = ''): Promise<RawAnswer> {
    return this.call({ method: 'POST', path: `${leases}${query}`, body });
  }

  put(name: string, body: unknown, query = ''): Promise<RawAnswer> {
    return this.call({ method: 'PUT', path: `${leases}/${name}${query}`, body });
  }

  patch(
    name: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = asMergePatch,
    query = '',
  ): Promise<RawAnswer> {
    return this.call({ method: 'PATCH', path: `${leases}/${name}${query}`, body, headers });
  }

  delete(name: string, body?: unknown, query = ''): Promise<RawAnswer> {
    return this.call({ method: 'DELETE', path: `${leases}/${name}${query}`, body });
  }

  /** A Lease that the case begins with. */
  async given(name: string, spec: object = {}, metadata: object = {}): Promise<Lease> {
    return (await this.post(lease(name, spec, metadata))).body as Lease;
  }

  /** A Lease that the case begins with, as it is after a change. */
  async givenChanged(name: string): Promise<Lease> {
    const first = await this.given(name);
    return (await this.put(name, changed(first, { leaseTransitions: 1 }))).body as Lease;
  }

  /** Opens a watch; its events are written down by {@link events}. */
  async watch(query: string, path = leases): Promise<OpenWatch> {
    const watch = await openWatch(this.#endpoint, `${path}?watch=1${query}`);
    this.#watches.push(watch);
    this.#lines.push(`WATCH: ${watch.status}`);
    return watch;
  }

  /** Waits for `count` events, or for all up to the end of the watch. Bookmarks in a row count as one: they come by time. */
  async events(watch: OpenWatch, count = Infinity): Promise<void> {
    let last = '';
    for (let seen = 0; seen < count;) {
      const event = await watch.next();
      if (event === null) {
        this.#lines.push('EVENT: the server ended the watch');
        return;
      }
      const isRepeated = event.type === 'BOOKMARK' && last === 'BOOKMARK';
      last = event.type;
      if (isRepeated) continue;
      seen += 1;
      this.#lines.push(`EVENT: ${this.#normaliser.line(event)}`);
    }
  }

  /** Waits for the events up to the creation of the Lease of that name. */
  async eventsUntil(watch: OpenWatch, name: string): Promise<void> {
    for (;;) {
      const event = await watch.next();
      this.#lines.push(`EVENT: ${this.#normaliser.line(event)}`);
      const { metadata } = (event?.object ?? {}) as Partial<Lease>;
      if (event === null || metadata?.['name'] === name) return;
    }
  }

  /** Closes the watches that are open and deletes all Leases in the namespace. */
  async cleanUp(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    await send(this.#endpoint, { method: 'DELETE', path: leases });
  }
}

/** A named case of the contract: what it asks is answered alike by the sandbox and by a real server. */
export interface ContractCase {
  readonly name: string;
  readonly play: (api: Api) => Promise<unknown>;
}

/** Plays a case on a server and returns its transcript. */
export async function transcriptOf(endpoint: Endpoint, { play }: ContractCase): Promise<string[]> {
  const api = new Api(endpoint);
  try {
    await play(api);
    return api.transcript;
  } finally {
    await api.cleanUp();
  }
}
