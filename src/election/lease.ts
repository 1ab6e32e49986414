/**
 * The Lease as the API server stores it, and what an API call can answer.
 *
 * These are facts as read from the wire. Nothing here decides anything; `record.ts` reads the election record out of a
 * Lease and `step.ts` judges it.
 */
import type { JsonObject } from '../json.ts';

/**
 * A coordination.k8s.io/v1 Lease object, raw, kept whole so that fields unknown to us survive a read-modify-write. It is an
 * object; every field in it may be missing or of the wrong type.
 */
export type RawLease = JsonObject;

/** What we ask the API server for. Name and namespace are the API's own knowledge. */
export type LeaseRequest =
  | { readonly id: 'get' }
  | { readonly id: 'create'; readonly body: RawLease }
  | { readonly id: 'update'; readonly body: RawLease };

/**
 * Why a request gave no Lease, as facts; prose is made of them in one place (`src/cli/messages.ts`).
 *
 * - `timeout`: no complete answer within the attempt's time-out.
 * - `network`: refused, reset, name not found … `code` is Node's error code where there is one.
 * - `certificate`: the server's certificate does not verify. Fatal at first contact.
 * - `credentials`: no usable credentials could be made (exec plugin failed, hung or printed rubbish; token file unreadable). Fatal at first contact.
 * - `awaiting-credentials`: an exec plugin or an issuer has not given credentials within the attempt's time-out, and may yet; `message` is a clause.
 * - `unauthorized`: 401, also after the credentials were loaded anew once. Fatal at first contact.
 * - `forbidden`: 403 of an authorizer, for longer than an API server takes to start. Fatal at first contact, and to a standby's write at any time.
 * - `no-namespace`: 404 on a create: the namespace does not exist. Fatal to a standby at any time.
 * - `rejected`: 400, 413, 415, 422 …: the server understood and refused. Fatal as `forbidden` is.
 * - `status`: 429, 5xx or any other status; `retryAfterMs` from Retry-After.
 * - `unconfirmed`: a write was answered with success, but the Lease in the answer is not the one that was written: an admission webhook has
 *   changed it, or something other than the API server answers. `isStored`: as a version newer than the one written over, so that something was stored.
 * - `malformed`: not JSON, truncated, too large, or not a Lease; or a Lease older than one already seen. `message` is a whole clause.
 */
export type Failure =
  | { readonly reason: 'timeout'; readonly afterMs: number }
  | { readonly reason: 'network'; readonly code: string; readonly message: string }
  | { readonly reason: 'certificate'; readonly code: string; readonly message: string }
  | { readonly reason: 'credentials'; readonly message: string }
  | { readonly reason: 'awaiting-credentials'; readonly message: string }
  | { readonly reason: 'unauthorized'; readonly message: string }
  | { readonly reason: 'forbidden'; readonly message: string }
  | { readonly reason: 'no-namespace'; readonly message: string }
  | { readonly reason: 'rejected'; readonly status: number; readonly message: string }
  | {
      readonly reason: 'status';
      readonly status: number;
      readonly message: string;
      readonly retryAfterMs: number | null;
    }
  | {
      readonly reason: 'unconfirmed';
      readonly holder: string;
      readonly resourceVersion: string;
      readonly isStored: boolean;
    }
  | { readonly reason: 'malformed'; readonly message: string };

/** The answer to one {@link LeaseRequest}. `serverTimeMs` is the Date header, Unix time in ms (whole seconds), or null. */
export type Answer =
  | { readonly id: 'lease'; readonly lease: RawLease; readonly serverTimeMs: number | null }
  | { readonly id: 'not-found'; readonly serverTimeMs?: number | null }
  | { readonly id: 'conflict' }
  | { readonly id: 'failed'; readonly failure: Failure };

/**
 * What the watch tells. It only informs: an event is treated as the answer of a GET that may be old.
 *
 * - `open`: from now on changes are reported; `down`: no longer (polling takes over until the next `open`).
 * - `forbidden`: RBAC lacks `watch`. It is tried again now and then (an API server that starts forbids everything): `open` may follow.
 * - `changed`, `deleted`: the object as the event carried it (for `deleted`, the last state with the resourceVersion of the deletion).
 */
export type WatchEvent =
  | { readonly id: 'open' }
  | { readonly id: 'down'; readonly failure: Failure }
  | { readonly id: 'forbidden'; readonly message: string }
  | { readonly id: 'changed'; readonly lease: RawLease }
  | { readonly id: 'deleted'; readonly lease: RawLease };
