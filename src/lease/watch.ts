/**
 * The watch on one Lease: opened again whenever it ends, from the resourceVersion last seen.
 *
 *     opening ──200──▶ open ──ended, silent──▶ opening             nothing is said
 *        │ └──410 (also as an event)──▶ GET ──▶ opening            what the GET shows is said
 *        ├──failed──▶ down ──back-off──▶ opening                   `down` once, `open` when it is back
 *        └──403──▶ forbidden ──a minute──▶ opening                 `forbidden` once, `open` if it is granted
 *
 * A 403 is not final: an API server that starts answers 403 to everybody until it has read its roles.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure, RawLease, WatchEvent } from '../election/lease.ts';
import { answerOf } from './answer.ts';
import type { LeaseWatch } from './api.ts';
import type { Credentials, CredentialSource } from './credentials.ts';
import type { Endpoint } from './http.ts';
import { requestWithCredentials, withCredentials } from './request.ts';
import { readWatchStream, type StreamEnd } from './watch-stream.ts';

/** A watch that ends sooner than this was refused in disguise: the next one has to wait. */
const shortestLifeMs = 1_000;

const firstBackOffMs = 100;
const longestBackOffMs = 5_000;
const forbiddenPauseMs = 60_000;

/** The server ends a watch after a random time between this and twice as much, as client-go asks it to. */
const shortestTimeoutSeconds = 300;

export interface WatchOptions {
  readonly endpoint: Endpoint;
  readonly credentials: CredentialSource;
  readonly leasesPath: string;
  readonly name: string;
  readonly resourceVersion: string | null;
  readonly silenceMs: number;
  readonly onEvent: (event: WatchEvent) => void;
}

/** Opens the watch. No event comes before this has returned, and none after it was closed. */
export function watchLease(options: WatchOptions): LeaseWatch {
  return new Watcher(options);
}

class Watcher implements LeaseWatch {
  readonly #options: WatchOptions;
  readonly #closing = new AbortController();
  #resourceVersion: string | null;
  /** The change that was reported last; null: none yet. */
  #reported: 'open' | 'down' | 'forbidden' | null = null;
  #wasEverOpen = false;
  /** The stream under way had an event. */
  #hasHeard = false;
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
      // It may wait for a resourceVersion that will not come for long: etcd was restored from a backup.
      if (end.id === 'silent' && !this.#hasHeard) this.#resourceVersion = null;
      if (end.id === 'failed') this.#tellFailure(end.failure);
      else if (performance.now() - startedMs >= shortestLifeMs) {
        this.#backOffMs = 0;
        continue;
      }
      await this.#pause(end);
    }
  }

  /** One stream, with other credentials at once if those at hand are refused. */
  #openOnce(): Promise<StreamEnd> {
    return withCredentials(
      this.#options.credentials,
      (credentials) => this.#read(credentials),
      (end) => end.id === 'failed' && end.failure.reason === 'unauthorized',
    );
  }

  async #read(credentials: Credentials): Promise<StreamEnd> {
    if (this.#isClosed()) return { id: 'ended' };
    this.#hasHeard = false;
    const { endpoint, name, silenceMs } = this.#options;
    return readWatchStream({
      endpoint,
      credentials,
      path: this.#path(),
      name,
      silenceMs,
      signal: this.#closing.signal,
      onOpen: () => {
        this.#wasEverOpen = true;
        this.#reportChange({ id: 'open' });
      },
      onEvent: (event) => {
        this.#hasHeard = true;
        this.#resourceVersion = event.resourceVersion;
        if (event.id !== 'bookmark') this.#report({ id: event.id, lease: event.lease });
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
        this.#report({ id: 'changed', lease: answer.lease });
        break;
      case 'not-found':
        this.#report({ id: 'deleted', lease: this.#missingLease() });
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

  async #pause(end: StreamEnd): Promise<void> {
    await sleep(this.#pauseMs(end), undefined, { signal: this.#closing.signal }).catch(() => null);
  }

  #pauseMs(end: StreamEnd): number {
    this.#backOffMs = Math.min(Math.max(firstBackOffMs, 2 * this.#backOffMs), longestBackOffMs);
    const backOffMs = this.#backOffMs * (0.5 + Math.random() / 2);
    if (end.id !== 'failed') return backOffMs;
    const { failure } = end;
    if (failure.reason === 'forbidden' && !this.#wasEverOpen) return forbiddenPauseMs;
    const askedMs = failure.reason === 'status' ? (failure.retryAfterMs ?? 0) : 0;
    return Math.min(Math.max(askedMs, backOffMs), longestBackOffMs);
  }

  #tellFailure(failure: Failure): void {
    if (failure.reason !== 'forbidden') this.#reportChange({ id: 'down', failure });
    else this.#reportChange({ id: 'forbidden', message: failure.message });
  }

  #reportChange(event: Extract<WatchEvent, { id: 'open' | 'down' | 'forbidden' }>): void {
    if (this.#reported !== event.id) this.#report(event);
    this.#reported = event.id;
  }

  /** The receiver may close the watch, with more events of the same chunk to come. */
  #report(event: WatchEvent): void {
    if (!this.#isClosed()) this.#options.onEvent(event);
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }
}
