/**
 * The watch on one Lease: opened again whenever it ends, from the resourceVersion last seen.
 *
 *     opening ──200──▶ open ──ended, silent──▶ opening             nothing is said
 *        │ └──410 (also as an event)──▶ GET ──▶ opening            what the GET shows is said
 *        ├──failed──▶ down ──back-off──▶ opening                   `down` once, `open` when it is back
 *        └──403──▶ over                                            `forbidden`
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure, RawLease, WatchNews } from '../election/lease.ts';
import { answerOf } from './answer.ts';
import type { LeaseWatch } from './api.ts';
import type { CredentialSource } from './credentials.ts';
import type { Endpoint } from './http.ts';
import { requestWithCredentials } from './request.ts';
import { readWatchStream, type StreamEnd } from './watch-stream.ts';

/** A watch that ends sooner than this was refused in disguise: the next one has to wait. */
const shortestLifeMs = 1_000;

const firstBackOffMs = 100;
const longestBackOffMs = 5_000;

/** The server ends a watch after a random time between this and twice as much, as client-go asks it to. */
const shortestTimeoutSeconds = 300;

export interface WatchOptions {
  readonly endpoint: Endpoint;
  readonly credentials: CredentialSource;
  readonly leasesPath: string;
  readonly name: string;
  readonly resourceVersion: string | null;
  readonly silenceMs: number;
  readonly onNews: (news: WatchNews) => void;
}

/** Opens the watch. Nothing is told before this has returned, and nothing after it was closed. */
export function watchLease(options: WatchOptions): LeaseWatch {
  return new Watcher(options);
}

class Watcher implements LeaseWatch {
  readonly #options: WatchOptions;
  readonly #closing = new AbortController();
  #resourceVersion: string | null;
  /** What was told last; null: nothing yet. */
  #told: 'open' | 'down' | null = null;
  #backOffMs = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#resourceVersion = options.resourceVersion;
    void this.#run();
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed()) {
      const startedMs = performance.now();
      let end = await this.#openOnce();
      if (end.id === 'expired') end = await this.#lookAgain(end);
      if (end.id === 'failed') {
        if (end.failure.reason === 'forbidden') {
          this.#tell({ id: 'forbidden', message: end.failure.message });
          return;
        }
        this.#tellDown(end.failure);
      }
      if (performance.now() - startedMs >= shortestLifeMs && end.id !== 'failed') {
        this.#backOffMs = 0;
      } else {
        await this.#backOff(end);
      }
    }
  }

  /** One stream, with other credentials at once if those at hand are refused. */
  async #openOnce(): Promise<StreamEnd> {
    const { credentials: source } = this.#options;
    const held = await source.current();
    if (held.id === 'unusable') return unusable(held.message);
    const end = await this.#read(held.credentials);
    if (end.id !== 'failed' || end.failure.reason !== 'unauthorized') return end;
    const other = await source.replace(held.credentials);
    return other.id === 'unusable' ? unusable(other.message) : this.#read(other.credentials);
  }

  async #read(credentials: Parameters<typeof readWatchStream>[0]['credentials']) {
    if (this.#isClosed()) return { id: 'ended' } as const;
    const { endpoint, name, silenceMs } = this.#options;
    return readWatchStream({
      endpoint,
      credentials,
      path: this.#path(),
      name,
      silenceMs,
      signal: this.#closing.signal,
      onOpen: () => {
        if (this.#told !== 'open') this.#tell({ id: 'open' });
        this.#told = 'open';
      },
      onEvent: (event) => {
        this.#resourceVersion = event.resourceVersion;
        if (event.id !== 'bookmark') this.#tell({ id: event.id, lease: event.lease });
      },
    });
  }

  #path(): string {
    const { leasesPath, name } = this.#options;
    const timeoutSeconds = Math.floor(shortestTimeoutSeconds * (1 + Math.random()));
    const query = new URLSearchParams({
      watch: 'true',
      fieldSelector: `metadata.name=${name}`,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
      // Without one the server first tells what is there.
      ...(this.#resourceVersion === null ? {} : { resourceVersion: this.#resourceVersion }),
    });
    return `${leasesPath}?${query.toString()}`;
  }

  /**
   * What happened since the lost resourceVersion cannot be had any more: see what is there now. A Lease without a change for long
   * has itself a resourceVersion too old to watch from, so the next watch starts without one.
   */
  async #lookAgain(expired: StreamEnd): Promise<StreamEnd> {
    const { endpoint, credentials, leasesPath, name, silenceMs } = this.#options;
    const call = { method: 'GET', path: `${leasesPath}/${name}`, body: null } as const;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(silenceMs)]);
    const reply = await requestWithCredentials(credentials, endpoint, call, 'watch', signal);
    const answer = reply.id === 'failed' ? reply : answerOf('get', reply);
    switch (answer.id) {
      case 'lease':
        this.#tell({ id: 'changed', lease: answer.lease });
        break;
      case 'not-found':
        this.#tell({ id: 'deleted', lease: this.#missingLease() });
        break;
      case 'conflict':
      case 'failed':
        return answer.id === 'failed' ? { id: 'failed', failure: answer.failure } : expired;
    }
    this.#resourceVersion = null;
    return expired;
  }

  /** All that is known of a Lease deleted behind our back: its deletion is later than what we saw. */
  #missingLease(): RawLease {
    const seen = /^\d+$/.test(this.#resourceVersion ?? '')
      ? BigInt(this.#resourceVersion ?? 0)
      : 0n;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: this.#options.name, resourceVersion: String(seen + 1n) },
    };
  }

  async #backOff(end: StreamEnd): Promise<void> {
    this.#backOffMs = Math.min(Math.max(firstBackOffMs, 2 * this.#backOffMs), longestBackOffMs);
    const asked =
      end.id === 'failed' && end.failure.reason === 'status' ? end.failure.retryAfterMs : null;
    const waitMs = Math.min(asked ?? this.#backOffMs * (0.5 + Math.random()), longestBackOffMs);
    await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  #tellDown(failure: Failure): void {
    if (this.#told !== 'down') this.#tell({ id: 'down', failure });
    this.#told = 'down';
  }

  #tell(news: WatchNews): void {
    if (!this.#isClosed()) this.#options.onNews(news);
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }
}

function unusable(message: string): StreamEnd {
  return { id: 'failed', failure: { reason: 'credentials', message } };
}
