/**
 * The Lease API over HTTP: one keep-alive connection for requests, one more for the watch.
 *
 * client-node's API client is not used: it opens a connection per call, knows no time-out that covers all of a call, and drops
 * the fields it does not know.
 */
import type { Answer, LeaseRequest, WatchEvent } from '../election/lease.ts';
import { answerOf } from './answer.ts';
import type { LeaseApi, LeaseWatch, PendingRequest } from './api.ts';
import type { LeaseCluster } from './cluster.ts';
import type { CredentialSource } from './credentials.ts';
import { endpointOf, type HttpRequest, type Endpoint } from './http.ts';
import { lateAnswer, requestWithCredentials } from './request.ts';
import { watchLease } from './watch.ts';

/** Which Lease, where. Namespace and name were checked to be RFC 1123 names. */
export interface LeaseTarget {
  readonly cluster: Pick<LeaseCluster, 'server' | 'credentials'>;
  readonly namespace: string;
  readonly name: string;
  readonly userAgent: string;
  /** A connection that has been idle for this long is used for nothing but to keep it. */
  readonly warmingMs?: number;
  /** A server that forbids everything for less than this may be starting. */
  readonly forbiddenGraceMs?: number;
}

/** API servers close what is idle for 90 s, some load balancers after 60: a hand-over would have to connect first, 10 ms more. */
const defaultWarmingMs = 59_000;

/** An API server that starts refuses everyone until it has read its roles, which takes it seconds. */
const defaultForbiddenGraceMs = 10_000;

/** Node's timers take no more, and fire at once when asked for more; a lease can be that long. */
const longestTimerMs = 2 ** 31 - 1;

/** The API for one Lease. Connects with the first request. */
export function connectLease(target: LeaseTarget): LeaseApi {
  return new HttpLeaseApi(target);
}

class HttpLeaseApi implements LeaseApi {
  readonly #endpoint: Endpoint;
  readonly #credentials: CredentialSource;
  readonly #name: string;
  readonly #leasesPath: string;
  readonly #warmingMs: number;
  readonly #forbiddenGraceMs: number;
  /** Since when every answer was 403. */
  #forbiddenSinceMs: number | null = null;
  #warming: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** What ends when the connection is closed. */
  readonly #pending = new Set<{ abandon(): void } | { close(): void }>();

  constructor(target: LeaseTarget) {
    const { cluster, namespace, name, userAgent, warmingMs } = target;
    this.#endpoint = endpointOf(cluster.server, userAgent);
    this.#credentials = cluster.credentials;
    this.#name = name;
    this.#warmingMs = warmingMs ?? defaultWarmingMs;
    this.#forbiddenGraceMs = target.forbiddenGraceMs ?? defaultForbiddenGraceMs;
    this.#leasesPath = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  }

  send(request: LeaseRequest, timeoutMs: number): PendingRequest {
    const ending = new AbortController();
    let isAnswered = false;
    let answerWith!: (answer: Answer) => void;
    const answer = new Promise<Answer>((resolve) => (answerWith = resolve));

    const settle = (outcome: Answer) => {
      if (isAnswered || ending.signal.aborted) return;
      isAnswered = true;
      finish();
      answerWith(outcome);
    };
    const timer = setTimeout(
      () => {
        settle({ id: 'failed', failure: lateAnswer(this.#credentials, timeoutMs) });
        ending.abort();
      },
      Math.min(timeoutMs, longestTimerMs),
    );
    const pending = {
      answer,
      abandon: () => {
        finish();
        ending.abort();
      },
    };
    const finish = () => {
      clearTimeout(timer);
      this.#pending.delete(pending);
      this.#warmLater();
    };
    this.#pending.add(pending);
    this.#stopWarming();
    void this.#perform(request, ending.signal).then(settle);
    return pending;
  }

  watch(
    resourceVersion: string | null,
    silenceMs: number,
    onEvent: (event: WatchEvent) => void,
  ): LeaseWatch {
    const watch = watchLease({
      endpoint: this.#endpoint,
      credentials: this.#credentials,
      leasesPath: this.#leasesPath,
      name: this.#name,
      resourceVersion,
      silenceMs,
      onEvent,
    });
    this.#pending.add(watch);
    return {
      close: () => {
        this.#pending.delete(watch);
        watch.close();
      },
    };
  }

  close(): void {
    for (const pending of [...this.#pending]) {
      if ('abandon' in pending) pending.abandon();
      else pending.close();
    }
    this.#pending.clear();
    this.#isClosed = true;
    this.#stopWarming();
    this.#credentials.close();
  }

  /** The answer is of no interest: what the Lease is, the watch tells. */
  #warmLater(): void {
    this.#stopWarming();
    if (this.#isClosed) return;
    this.#warming = setTimeout(() => {
      const signal = AbortSignal.timeout(this.#warmingMs);
      void this.#perform({ id: 'get' }, signal).then(() => this.#warmLater());
    }, this.#warmingMs).unref();
  }

  #stopWarming(): void {
    if (this.#warming !== null) clearTimeout(this.#warming);
  }

  async #perform(request: LeaseRequest, signal: AbortSignal): Promise<Answer> {
    const reply = await requestWithCredentials(
      this.#credentials,
      this.#endpoint,
      this.#callFor(request),
      'requests',
      signal,
    );
    return this.#lasting(reply.id === 'failed' ? reply : answerOf(request.id, reply));
  }

  /** What is forbidden for a moment may be tried again. */
  #lasting(answer: Answer): Answer {
    if (answer.id !== 'failed' || answer.failure.reason !== 'forbidden') {
      this.#forbiddenSinceMs = null;
      return answer;
    }
    const nowMs = performance.now();
    this.#forbiddenSinceMs ??= nowMs;
    if (nowMs - this.#forbiddenSinceMs >= this.#forbiddenGraceMs) return answer;
    const { message } = answer.failure;
    return {
      id: 'failed',
      failure: { reason: 'status', status: 403, message, retryAfterMs: null },
    };
  }

  #callFor(request: LeaseRequest): HttpRequest {
    const path = `${this.#leasesPath}/${this.#name}`;
    switch (request.id) {
      case 'get':
        return { method: 'GET', path, body: null };
      case 'create':
        return { method: 'POST', path: this.#leasesPath, body: request.body };
      case 'update':
        return { method: 'PUT', path, body: request.body };
    }
  }
}
