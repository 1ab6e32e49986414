/**
 * The Leases, in memory: objects, one counter of resourceVersions that never goes back, and a bounded history of events.
 *
 * It knows nothing of HTTP and checks no request. Every write is one synchronous step, so writes are in one order, which
 * is the order of the resourceVersions and of the events.
 */
import type { JsonObject } from '../json.ts';

/** Identity and bookkeeping of an object; further metadata is in `rest`-like fields that the store never reads. */
export interface LeaseMetadata extends JsonObject {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
}

export interface Lease extends JsonObject {
  readonly kind: 'Lease';
  readonly apiVersion: 'coordination.k8s.io/v1';
  readonly metadata: LeaseMetadata;
  readonly spec: JsonObject;
}

/** A change. `previous` is the object before it, null for ADDED; a deleted object carries the deletion's revision. */
export interface LeaseEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly object: Lease;
  readonly previous: Lease | null;
}

/** Above 1, so that a watch from resourceVersion 1 is always too old, as it is on a real server. */
const firstRevision = 100;

export class LeaseStore {
  readonly #objects = new Map<string, Lease>();
  readonly #listeners = new Set<(event: LeaseEvent) => void>();
  readonly #historyLimit: number;
  #history: LeaseEvent[] = [];
  #revision = firstRevision;
  /** Events up to this one are forgotten. */
  #compactedRevision = firstRevision - 1;

  constructor(historyLimit = 1_000) {
    this.#historyLimit = historyLimit;
  }

  /** The revision of the latest change. */
  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision from which events are still known. */
  get oldestRevision(): number {
    return this.#compactedRevision;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  get(namespace: string, name: string): Lease | null {
    return this.#objects.get(keyOf(namespace, name)) ?? null;
  }

  /** All objects, sorted as etcd sorts keys. */
  list(): Lease[] {
    return sorted(this.#objects);
  }

  /** All objects as they were at `revision`; null if that is forgotten. */
  listAt(revision: number): Lease[] | null {
    if (revision < this.#compactedRevision) return null;
    const objects = new Map(this.#objects);
    for (const { object, previous } of this.#history
      .filter((e) => e.revision > revision)
      .reverse()) {
      const key = keyOf(object.metadata.namespace, object.metadata.name);
      if (previous === null) objects.delete(key);
      else objects.set(key, previous);
    }
    return sorted(objects);
  }

  /** Stores the object, new or changed, and gives it its resourceVersion. */
  put(object: Lease): Lease {
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const previous = this.#objects.get(key) ?? null;
    const stored = this.#stamp(object);
    this.#objects.set(key, stored);
    this.#record({
      type: previous === null ? 'ADDED' : 'MODIFIED',
      revision: this.#revision,
      object: stored,
      previous,
    });
    return stored;
  }

  /** Deletes an object that is stored. */
  delete(object: Lease): void {
    this.#objects.delete(keyOf(object.metadata.namespace, object.metadata.name));
    const deleted = this.#stamp(object);
    this.#record({ type: 'DELETED', revision: this.#revision, object: deleted, previous: object });
  }

  /** The events after `revision`, oldest first; null if some of them are forgotten. */
  eventsAfter(revision: number): readonly LeaseEvent[] | null {
    if (revision < this.#compactedRevision) return null;
    return this.#history.filter((event) => event.revision > revision);
  }

  /** Calls `listener` on every change from now on, until the returned function is called. */
  subscribe(listener: (event: LeaseEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #stamp(object: Lease): Lease {
    this.#revision += 1;
    return withRevision(object, this.#revision);
  }

  #record(event: LeaseEvent): void {
    this.#history.push(event);
    if (this.#history.length > this.#historyLimit) {
      const forgotten = this.#history.length - Math.ceil(this.#historyLimit / 2);
      this.#compactedRevision = this.#history[forgotten - 1]?.revision ?? this.#revision;
      this.#history = this.#history.slice(forgotten);
    }
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** The object with another resourceVersion. */
export function withRevision(object: Lease, revision: number): Lease {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function sorted(objects: ReadonlyMap<string, Lease>): Lease[] {
  return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}
