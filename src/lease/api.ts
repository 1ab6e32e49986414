/**
 * The port through which the driver reaches the API server: the shipped one is `connection.ts`, tests pass others.
 *
 * It knows one Lease (server, credentials, namespace and name) and nothing of elections: it never retries a write, never
 * classifies a record and keeps no state of the Lease.
 */
import type { Answer, LeaseRequest, WatchEvent } from '../election/lease.ts';

/** One request under way. */
export interface PendingRequest {
  /** The answer; never rejects. A request that was abandoned never answers. */
  readonly answer: Promise<Answer>;
  /** Gives the request up: its connection is closed, so that a late answer cannot be taken for another's. */
  abandon(): void;
}

/** A watch on the one Lease, until it is closed. It re-opens itself. */
export interface LeaseWatch {
  close(): void;
}

export interface LeaseApi {
  /**
   * Sends one request and gives it `timeoutMs` in all (credentials, connecting and reading included); past it the answer
   * is a `timeout` failure and the connection is closed. 401 reloads the credentials and is tried once more within that time.
   */
  send(request: LeaseRequest, timeoutMs: number): PendingRequest;

  /**
   * Watches the Lease from `resourceVersion` on (`null`: from what is there now, which is reported first).
   * `silenceMs`: when nothing (no event, no bookmark) arrived for so long, the connection counts as dead: it is closed and reopened.
   */
  watch(
    resourceVersion: string | null,
    silenceMs: number,
    onEvent: (event: WatchEvent) => void,
  ): LeaseWatch;

  /** Closes every connection. Requests under way never answer. */
  close(): void;
}
